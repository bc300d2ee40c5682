-- One row where a source holds anything that a longer one does not hold at the same line; no row
-- where it is the beginning of it. Its last line may be half written: there the time must agree.
-- Parameters $table, $source_id, $longer, $half (the unfinished last line, or 0).
WITH mine AS (
    SELECT * EXCLUDE (source_id) FROM query_table($table) WHERE source_id = $source_id
),

theirs AS (
    SELECT * EXCLUDE (source_id) FROM query_table($table) WHERE source_id = $longer
)

SELECT 1
FROM (
    SELECT record FROM (SELECT * FROM mine WHERE record <> $half EXCEPT SELECT * FROM theirs)
    UNION ALL
    (
        SELECT record FROM mine WHERE record = $half
        EXCEPT
        SELECT m.record FROM mine AS m JOIN theirs AS t ON t.record = m.record AND t.ts = m.ts
    )
    UNION ALL
    SELECT $half FROM (SELECT count(*) AS n FROM mine WHERE record <> $half) WHERE n = 0
)
LIMIT 1
