-- What one source brought into host_setting; a record counts once, however many rows it gave. A state has no span
-- of time. Parameter $source_id.
SELECT
    count(DISTINCT record) AS rows,
    0 AS recovered,
    CAST(NULL AS TIMESTAMP) AS first_ts,
    CAST(NULL AS TIMESTAMP) AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM host_setting
WHERE source_id = $source_id
