-- One row where a source holds anything that a longer one does not hold at the same line; no row
-- where it is the beginning of it. Its last record may be half written: there the time must agree, or,
-- where a record spans lines ($loose), nothing but the place.
-- The host may have been set right since. own_time is filled in: ts, or local_ts where there is one.
-- Parameters $table, $source_id, $longer, $half (the unfinished last record, or 0).
WITH mine AS (
    SELECT * EXCLUDE (source_id, host) REPLACE (own_time AS ts)
    FROM query_table($table)
    WHERE source_id = $source_id
),

theirs AS (
    SELECT * EXCLUDE (source_id, host) REPLACE (own_time AS ts)
    FROM query_table($table)
    WHERE source_id = $longer
)

SELECT 1
FROM (
    SELECT record FROM (SELECT * FROM mine WHERE record <> $half EXCEPT SELECT * FROM theirs)
    UNION ALL
    (
        SELECT record FROM mine WHERE record = $half
        EXCEPT
        SELECT m.record FROM mine AS m JOIN theirs AS t ON t.record = m.record AND (t.ts = m.ts OR $loose)
    )
    UNION ALL
    SELECT $half FROM (SELECT count(*) AS n FROM mine WHERE record <> $half) WHERE n = 0
)
LIMIT 1
