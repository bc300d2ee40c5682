-- Whether records of a file may stand twice: it has a number twice, it has times that no span tells
-- (before 1990, from 2100 on), or sources of some formats have times within its span. Local times may
-- have been set right in one and not yet in the other. Parameters $source_id, $table, $formats,
-- $first_ts, $last_ts.
WITH file AS (
    SELECT
        count(*) > count(DISTINCT record) AS twice,
        count(local_ts) > 0 AS local,
        count(*) > count(*) FILTER (WHERE ts >= TIMESTAMP '1990-01-01' AND ts < TIMESTAMP '2100-01-01') AS odd
    FROM query_table($table)
    WHERE source_id = $source_id
),

near AS (
    SELECT
        first_ts, last_ts,
        CASE WHEN zone IS DISTINCT FROM 'UTC' OR (SELECT local FROM file) THEN INTERVAL 15 HOUR ELSE INTERVAL 0 HOUR END AS slack
    FROM source
    WHERE source_id <> $source_id AND list_contains($formats, format) AND rows + recovered > 0
)

SELECT 1 FROM file WHERE twice OR odd
UNION ALL
SELECT 1
FROM near
WHERE first_ts <= CAST($last_ts AS TIMESTAMP) + slack AND last_ts >= CAST($first_ts AS TIMESTAMP) - slack
LIMIT 1
