-- The failures of table destination_failure that speak of the destination's server, until it took mail or none came
-- for 12 hours (apart_h); the outage ends when it took mail, or with the last
-- failure, unless mail still waits for it at the end of the logs. Messages are those of table
-- message that entered after it last took mail, at most an expiry before the first failure, still waited then, and
-- ended at most a retry interval and slack after it took mail again. Returned are those that came back.
WITH spaced AS (
    SELECT *, lag(ts) OVER (PARTITION BY host, destination, before_ok ORDER BY ts) AS before_ts
    FROM destination_failure
    WHERE what = 'server'
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN lp_hours(before_ts, ts) <= 12 THEN 0 ELSE 1 END) OVER (PARTITION BY host, destination ORDER BY ts) AS stretch_no
    FROM spaced
),

stretch AS (
    SELECT host, destination, min(ts) AS began, max(ts) AS last_failed, min(before_ok) AS before_ok, min(after_ok) AS after_ok
    FROM numbered
    GROUP BY host, destination, stretch_no
),

outage AS (  -- the success that ended it, unless failures after a silence came first
    SELECT
        *,
        CASE WHEN coalesce(lead(began) OVER (PARTITION BY host, destination ORDER BY began) >= after_ok, true) THEN after_ok END AS taken
    FROM stretch
)

SELECT
    i.incident_id,
    least(o.began, min(m.entered)) AS started_at,
    -- while mail waits and the logs end within 12 hours of the last failure, it lasts
    CASE
        WHEN o.taken IS NULL AND count(CASE WHEN m.outcome = 'open' THEN 1 END) > 0 AND lp_hours(o.last_failed, k.last_ts) <= 12 THEN NULL
        ELSE greatest(coalesce(o.taken, o.last_failed), max(m.ended))
    END AS ended_at,
    count(DISTINCT m.message) AS messages,
    count(DISTINCT CASE WHEN m.outcome = 'returned' THEN m.message END) AS returned,
    round(max(m.wait_h), 1) AS longest_wait_h,
    round(lp_hours(o.began, coalesce(o.taken, o.last_failed)), 1) AS hours
FROM incident AS i
JOIN outage AS o ON o.host = i.host AND i.incident_key = o.destination || ' ' || strftime(o.began, '%Y-%m-%dT%H:%M:%SZ')
JOIN message AS m ON m.host = o.host AND m.domain = o.destination AND m.entry_seen
JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
JOIN (SELECT host, max(last_ts) AS last_ts FROM log_span GROUP BY host) AS k ON k.host = o.host
WHERE i.rule = 'remote-outage'
  AND m.entered <= coalesce(o.taken, o.last_failed)
  AND (o.before_ok IS NULL OR m.entered > o.before_ok)
  AND lp_us(m.entered) + m.wait_h * 3600000000 > lp_us(o.began)
  AND lp_us(m.entered) >= lp_us(o.began) - lp_minutes(p.expire_h * 60)
  AND (o.taken IS NULL OR lp_us(m.entered) + m.wait_h * 3600000000 <= lp_us(o.taken) + lp_minutes(p.retry_min + p.slack_min))
GROUP BY i.incident_id, o.began, o.taken, o.last_failed, k.last_ts;
