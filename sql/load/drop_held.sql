-- Takes out of table log_table (filled in) what another copy of the text log holds of a source: its
-- records that are rows there, in table $rows, and those that both brought to this same table, as a
-- line that both refused. Parameters $source_id, $holder, $rows.
DELETE FROM log_table
WHERE source_id = $source_id
  AND (
      record IN (SELECT record FROM query_table($rows) WHERE source_id = $holder)
      OR record IN (SELECT record FROM log_table WHERE source_id = $holder)
  )
