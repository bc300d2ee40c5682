-- The crashes of the service that table service_event tells of. Where another service fell within 30 seconds
-- (same_s), IIS Admin or else the first by name speaks for both, and the others are not counted.
SELECT
    i.incident_id,
    min(e.ts) AS started_at,
    max(e.ts) AS ended_at,
    count(*) AS crashes,
    round(lp_hours(min(e.ts), max(e.ts)), 2) AS within_h
FROM incident AS i
JOIN service_event AS e ON e.host = i.host AND e.service = i.service AND e.ts BETWEEN i.started_at AND i.ended_at
WHERE i.rule = 'crash-loop' AND e.state = 'crash'
  AND NOT EXISTS (
      SELECT 1
      FROM service_event AS o
      WHERE o.state = 'crash' AND o.host = e.host AND abs(lp_us(o.ts) - lp_us(e.ts)) <= lp_seconds(30)
        AND e.service <> 'IISADMIN' AND (o.service = 'IISADMIN' OR o.service < e.service)
  )
GROUP BY i.incident_id;
