-- What one source brought into counter_sample; a line counts once, however many values it has.
-- Parameter $source_id.
SELECT
    count(DISTINCT record) AS rows,
    0 AS recovered,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM counter_sample
WHERE source_id = $source_id
