-- Lines of a source that were refused, and are rows of a longer copy, in table log_table (filled in).
-- Parameters $source_id, $longer.
SELECT record
FROM reject
WHERE source_id = $source_id
  AND record IN (SELECT record FROM log_table WHERE source_id = $longer)
