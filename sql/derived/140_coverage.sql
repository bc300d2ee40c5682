-- What the logs cover. One row: one host, kind of log and hour with at least one row; first_ts and last_ts are
-- its first and its last.
CREATE OR REPLACE TABLE coverage AS
WITH spoken AS (
    SELECT e.source_id, e.host, date_trunc('hour', e.ts) AS hour, min(e.ts) AS first_ts, max(e.ts) AS last_ts, count(*) AS rows
    FROM windows_event AS e
    -- a clock at zero, or one set to the far future, covers nothing
    WHERE e.ts BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2100-01-01' AND NOT e.recovered
    GROUP BY ALL
    UNION ALL
    SELECT e.source_id, e.host, date_trunc('hour', e.ts), min(e.ts), max(e.ts), count(*) FROM smtp_event AS e GROUP BY ALL
    UNION ALL
    SELECT e.source_id, e.host, date_trunc('hour', e.ts), min(e.ts), max(e.ts), count(*) FROM tracking_event AS e GROUP BY ALL
    UNION ALL
    SELECT e.source_id, e.host, date_trunc('hour', e.ts), min(e.ts), max(e.ts), count(*) FROM connection_event AS e GROUP BY ALL
    UNION ALL
    SELECT e.source_id, e.host, date_trunc('hour', e.ts), min(e.ts), max(e.ts), count(*) FROM client_event AS e GROUP BY ALL
    UNION ALL
    SELECT e.source_id, e.host, date_trunc('hour', e.ts), min(e.ts), max(e.ts), count(*) FROM counter_sample AS e GROUP BY ALL
    UNION ALL
    SELECT e.source_id, e.host, date_trunc('hour', e.ts), min(e.ts), max(e.ts), count(*) FROM log_row AS e GROUP BY ALL
)

SELECT
    -- a row of these logs may name the other side as its server
    CASE WHEN s.format = 'tracking_2007' THEN coalesce(s.host, e.host) ELSE coalesce(e.host, s.host) END AS host,
    k.kind AS log,
    e.hour,
    CAST(sum(e.rows) AS BIGINT) AS rows,
    min(e.first_ts) AS first_ts,
    max(e.last_ts) AS last_ts
FROM spoken AS e
JOIN source AS s ON s.source_id = e.source_id
JOIN log_kind AS k ON k.format = s.format
WHERE e.hour IS NOT NULL
GROUP BY 1, k.kind, e.hour;
