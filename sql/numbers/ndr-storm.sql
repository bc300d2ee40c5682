-- The reports of table logged_report that were made here or taken in, as the key of the incident says, and that no
-- restart set free. They count while 50 of them (min_reports) lie within 60 minutes (within_min). Strangers are
-- addresses that never had mail delivered from this host, by table message.
WITH counted AS (
    SELECT
        *,
        count(*) OVER (
            PARTITION BY host, direction ORDER BY lp_us(ts) RANGE BETWEEN CURRENT ROW AND lp_minutes(60) FOLLOWING
        ) AS ahead
    FROM logged_report
    WHERE freed IS DISTINCT FROM true
),

dense AS (
    SELECT
        *,
        max(ahead) OVER (
            PARTITION BY host, direction ORDER BY lp_us(ts) RANGE BETWEEN lp_minutes(60) PRECEDING AND CURRENT ROW
        ) AS densest
    FROM counted
),

told AS (
    SELECT
        i.incident_id, d.ts, d.address,
        count(*) OVER (PARTITION BY i.incident_id, date_trunc('hour', d.ts)) AS in_hour,
        CASE WHEN NOT EXISTS (
            SELECT 1 FROM message AS m WHERE m.host = d.host AND m.sender = d.address AND m.outcome = 'delivered'
        ) THEN d.address END AS stranger
    FROM incident AS i
    JOIN dense AS d ON d.host = i.host AND starts_with(i.incident_key, d.direction || ' ') AND d.ts BETWEEN i.started_at AND i.ended_at
    WHERE i.rule = 'ndr-storm' AND d.densest >= 50
)

SELECT
    incident_id,
    min(ts) AS started_at,
    max(ts) AS ended_at,
    count(*) AS reports,
    count(DISTINCT address) AS addresses,
    round(lp_hours(min(ts), max(ts)), 1) AS hours,
    round(100.0 * count(DISTINCT stranger) / nullif(count(DISTINCT address), 0), 0) AS strangers_pct,
    max(in_hour) AS reports_h
FROM told
GROUP BY incident_id;
