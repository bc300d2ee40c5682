-- Everything that happened to a message for a recipient on a host. One row: one touch.
-- what: enter, try (an attempt failed or began), progress, ok, fail, ndr (returned to the sender).
CREATE OR REPLACE TABLE message_touch AS
WITH smtp_step AS (  -- acceptances raise the number of waiting messages of a pair, answers lower it
    SELECT host, sender, recipient, ts, place, source_id, record, 'enter' AS what, message, message_id, 1 AS step
    FROM smtp_acceptance
    UNION ALL
    SELECT
        host, sender, recipient, ts, place, source_id, record,
        CASE outcome WHEN 'ok' THEN 'ok' WHEN 'failed' THEN 'fail' ELSE 'try' END AS what,
        NULL AS message, NULL AS message_id,
        CASE WHEN outcome = 'deferred' THEN 0 ELSE -1 END AS step
    FROM smtp_attempt
),

running AS (
    SELECT
        *,
        sum(step) OVER ordered AS total
    FROM smtp_step
    WINDOW ordered AS (
        PARTITION BY host, sender, recipient ORDER BY ts, step DESC, place, record
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

floored AS (
    SELECT
        *,
        least(0, min(total) OVER (
            PARTITION BY host, sender, recipient ORDER BY ts, step DESC, place, record
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )) AS low
    FROM running
),

levelled AS (  -- like brackets: an answer belongs to the latest message still waiting
    SELECT
        *,
        -- the level a row speaks of: its own for an entry, the top one for a try or an answer
        total - low + CASE WHEN step = -1 THEN 1 ELSE 0 END AS level
    FROM floored
),

owned AS (
    SELECT
        host, what, ts, source_id, record, sender, recipient,
        last_value(message IGNORE NULLS) OVER owner AS message,
        last_value(message_id IGNORE NULLS) OVER owner AS message_id,
        last_value(CASE WHEN what = 'enter' THEN ts END IGNORE NULLS) OVER owner AS entered
    FROM levelled
    WINDOW owner AS (
        PARTITION BY host, sender, recipient, level ORDER BY ts, step DESC, place, record
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

tracked AS (
    SELECT
        o.host,
        o.format AS log,
        CASE t.class
            WHEN 'enter' THEN 'enter'
            WHEN 'attempt' THEN 'try'
            WHEN 'wait' THEN 'try'
            WHEN 'ok' THEN 'ok'
            WHEN 'fail' THEN CASE
                WHEN t.event = '1030' OR t.status_code LIKE '_.4.7' THEN 'ndr'
                ELSE 'fail'
            END
            WHEN 'replaced' THEN 'progress'
            ELSE 'progress'
        END AS what,
        t.ts, t.source_id, t.record,
        coalesce(nullif(t.sender, '<>'), t.return_path, t.sender) AS sender,
        t.recipient,
        coalesce(t.network_id, t.message_id) AS message,
        t.message_id,
        t.status_code, t.status
    FROM tracking_event AS t
    JOIN source_order AS o ON o.source_id = t.source_id
    WHERE t.class IN ('enter', 'attempt', 'progress', 'wait', 'ok', 'fail')
      AND coalesce(t.network_id, t.message_id) IS NOT NULL
      AND t.recipient IS NOT NULL
),

retried AS (  -- Exchange 2013 and later: [{LED=...};{LRT=time of the last retry}] in the final status
    SELECT
        host, log, 'try' AS what,
        try_cast(regexp_extract(status, '[{]LRT=([0-9T:.-]{19,})', 1) AS TIMESTAMP) AS ts,
        source_id, record, sender, recipient, message, message_id
    FROM tracked
    WHERE contains(status, '{LRT=2')
),

moved AS (  -- an address that goes on under another one has left the queue under this name
    SELECT
        o.host, o.format AS log, 'ok' AS what, t.ts, t.source_id, t.record,
        t.sender, t.related AS recipient,
        coalesce(t.network_id, t.message_id) AS message, t.message_id
    FROM tracking_event AS t
    JOIN source_order AS o ON o.source_id = t.source_id
    WHERE t.class = 'replaced' AND t.related IS NOT NULL AND t.related <> coalesce(t.recipient, '')
      AND coalesce(t.network_id, t.message_id) IS NOT NULL
),

expanded AS (  -- Exchange 2000/2003 name the expanded list as the recipient
    SELECT
        o.host, o.format AS log, 'ok' AS what, t.ts, t.source_id, t.record,
        t.sender, t.recipient,
        coalesce(t.network_id, t.message_id) AS message, t.message_id
    FROM tracking_event AS t
    JOIN source_order AS o ON o.source_id = t.source_id
    WHERE t.event = '26' AND t.recipient IS NOT NULL AND t.message_id IS NOT NULL
),

returned AS (  -- a report row without a recipient speaks of all recipients of its message
    SELECT
        t.host, t.log, 'ndr' AS what, t.ts, t.source_id, t.record,
        r.sender, r.recipient, t.message, t.message AS message_id
    FROM (
        SELECT o.host, o.format AS log, e.message_id AS message, min(e.ts) AS ts, min(e.source_id) AS source_id, min(e.record) AS record
        FROM tracking_event AS e
        JOIN source_order AS o ON o.source_id = e.source_id
        WHERE e.event = '1030' AND e.recipient IS NULL AND e.message_id IS NOT NULL
        GROUP BY o.host, o.format, e.message_id
    ) AS t
    JOIN (SELECT DISTINCT host, log, message, sender, recipient FROM tracked) AS r
        ON r.host = t.host AND r.log = t.log AND r.message = t.message
)

SELECT host, 'smtp' AS log, message, message_id, sender, recipient, what, ts, source_id, record, NULL AS status_code, NULL AS status
FROM owned
WHERE message IS NOT NULL
UNION ALL
SELECT host, log, message, message_id, sender, recipient, what, ts, source_id, record, status_code, status FROM tracked
UNION ALL
SELECT host, log, message, message_id, sender, recipient, what, ts, source_id, record, NULL, NULL FROM moved
UNION ALL
SELECT host, log, message, message_id, sender, recipient, what, ts, source_id, record, NULL, NULL FROM expanded
UNION ALL
SELECT host, log, message, message_id, sender, recipient, what, ts, source_id, record, NULL, NULL FROM returned
UNION ALL
SELECT host, log, message, message_id, sender, recipient, what, ts, source_id, record, NULL, NULL FROM retried WHERE ts IS NOT NULL;
