-- What one source brought into queue_entry; a record counts once, however many recipients it has rows for.
-- A state has its snapshot's time or, where nothing tells that, the times of what waits. Parameter $source_id.
SELECT
    count(DISTINCT record) AS rows,
    0 AS recovered,
    min(coalesce(ts, arrived_ts, written_ts)) AS first_ts,
    max(coalesce(ts, last_retry_ts, written_ts, arrived_ts)) AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM queue_entry
WHERE source_id = $source_id
