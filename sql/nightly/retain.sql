-- Takes rows out of log table log_table (filled in) that are older than a moment. Parameter $before (UTC).
DELETE FROM log_table WHERE ts < $before
