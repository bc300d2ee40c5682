-- The boot of the host in table restart, from the moment at which it went down. More than 720 hours
-- (longest_down_h), or less than none, are a wrong clock and no number.
SELECT
    i.incident_id,
    coalesce(r.stop_at, r.start_at) AS started_at,
    r.start_at AS ended_at,
    CASE WHEN lp_hours(r.stop_at, r.start_at) BETWEEN 0 AND 720 THEN round(lp_hours(r.stop_at, r.start_at) * 60, 1) END AS down_min
FROM incident AS i
JOIN restart AS r ON r.host = i.host AND i.incident_key = 'boot ' || strftime(r.start_at, '%Y-%m-%dT%H:%M:%SZ')
WHERE i.rule = 'unclean-shutdown' AND r.service = 'host' AND r.kind = 'unclean';
