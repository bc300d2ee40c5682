-- What one source brought into windows_event. Parameter $source_id.
SELECT
    count(*) FILTER (WHERE NOT recovered) AS rows,
    count(*) FILTER (WHERE recovered) AS recovered,
    -- a clock at zero or far ahead is no part of the log's span
    min(ts) FILTER (WHERE ts >= TIMESTAMP '1990-01-01' AND ts < TIMESTAMP '2100-01-01') AS first_ts,
    max(ts) FILTER (WHERE ts >= TIMESTAMP '1990-01-01' AND ts < TIMESTAMP '2100-01-01') AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM windows_event
WHERE source_id = $source_id
