-- The host that wrote most rows of one source, where rows name their host. Table name is filled in
-- by the store: every log table has source_id and host. Parameter $source_id.
SELECT host
FROM log_table
WHERE source_id = $source_id AND host IS NOT NULL
GROUP BY host
ORDER BY count(*) DESC, host
LIMIT 1
