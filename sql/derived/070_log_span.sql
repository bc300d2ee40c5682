-- When each host's mail logs speak. One row: one host and kind of log.
CREATE OR REPLACE TABLE log_span AS
SELECT host, log, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM (
    SELECT
        s.host,
        CASE WHEN k.kind = 'smtp' THEN 'smtp' ELSE s.format END AS log,
        s.first_ts, s.last_ts
    FROM source AS s
    JOIN log_kind AS k ON k.format = s.format AND k.mail
    WHERE s.host IS NOT NULL AND s.first_ts IS NOT NULL
)
GROUP BY host, log;

-- Where they fall silent for long: evidence of absence ends there. One row: one silence over 6 hours.
CREATE OR REPLACE TABLE log_silence AS
WITH spoken AS (
    SELECT o.host, 'smtp' AS log, e.ts
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE o.format <> 'smtp_protocol'  -- no message is followed by these
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
