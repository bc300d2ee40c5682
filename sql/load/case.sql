-- The sources of the rows that a rule's case gives to one table: a file a host, or those of column file.
-- Table log_table and row_ts, its time or NULL, are filled in; given has the rows as they were given.
-- Parameters $table, $format.
INSERT INTO source BY NAME
SELECT
    source_id,
    'case/' || coalesce((SELECT min(g.file) FROM given AS g WHERE g.source_id = log_table.source_id), coalesce(host, 'no host') || '.' || $table) AS path,
    $format AS format,
    host,
    CASE WHEN host IS NOT NULL THEN 'content' END AS host_known_by,
    'UTC' AS zone,
    'format' AS zone_known_by,
    min(row_ts) AS first_ts,
    max(row_ts) AS last_ts,
    count(*) AS records,
    count(*) AS rows,
    0 AS duplicates,
    0 AS rejects,
    0 AS recovered,
    'loaded' AS status,
    1 AS run_id
FROM log_table
GROUP BY source_id, host
