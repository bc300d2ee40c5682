-- The boot of the host in table restart, from the moment at which it went down to the last mail service that
-- came back with it. More than 720 hours (longest_down_h), or less than none, are a wrong clock and no number.
SELECT
    i.incident_id,
    coalesce(r.stop_at, r.start_at) AS started_at,
    max(greatest(r.start_at, b.start_at)) AS ended_at,
    CASE WHEN lp_hours(r.stop_at, r.start_at) BETWEEN 0 AND 720 THEN round(lp_hours(r.stop_at, r.start_at) * 60, 1) END AS down_min
FROM incident AS i
JOIN restart AS r ON r.host = i.host AND i.incident_key = 'boot ' || strftime(r.start_at, '%Y-%m-%dT%H:%M:%SZ')
LEFT JOIN restart AS b
    ON b.host = r.host AND b.with_boot AND b.mail AND b.service <> 'host'
   AND lp_us(b.start_at) BETWEEN lp_us(r.start_at) - lp_minutes(5) AND lp_us(r.start_at) + lp_minutes(15)
   AND coalesce(b.stop_at, r.start_at) <= r.start_at
WHERE i.rule = 'unclean-shutdown' AND r.service = 'host' AND r.kind = 'unclean'
GROUP BY i.incident_id, r.stop_at, r.start_at;
