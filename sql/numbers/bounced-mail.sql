-- The recipients in view bounce, by the host that reports.
SELECT
    i.incident_id,
    min(b.reported) AS started_at,
    max(b.reported) AS ended_at,
    count(*) AS reports,
    count(*) FILTER (WHERE b.action = 'failed') AS failed,
    count(*) FILTER (WHERE b.action = 'delayed') AS delayed
FROM incident AS i
JOIN bounce AS b ON b.host IS NOT DISTINCT FROM i.host
WHERE i.rule = 'bounced-mail' AND b.reported IS NOT NULL
GROUP BY i.incident_id;
