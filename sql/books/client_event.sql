-- What one source brought into client_event. Parameter $source_id.
SELECT count(*) AS rows, 0 AS recovered, min(ts) AS first_ts, max(ts) AS last_ts
FROM client_event
WHERE source_id = $source_id
