-- Commands of SmtpReceive and SmtpSend sessions (Exchange 2007 and later) with their answers. One row:
-- one command. The sequence number orders a session, not time or line. A session has one final reply
-- per command, in order, after the greeting: 334 and 354 ask for more, 250- is followed by more of the
-- same. talk names the session across hosts; message_no counts its MAIL commands.
CREATE OR REPLACE TABLE smtp_answer AS
WITH named AS (
    SELECT
        o.host,
        coalesce(o.host, 'source ' || o.source_id) || ' ' || coalesce(e.direction, '?') || ' ' || e.session AS talk,
        e.direction, e.peer, o.place, e.source_id, e.record, e.ts, e.kind, e.verb, e.argument, e.address,
        e.message_id, e.reply_code,
        coalesce(e.sequence, 2147483647) AS sequence
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE o.format = 'smtp_protocol' AND e.session IS NOT NULL AND e.kind IN ('command', 'reply')
),

ordered AS (
    SELECT
        *,
        row_number() OVER turns AS turn,
        lag(sequence) OVER turns AS before_sequence,
        lag(kind) OVER turns AS before_kind,
        lag(coalesce(verb, '') || ' ' || coalesce(argument, '')) OVER turns AS before_text
    FROM named
    WINDOW turns AS (PARTITION BY talk ORDER BY sequence, place, record)
),

marked AS (
    SELECT
        *,
        CASE WHEN kind = 'command' THEN 1 ELSE 0 END AS asks,
        CASE
            WHEN kind = 'reply' AND reply_code IS NOT NULL AND NOT reply_code BETWEEN 300 AND 399
                 AND substring(argument, 4, 1) <> '-'
            THEN 1
            ELSE 0
        END AS answers
    FROM ordered
    -- a row that was written twice is said once
    WHERE NOT (
        sequence = coalesce(before_sequence, -1) AND kind = before_kind
        AND coalesce(verb, '') || ' ' || coalesce(argument, '') = before_text
    )
),

counted AS (
    SELECT
        *,
        sum(asks) OVER running AS command_no,
        sum(CASE WHEN asks = 1 AND verb = 'MAIL' THEN 1 ELSE 0 END) OVER running AS message_no,
        -- the command that hands over the last of a message
        verb = 'DATA' OR (verb = 'BDAT' AND upper(coalesce(argument, '')) LIKE '%LAST%') AS hands_over
    FROM marked
    WINDOW running AS (PARTITION BY talk ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),

replied AS (  -- what comes before the first command is the greeting
    SELECT
        *,
        sum(CASE WHEN command_no > 0 THEN answers ELSE 0 END) OVER (
            PARTITION BY talk ORDER BY turn ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS reply_no
    FROM counted
),

accepted AS (  -- 250 2.6.0 <id> Queued mail for delivery says itself what it answers
    SELECT talk, message_no, min(message_id) AS message_id, min(ts) AS ts
    FROM replied
    WHERE message_id IS NOT NULL
    GROUP BY talk, message_no
)

SELECT
    c.host, c.talk, c.direction, c.peer, c.place, c.source_id, c.record, c.ts, c.turn, c.message_no,
    c.verb, c.argument, c.address, c.hands_over,
    CASE WHEN c.hands_over AND a.talk IS NOT NULL THEN 250 ELSE r.reply_code END AS reply_code,
    CASE WHEN c.hands_over AND a.talk IS NOT NULL THEN a.ts ELSE r.ts END AS answered_at,
    CASE WHEN c.hands_over THEN a.message_id END AS message_id
FROM replied AS c
LEFT JOIN replied AS r
    ON r.talk = c.talk AND r.reply_no = c.command_no AND r.answers = 1 AND r.command_no > 0
LEFT JOIN accepted AS a ON a.talk = c.talk AND a.message_no = c.message_no AND c.message_no > 0
WHERE c.asks = 1;
