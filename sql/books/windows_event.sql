-- What one source brought into windows_event. Parameter $source_id.
SELECT
    count(*) FILTER (WHERE NOT recovered) AS rows,
    count(*) FILTER (WHERE recovered) AS recovered,
    min(ts) AS first_ts,
    max(ts) AS last_ts
FROM windows_event
WHERE source_id = $source_id
