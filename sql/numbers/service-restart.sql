-- The restarts of mail services in table restart, within the time of the incident: those that are no habit
-- (scheduled-restart tells them), no unclean one (unclean-shutdown does), and no first start where the log
-- begins. Down was the service that names the incident, from its first stop to its first start; NULL where
-- the logs do not show that stop.
SELECT
    i.incident_id,
    min(coalesce(r.stop_at, r.start_at)) AS started_at,
    max(r.start_at) AS ended_at,
    CASE
        WHEN min(r.stop_at) FILTER (WHERE r.service = i.service) <= min(r.start_at) FILTER (WHERE r.service = i.service)
        THEN round(lp_hours(
            min(r.stop_at) FILTER (WHERE r.service = i.service), min(r.start_at) FILTER (WHERE r.service = i.service)
        ) * 60, 1)
    END AS down_min
FROM incident AS i
JOIN restart AS r ON r.host = i.host AND coalesce(r.stop_at, r.start_at) >= i.started_at AND r.start_at <= i.ended_at
WHERE i.rule = 'service-restart' AND r.mail AND NOT r.scheduled AND r.kind <> 'unclean'
  AND NOT (r.kind = 'unknown' AND r.confidence = 'high' AND r.service <> 'host')
GROUP BY i.incident_id;
