-- The restarts of the service in table restart that are a habit, those that come with a reboot left out. Services that
-- are restarted by habit within 15 minutes of each other (together_min) are one restart, of the service with the
-- least weight (view service_weight).
WITH member AS (
    SELECT r.*, coalesce(r.stop_at, r.start_at) AS began, coalesce(w.weight, 99) AS weight
    FROM restart AS r
    LEFT JOIN service_weight AS w ON w.service = r.service
    WHERE r.mail AND r.scheduled AND (r.service = 'host' OR NOT r.with_boot)
)

SELECT
    i.incident_id,
    min(m.began) AS started_at,
    max(m.start_at) AS ended_at,
    count(*) AS restarts,
    round(lp_hours(min(m.began), max(m.start_at)) / 24, 0) AS days
FROM incident AS i
JOIN member AS m ON m.host = i.host AND m.service = i.service AND m.began >= i.started_at AND m.start_at <= i.ended_at
WHERE i.rule = 'scheduled-restart' AND NOT EXISTS (
    SELECT 1
    FROM member AS o
    WHERE o.host = m.host AND (o.weight, o.start_at, o.service) < (m.weight, m.start_at, m.service)
      AND o.began <= m.start_at + INTERVAL 15 MINUTE AND m.began <= o.start_at + INTERVAL 15 MINUTE
)
GROUP BY i.incident_id;
