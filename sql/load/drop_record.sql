-- Takes a record out of a source, whose rows or rejects are table log_table (filled in). Parameters
-- $source_id, $record. Returns a row for each row that went.
DELETE FROM log_table WHERE source_id = $source_id AND record = $record
RETURNING record
