-- The messages that the restart set free, in table freed, if at least two (min_messages; each counted once for each
-- domain) to at least two recipients (min_recipients) are proven.
SELECT
    i.incident_id,
    least(min(f.entered), min(coalesce(f.stop_at, f.start_at))) AS started_at,
    greatest(max(f.gap_until), max(f.start_at)) AS ended_at,
    count(DISTINCT f.message) AS messages,
    round(max(f.gap_h), 1) AS longest_wait_h,
    nullif(count(*) FILTER (WHERE f.outcome = 'delivered'), 0) AS sent_recipients,
    nullif(count(*) FILTER (WHERE f.outcome = 'returned'), 0) AS returned_recipients,
    nullif(count(*) FILTER (WHERE f.outcome NOT IN ('delivered', 'returned')), 0) AS refused_recipients
FROM incident AS i
JOIN freed AS f ON f.host = i.host AND i.incident_key = 'restart ' || strftime(f.start_at, '%Y-%m-%dT%H:%M:%SZ')
WHERE i.rule = 'idle-until-restart' AND f.sure AND f.proven_queued >= 2 AND f.proven_recipients >= 2
GROUP BY i.incident_id;
