-- Deliveries that a server tried by SMTP. One row: one RCPT of one outbound connection.
-- Sessions of SmtpSend logs (Exchange 2007 and later) have ids: their answers are those of smtp_answer.
-- W3C rows name no session and no message: a session begins at a 220 greeting or after five silent
-- minutes; the n-th reply after the greeting answers the n-th command, DATA being answered twice.
-- outcome: ok, deferred (4xx, or the connection ended without an answer), failed (5xx).
CREATE OR REPLACE TABLE smtp_attempt AS
WITH spoken AS (
    SELECT
        o.host, coalesce(e.site, '') AS site, e.peer, o.place, e.source_id, e.record, e.ts, e.kind,
        e.verb, e.address, e.reply_code, e.argument,
        lag(e.ts) OVER ordered AS before_ts,
        lag(e.kind) OVER ordered AS before_kind,
        lag(e.verb) OVER ordered AS before_verb,
        lag(e.argument) OVER ordered AS before_argument
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'out' AND e.kind IN ('command', 'reply') AND o.format <> 'smtp_protocol'
    WINDOW ordered AS (PARTITION BY o.host, coalesce(e.site, ''), e.peer ORDER BY o.place, e.record)
),

opened AS (
    SELECT
        *,
        CASE
            WHEN before_ts IS NULL THEN 1
            WHEN lp_us(ts) - lp_us(before_ts) > 300000000 THEN 1
            WHEN kind = 'reply' AND reply_code = 220 AND coalesce(before_verb, '') <> 'STARTTLS' THEN 1
            ELSE 0
        END AS opens,
        -- "250-mx Hello" followed by more of the same reply is one answer
        CASE
            WHEN kind = 'reply' AND before_kind = 'reply'
                 AND regexp_matches(before_argument, '^[+]?[0-9]{3}-')
                 AND left(ltrim(before_argument, '+'), 3) = left(ltrim(argument, '+'), 3)
            THEN 1
            ELSE 0
        END AS continues
    FROM spoken
),

session AS (
    SELECT
        *,
        sum(opens) OVER (PARTITION BY host, site, peer ORDER BY place, record) AS session_no
    FROM opened
),

counted AS (
    SELECT
        host, site, peer, session_no, place, source_id, record, ts, kind, verb, address, reply_code,
        sum(CASE WHEN verb = 'MAIL' THEN 1 ELSE 0 END) OVER running AS message_no,
        sum(CASE WHEN kind = 'command' THEN 1 ELSE 0 END) OVER running
            + sum(CASE WHEN verb = 'DATA' THEN 1 ELSE 0 END) OVER running
            - CASE WHEN verb = 'DATA' THEN 1 ELSE 0 END AS command_no,
        sum(CASE WHEN kind = 'reply' AND continues = 0 AND opens = 0 THEN 1 ELSE 0 END) OVER running AS reply_no
    FROM session
    WINDOW running AS (
        PARTITION BY host, site, peer, session_no ORDER BY place, record
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

reply AS (
    SELECT host, site, peer, session_no, reply_no, min(reply_code) AS reply_code, min(ts) AS ts
    FROM counted
    WHERE kind = 'reply' AND reply_no > 0
    GROUP BY host, site, peer, session_no, reply_no
),

talk AS (  -- whether a session's replies were logged at all
    SELECT host, site, peer, session_no, count(*) AS replies
    FROM reply
    GROUP BY host, site, peer, session_no
),

envelope AS (
    SELECT
        host, site, peer, session_no, message_no,
        min(CASE WHEN verb = 'MAIL' THEN address END) AS sender,
        min(CASE WHEN verb = 'MAIL' THEN command_no END) AS mail_no,
        min(CASE WHEN verb IN ('DATA', 'BDAT') THEN command_no END) AS data_no,
        min(CASE WHEN verb IN ('DATA', 'BDAT') THEN verb END) AS data_verb
    FROM counted
    WHERE kind = 'command' AND message_no > 0
    GROUP BY host, site, peer, session_no, message_no
),

sent AS (  -- the same of each message of a SmtpSend session
    SELECT
        talk, message_no,
        min(CASE WHEN verb = 'MAIL' THEN address END) AS sender,
        min(CASE WHEN verb = 'MAIL' THEN reply_code END) AS mail_code,
        min(CASE WHEN hands_over THEN reply_code END) AS data_code,
        min(CASE WHEN hands_over THEN answered_at END) AS data_at
    FROM smtp_answer
    WHERE direction = 'out' AND message_no > 0
    GROUP BY talk, message_no
),

asked AS (
    SELECT host, site, peer, session_no, message_no, place, source_id, record, ts, address AS recipient, command_no
    FROM counted
    WHERE kind = 'command' AND verb = 'RCPT' AND message_no > 0
)

SELECT
    a.host, a.site, a.peer, a.ts, a.place, a.source_id, a.record,
    coalesce(v.sender, '<>') AS sender,
    a.recipient,
    CASE
        WHEN rr.reply_code >= 500 OR mr.reply_code >= 500 THEN 'failed'
        WHEN rr.reply_code >= 400 OR mr.reply_code >= 400 THEN 'deferred'
        WHEN dr.reply_code BETWEEN 200 AND 299 THEN 'ok'
        WHEN dr.reply_code >= 500 THEN 'failed'
        WHEN v.data_no IS NOT NULL AND t.replies IS NULL THEN 'ok'
        ELSE 'deferred'
    END AS outcome,
    CASE
        WHEN rr.reply_code >= 400 THEN rr.reply_code
        WHEN mr.reply_code >= 400 THEN mr.reply_code
        ELSE dr.reply_code
    END AS reply_code,
    coalesce(dr.ts, rr.ts, a.ts) AS answered_at
FROM asked AS a
JOIN envelope AS v
    ON v.host = a.host AND v.site = a.site AND v.peer = a.peer
   AND v.session_no = a.session_no AND v.message_no = a.message_no
LEFT JOIN reply AS rr
    ON rr.host = a.host AND rr.site = a.site AND rr.peer = a.peer
   AND rr.session_no = a.session_no AND rr.reply_no = a.command_no
LEFT JOIN reply AS mr
    ON mr.host = a.host AND mr.site = a.site AND mr.peer = a.peer
   AND mr.session_no = a.session_no AND mr.reply_no = v.mail_no
LEFT JOIN reply AS dr
    ON dr.host = a.host AND dr.site = a.site AND dr.peer = a.peer
   AND dr.session_no = a.session_no
   AND dr.reply_no = v.data_no + CASE WHEN v.data_verb = 'DATA' THEN 1 ELSE 0 END
LEFT JOIN talk AS t
    ON t.host = a.host AND t.site = a.site AND t.peer = a.peer AND t.session_no = a.session_no
WHERE a.recipient IS NOT NULL
UNION ALL
SELECT
    a.host, '' AS site, a.peer, a.ts, a.place, a.source_id, a.record,
    coalesce(v.sender, '<>') AS sender,
    a.address AS recipient,
    CASE
        WHEN a.reply_code >= 500 OR v.mail_code >= 500 THEN 'failed'
        WHEN a.reply_code >= 400 OR v.mail_code >= 400 THEN 'deferred'
        WHEN v.data_code BETWEEN 200 AND 299 THEN 'ok'
        WHEN v.data_code >= 500 THEN 'failed'
        ELSE 'deferred'
    END AS outcome,
    CASE
        WHEN a.reply_code >= 400 THEN a.reply_code
        WHEN v.mail_code >= 400 THEN v.mail_code
        ELSE v.data_code
    END AS reply_code,
    coalesce(v.data_at, a.answered_at, a.ts) AS answered_at
FROM smtp_answer AS a
JOIN sent AS v ON v.talk = a.talk AND v.message_no = a.message_no
WHERE a.direction = 'out' AND a.verb = 'RCPT' AND a.address IS NOT NULL AND a.host IS NOT NULL;
