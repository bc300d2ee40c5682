-- Takes all records of a source out of table log_table (filled in). Parameter $source_id.
DELETE FROM log_table WHERE source_id = $source_id
