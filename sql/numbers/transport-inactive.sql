-- Connections to the destination that the connectivity log ends with "Service not active", to the first that
-- took mail, or else to the last of them. The length of the queue stands in another row of the same session.
WITH step AS (
    SELECT
        o.host, lower(e.destination) AS destination, e.ts,
        contains(lower(e.reason), 'service not active') AS refused,
        max(e.queued) OVER (PARTITION BY e.source_id, e.session) AS queued,
        e.messages > 0 AS took
    FROM connection_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
)

SELECT
    i.incident_id,
    min(s.ts) AS started_at,
    max(s.ts) AS ended_at,
    count(*) FILTER (WHERE s.refused) AS connections,
    round(lp_hours(min(s.ts), max(s.ts)) * 60, 1) AS minutes,
    max(nullif(s.queued, 0)) FILTER (WHERE s.refused) AS queued
FROM incident AS i
JOIN step AS s
    ON s.host = i.host AND starts_with(i.incident_key, s.destination || ' ')
   AND s.ts BETWEEN i.started_at AND i.ended_at AND (s.refused OR s.took)
WHERE i.rule = 'transport-inactive'
GROUP BY i.incident_id;
