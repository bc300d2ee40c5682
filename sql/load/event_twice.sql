-- Takes out of a source the events that it has twice, damaged or put together of two files: the same in
-- all, and what stands in the log proper goes before what was recovered. Parameter $source_id.
WITH numbered_twice AS (
    SELECT record
    FROM windows_event
    WHERE source_id = $source_id
    GROUP BY record
    HAVING count(*) > 1
),

again AS (
    SELECT
        rowid AS place,
        row_number() OVER (
            PARTITION BY record, ts, event_id, provider, computer, channel, strings, data, binary_hex
            ORDER BY recovered, rowid
        ) AS nth
    FROM windows_event
    WHERE source_id = $source_id AND record IN (FROM numbered_twice)
)

DELETE FROM windows_event
WHERE rowid IN (SELECT place FROM again WHERE nth > 1)
