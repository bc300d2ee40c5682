-- When each host's mail logs speak. One row: one host and kind of log.
CREATE OR REPLACE TABLE log_span AS
SELECT host, log, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM (
    SELECT
        host,
        CASE WHEN format = 'smtpsvc_w3c' THEN 'smtp' ELSE format END AS log,
        first_ts, last_ts
    FROM source
    WHERE format IN ('smtpsvc_w3c', 'tracking_2003', 'tracking_2007') AND host IS NOT NULL AND first_ts IS NOT NULL
)
GROUP BY host, log;

-- Where they fall silent for long: evidence of absence ends there. One row: one silence over 6 hours.
CREATE OR REPLACE TABLE log_silence AS
WITH spoken AS (
    SELECT o.host, 'smtp' AS log, e.ts
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    UNION ALL
    SELECT o.host, o.format AS log, e.ts
    FROM tracking_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
),

minute AS (
    SELECT DISTINCT host, log, date_trunc('minute', ts) AS ts
    FROM spoken
    WHERE host IS NOT NULL
),

spaced AS (
    SELECT host, log, ts AS silent_until, lag(ts) OVER (PARTITION BY host, log ORDER BY ts) AS silent_from
    FROM minute
)

SELECT host, log, silent_from, silent_until, lp_hours(silent_from, silent_until) AS hours
FROM spaced
WHERE lp_us(silent_until) - lp_us(silent_from) > 21600000000;
