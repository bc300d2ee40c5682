-- Moments at which a host's clock was set: where the times of its event log fall while the record
-- numbers rise, and where Windows says so itself. One row: one step of more than ten seconds.
CREATE OR REPLACE TABLE clock_step AS
WITH numbered AS (  -- a record that was overwritten, or found past damage, stands in no order
    SELECT
        source_id, host, record, ts,
        CASE
            WHEN lower(provider) = 'eventlog' AND event_id IN (6005, 6008, 6009) THEN 1
            WHEN provider = 'Microsoft-Windows-Kernel-General' AND event_id IN (12, 13) THEN 1
            ELSE 0
        END AS boots,
        lag(ts) OVER (PARTITION BY source_id ORDER BY record, ts) AS before_ts
    FROM windows_event
    -- a clock at zero is no step
    WHERE NOT recovered AND ts BETWEEN TIMESTAMP '1990-01-01' AND TIMESTAMP '2100-01-01'
),

placed AS (
    SELECT
        *,
        max(boots) OVER (
            PARTITION BY source_id ORDER BY record, ts
            ROWS BETWEEN 20 PRECEDING AND 20 FOLLOWING
        ) AS near_boot
    FROM numbered
),

fallen AS (
    SELECT
        source_id, host, record, before_ts, ts AS after_ts, near_boot = 1 AS at_boot,
        'record order' AS known_by
    FROM placed
    WHERE lp_us(before_ts) - lp_us(ts) > 10000000
),

told AS (  -- Kernel-General 1: the new time, the old time
    SELECT
        source_id, host, record,
        try_cast(rtrim(strings[2], 'Z') AS TIMESTAMP) AS before_ts,
        try_cast(rtrim(strings[1], 'Z') AS TIMESTAMP) AS after_ts,
        false AS at_boot, 'Kernel-General 1' AS known_by
    FROM windows_event
    WHERE provider = 'Microsoft-Windows-Kernel-General' AND event_id = 1 AND NOT recovered
)

SELECT
    coalesce(f.host, s.host) AS host, f.source_id, f.record, f.before_ts, f.after_ts,
    (lp_us(f.after_ts) - lp_us(f.before_ts)) / 1000000.0 AS step_s,
    f.at_boot, f.known_by
FROM (SELECT * FROM fallen UNION ALL SELECT * FROM told) AS f
JOIN source AS s ON s.source_id = f.source_id
WHERE abs(lp_us(f.after_ts) - lp_us(f.before_ts)) > 10000000;
