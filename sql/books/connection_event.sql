-- What one source brought into connection_event. Parameter $source_id.
SELECT
    count(*) AS rows,
    0 AS recovered,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM connection_event
WHERE source_id = $source_id
