-- Deliveries to other hosts that failed, for now or for good, as any log tells it. One row: one try of
-- one recipient (SMTP and tracking logs), one connection (connectivity logs, SMTP sessions that ended
-- before a recipient was named), one event (4000, 4006, 4007). A report that quotes a last error is a
-- row too. kind, from the words and codes of the answer:
--   throttled    the remote takes less than it is offered: 4.7.230, 4.7.5xx, 4.7.65x, words of rates
--   greylisting  sent away once, as such hosts do with strangers
--   recipient    about one mailbox: unknown, full
--   dns          our name service gave no answer; no-domain: it said that there is no such name
--   no-answer    no connection, or it was dropped; busy: 421 and x.3.x, the remote cannot now
--   service-off  the transport service here is not active
--   expired      grew too old, and no last error is told
--   refused      any other refusal for good; deferred: any other for now
-- destination: the recipient's domain, else the next hop as written; of sessions without a recipient the
-- one domain that this peer takes mail for, else its address.
CREATE OR REPLACE TABLE delivery_failure AS
WITH out_reply AS (  -- replies to this host that are no assent
    SELECT
        coalesce(e.host, o.host) AS host, e.peer, e.ts, e.reply_code, e.source_id, e.record,
        trim(replace(e.argument, '+', ' ')) AS text
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'out' AND e.kind = 'reply' AND e.reply_code >= 400
),

said AS (  -- one text for each moment of a peer
    SELECT host, peer, ts, reply_code, min(text) AS text, min(source_id) AS source_id, min(record) AS record
    FROM out_reply
    GROUP BY host, peer, ts, reply_code
),

peer_domain AS (  -- peers that take mail for one domain only
    SELECT host, peer, min(lp_domain(recipient)) AS domain
    FROM smtp_attempt
    GROUP BY host, peer
    HAVING min(lp_domain(recipient)) = max(lp_domain(recipient))
),

missed AS (
    SELECT
        host, peer, ts, answered_at, lp_domain(recipient) AS destination, recipient, source_id, record, outcome, reply_code
    FROM smtp_attempt
    WHERE outcome <> 'ok'
),

tried AS (  -- with the words of the answer: the first with its code between command and answer
    SELECT
        a.host, 'smtp' AS log, min(coalesce(s.ts, a.answered_at)) AS ts, a.destination, a.peer, a.recipient,
        a.source_id, a.record, a.outcome, a.reply_code,
        coalesce(min_by(s.text, s.ts), CAST(a.reply_code AS VARCHAR), 'no answer to RCPT') AS text
    FROM missed AS a
    LEFT JOIN said AS s
        ON s.host = a.host AND s.peer = a.peer AND s.reply_code = a.reply_code AND s.ts BETWEEN a.ts AND a.answered_at
    GROUP BY a.host, a.destination, a.peer, a.recipient, a.source_id, a.record, a.outcome, a.reply_code
),

asked AS (  -- with the message, where its entry is known
    SELECT
        t.host, t.log, t.ts, t.destination, t.peer, t.recipient, t.source_id, t.record, t.outcome, t.reply_code, t.text,
        min(m.message) AS message
    FROM tried AS t
    LEFT JOIN message_touch AS m
        ON m.source_id = t.source_id AND m.record = t.record AND m.log = 'smtp' AND m.what IN ('try', 'fail')
    GROUP BY t.host, t.log, t.ts, t.destination, t.peer, t.recipient, t.source_id, t.record, t.outcome, t.reply_code, t.text
),

unasked AS (  -- refused before a recipient was named: greeting, HELO, MAIL
    SELECT
        s.host, 'smtp' AS log, s.ts, coalesce(p.domain, s.peer) AS destination, s.peer,
        CAST(NULL AS VARCHAR) AS recipient, s.source_id, s.record,
        CASE WHEN s.reply_code >= 500 THEN 'failed' ELSE 'deferred' END AS outcome,
        s.reply_code, s.text, CAST(NULL AS VARCHAR) AS message
    FROM said AS s
    LEFT JOIN peer_domain AS p ON p.host = s.host AND p.peer = s.peer
    WHERE s.peer IS NOT NULL AND NOT EXISTS (
        SELECT 1
        FROM missed AS a
        WHERE a.host = s.host AND a.peer = s.peer AND a.reply_code = s.reply_code AND s.ts BETWEEN a.ts AND a.answered_at
    )
),

tracked AS (  -- LED: the last error; LRT: when it was met, which may be long before the row
    SELECT
        o.host, 'tracking' AS log,  -- a row may name the other side as its server
        CASE
            WHEN e.class = 'fail' THEN coalesce(
                try_cast(rtrim(nullif(regexp_extract(e.status, '[{]LRT=([0-9T:.-]{19,})', 1), ''), 'Z') AS TIMESTAMP), e.ts
            )
            ELSE e.ts
        END AS ts,
        lp_domain(e.recipient) AS destination,
        nullif(regexp_extract(e.status, '[{]IP=([^{}]*)[}]', 1), '') AS peer,
        e.recipient, e.source_id, e.record,
        CASE e.class WHEN 'fail' THEN 'failed' ELSE 'deferred' END AS outcome,
        CAST(NULL AS SMALLINT) AS reply_code,
        coalesce(
            nullif(regexp_extract(e.status, '[{]LED=([^{}]*)[}]', 1), ''),
            CASE WHEN regexp_matches(e.status, '[45][.][0-9]') THEN e.status END,
            e.context, ''
        ) AS text,
        coalesce(e.network_id, e.message_id) AS message
    FROM tracking_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.class IN ('wait', 'fail') AND e.recipient IS NOT NULL AND o.format <> 'tracking_2003'
      AND (e.status IS NOT NULL OR e.context IS NOT NULL)
),

connected AS (  -- the first row of a connection that names what went wrong
    SELECT
        o.host, 'connectivity' AS log, e.ts, lower(e.destination) AS destination,
        CAST(NULL AS VARCHAR) AS peer, CAST(NULL AS VARCHAR) AS recipient, e.source_id, e.record,
        'deferred' AS outcome, CAST(NULL AS SMALLINT) AS reply_code, e.reason AS text,
        CAST(NULL AS VARCHAR) AS message
    FROM connection_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.reason IS NOT NULL AND e.component = 'SMTP' AND e.destination IS NOT NULL
      AND NOT regexp_matches(lower(e.reason), '^(throttled|aborted)')
    QUALIFY row_number() OVER (PARTITION BY e.source_id, e.session, lower(e.destination) ORDER BY e.ts, e.record) = 1
),

told AS (  -- 4000: domain, reason; 4006 and 4007: host, domain, reason, where they have both
    SELECT
        coalesce(e.host, s.host) AS host, 'events' AS log, e.ts,
        list_filter(e.strings, LAMBDA w: regexp_matches(w, '^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*[.][A-Za-z][A-Za-z0-9-]+[.]?$')) AS names,
        e.strings, e.binary_hex, e.event_id, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (4000, 4006, 4007)
),

warned AS (
    SELECT
        host, log, ts,
        lower(rtrim(coalesce(
            CASE WHEN event_id = 4000 THEN names[1] ELSE names[array_length(names)] END, strings[1]
        ), '.')) AS destination,
        CAST(NULL AS VARCHAR) AS peer, CAST(NULL AS VARCHAR) AS recipient, source_id, record,
        'deferred' AS outcome, CAST(NULL AS SMALLINT) AS reply_code,
        CASE WHEN lp_dns_error(binary_hex) THEN 'DNS failure (0xC00402E7): ' ELSE '' END
            || coalesce(nullif(strings[array_length(strings)], strings[1]), 'event ' || event_id) AS text,
        CAST(NULL AS VARCHAR) AS message
    FROM told
),

failure AS (
    SELECT host, log, ts, destination, peer, recipient, source_id, record, outcome, reply_code, text, message FROM asked
    UNION ALL
    SELECT host, log, ts, destination, peer, recipient, source_id, record, outcome, reply_code, text, message FROM unasked
    UNION ALL
    SELECT host, log, ts, destination, peer, recipient, source_id, record, outcome, reply_code, text, message FROM tracked
    UNION ALL
    SELECT host, log, ts, destination, peer, recipient, source_id, record, outcome, reply_code, text, message FROM connected
    UNION ALL
    SELECT host, log, ts, destination, peer, recipient, source_id, record, outcome, reply_code, text, message FROM warned
),

worded AS (
    SELECT
        *,
        coalesce(lp_status_code(text), CAST(reply_code AS VARCHAR), nullif(regexp_extract(text, '^([45][0-9][0-9])[ -]', 1), '')) AS code,
        lower(text) AS words
    FROM failure
    WHERE host IS NOT NULL AND destination IS NOT NULL AND ts IS NOT NULL
)

SELECT
    host, log, ts, destination, peer, recipient, message, outcome, code,
    CASE
        WHEN log <> 'events' AND (
            regexp_matches(coalesce(code, ''), '^(4[.]7[.](230|28|5[0-9][0-9]|65[0-9])|5[.]7[.]230)$')
            OR (
                outcome = 'deferred' AND log <> 'connectivity' AND regexp_matches(
                    words,
                    'throttl|rate[ -]?limit|(unusual|message|sending|connection) rate|too many (concurrent |simultaneous )?(connections|sessions|messages|e?mails)|slow down|unexpected volume'
                )
            )
        ) THEN 'throttled'
        WHEN log = 'connectivity' AND contains(words, 'service not active') THEN 'service-off'
        -- what a remote says of names is about our names, not about our name service
        WHEN log <> 'smtp' AND (log <> 'tracking' OR regexp_matches(coalesce(code, ''), '^[45][.]4[.]')) AND regexp_matches(
            words, 'non-?existent ?domain|nxdomain|host (was )?not found|no such (host|domain|name)|domain (was )?not found|unknown host'
        ) THEN 'no-domain'
        WHEN log <> 'smtp' AND (log <> 'tracking' OR regexp_matches(coalesce(code, ''), '^[45][.]4[.]')) AND regexp_matches(
            words, '\bdns\b|name resolution|name server|servfail|error ?retry'
        ) THEN 'dns'
        WHEN outcome = 'deferred' AND (
            regexp_matches(words, 'gr[ae]y[ -]?list')
            OR (code IN ('4.7.1', '4.7.0') AND regexp_matches(words, 'try again|later'))
        ) THEN 'greylisting'
        WHEN regexp_matches(coalesce(code, ''), '^[45][.][12][.]')
            OR regexp_matches(words, 'mailbox (is )?full|over quota|user unknown|no such user|unknown user')
        THEN 'recipient'
        WHEN code IN ('4.4.1', '4.4.2') OR (log = 'smtp' AND reply_code IS NULL)
            OR regexp_matches(
                words,
                'fail(ed|ure)? (to )?connect|connection (was |has been )?(dropped|refused|reset|timed out|failed)|timed? ?out|did not respond|(unable|cannot|could not) (to )?connect|unreachable|no answer'
            )
            OR (log = 'events' AND NOT regexp_matches(words, 'auth|logon'))
        THEN 'no-answer'
        WHEN regexp_matches(coalesce(code, ''), '^4[.]3[.]|^421$') OR (outcome = 'deferred' AND regexp_matches(words, '^421[ -]')) THEN 'busy'
        WHEN regexp_matches(coalesce(code, ''), '[45][.]4[.]7') THEN 'expired'
        WHEN outcome = 'failed' THEN 'refused'
        ELSE 'deferred'
    END AS kind,
    text, source_id, record
FROM worded;
