-- The rows of log table log_table from a moment window_from on (filled in, as is the name of the store; UTC); a row without a time
-- may be of any.
SELECT * FROM store_name.main.log_table WHERE ts >= CAST('window_from' AS TIMESTAMP) OR ts IS NULL
