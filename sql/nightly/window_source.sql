-- The sources of which something lies in the window, which begins at window_from (filled in, as is the name of the store; UTC).
SELECT * REPLACE (greatest(first_ts, CAST('window_from' AS TIMESTAMP)) AS first_ts)
FROM store_name.main.source
WHERE last_ts >= CAST('window_from' AS TIMESTAMP) OR last_ts IS NULL
