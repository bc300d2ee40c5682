-- Files with rows in the order of their first events, so that a log cut into daily files reads on.
-- One row: one source.
CREATE OR REPLACE TABLE source_order AS
SELECT
    source_id,
    host,
    format,
    row_number() OVER (ORDER BY first_ts, last_ts, source_id) AS place
FROM source
WHERE rows > 0;
