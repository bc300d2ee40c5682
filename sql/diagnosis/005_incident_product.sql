-- What ran on the host at the time of each incident: the best evidence of that time or of none; where there is only later
-- evidence, that, marked …_later with the day on which it begins. One row: one incident.
CREATE OR REPLACE TABLE incident_product AS
WITH involved AS (
    SELECT i.rule, i.host, i.incident_key, coalesce(i.ended_at, s.last_ts, i.started_at) AS last_at
    FROM incident AS i
    LEFT JOIN (SELECT host, max(last_ts) AS last_ts FROM log_span GROUP BY host) AS s ON s.host = i.host
    WHERE i.host IS NOT NULL
),

told AS (
    SELECT
        i.rule, i.host, i.incident_key, e.fact, e.value, e.known_by, e.weight, e.ts, e.since, e.source_id, e.record,
        coalesce(lp_us(e.since) > lp_us(i.last_at) + lp_minutes(l.later_h * 60), false) AS later
    FROM involved AS i
    CROSS JOIN known_limit AS l
    JOIN product_evidence AS e ON e.host = i.host AND e.fact IN ('os', 'exchange', 'has_exchange')
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY rule, host, incident_key, fact
            ORDER BY later, weight DESC, ts DESC NULLS LAST, value, source_id, record
        ) AS choice
    FROM told
)

SELECT
    i.rule, i.host, i.incident_key, i.last_at,
    max(r.value) FILTER (WHERE r.fact = 'os') AS os,
    max(r.known_by) FILTER (WHERE r.fact = 'os') AS os_by,
    max(strftime(r.since, '%Y-%m-%d')) FILTER (WHERE r.fact = 'os' AND r.later) AS os_later,
    max(r.value) FILTER (WHERE r.fact = 'exchange') AS exchange,
    max(r.known_by) FILTER (WHERE r.fact = 'exchange') AS exchange_by,
    max(strftime(r.since, '%Y-%m-%d')) FILTER (WHERE r.fact = 'exchange' AND r.later) AS exchange_later,
    max(r.value) FILTER (WHERE r.fact = 'has_exchange') AS has_exchange,
    max(r.known_by) FILTER (WHERE r.fact = 'has_exchange') AS has_exchange_by,
    max(strftime(r.since, '%Y-%m-%d')) FILTER (WHERE r.fact = 'has_exchange' AND r.later) AS has_exchange_later
FROM involved AS i
LEFT JOIN ranked AS r ON r.rule = i.rule AND r.host = i.host AND r.incident_key = i.incident_key AND r.choice = 1
GROUP BY i.rule, i.host, i.incident_key, i.last_at;
