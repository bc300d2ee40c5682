-- Where the second pass of an hour that comes twice begins in one source: the first record whose
-- time falls by more than ten minutes. Grain: one such hour. A file may be written newest first: way is
-- 1 or -1, records are in order by record * way. log_table is filled in. Parameters $source_id, $zone.
WITH fold AS (
    SELECT local_until - to_seconds(fold_s) AS fold_from, local_until AS fold_until, fold_s
    FROM zone_period
    WHERE zone = $zone AND fold_s > 0
),

file AS (
    SELECT CASE WHEN max_by(local_ts, record) < min_by(local_ts, record) THEN -1 ELSE 1 END AS way
    FROM log_table
    WHERE source_id = $source_id AND local_ts IS NOT NULL
),

inside AS (
    SELECT
        f.fold_from, f.fold_until, f.fold_s, w.way, CAST(t.record AS BIGINT) * w.way AS place, t.local_ts,
        max(t.local_ts) OVER (
            PARTITION BY f.fold_from ORDER BY CAST(t.record AS BIGINT) * w.way
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS latest
    FROM log_table AS t
    CROSS JOIN file AS w
    -- a quarter of an hour on both sides, so that a step at the very edge is seen
    JOIN fold AS f ON t.local_ts >= f.fold_from - INTERVAL 15 MINUTE
        AND t.local_ts < f.fold_until + INTERVAL 15 MINUTE
    WHERE t.source_id = $source_id
)

SELECT fold_from, fold_until, fold_s, way, min(place) AS place
FROM inside
WHERE latest - local_ts > INTERVAL 10 MINUTE
GROUP BY fold_from, fold_until, fold_s, way
ORDER BY fold_from
