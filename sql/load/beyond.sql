-- Those of some longer sources that do not hold all that a source holds, at the same lines; one that is
-- not among them goes on where it ends. Its last record may be half written: there the time must agree,
-- or, where a record spans lines ($loose), nothing but the place.
-- The host may have been set right since. own_time is filled in: ts, or local_ts where there is one.
-- Parameters $table, $source_id, $longer (a list), $half (the unfinished last record, or 0).
WITH candidate AS (
    SELECT CAST(unnest($longer) AS INTEGER) AS longer
),

mine AS (
    SELECT c.longer, r.* EXCLUDE (source_id, host) REPLACE (r.own_time AS ts)
    FROM query_table($table) AS r CROSS JOIN candidate AS c
    WHERE r.source_id = $source_id
),

theirs AS (
    SELECT r.source_id AS longer, r.* EXCLUDE (source_id, host) REPLACE (r.own_time AS ts)
    FROM query_table($table) AS r
    WHERE r.source_id IN (SELECT longer FROM candidate)
)

SELECT longer FROM (SELECT * FROM mine WHERE record <> $half EXCEPT SELECT * FROM theirs)
UNION
SELECT longer
FROM (
    SELECT longer, record FROM mine WHERE record = $half
    EXCEPT
    SELECT m.longer, m.record
    FROM mine AS m
    JOIN theirs AS t ON t.longer = m.longer AND t.record = m.record AND (t.ts = m.ts OR $loose)
)
UNION
SELECT longer FROM candidate WHERE longer NOT IN (SELECT longer FROM mine WHERE record <> $half)
