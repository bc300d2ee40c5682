-- Files of one host and table in the order they were written. One row: one source.
CREATE OR REPLACE TABLE source_order AS
SELECT
    source_id,
    host,
    format,
    row_number() OVER (ORDER BY first_ts, last_ts, source_id) AS place
FROM source
WHERE rows > 0;
