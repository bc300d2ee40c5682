-- What one source brought into log_row. Parameter $source_id.
SELECT count(*) AS rows, 0 AS recovered, min(ts) AS first_ts, max(ts) AS last_ts
FROM log_row
WHERE source_id = $source_id
