-- Where the second pass of an hour that comes twice begins in one source: the first record whose
-- time falls by more than ten minutes. Grain: one such hour. log_table is filled in. Parameters
-- $source_id, $zone.
WITH fold AS (
    SELECT local_until - to_seconds(fold_s) AS fold_from, local_until AS fold_until, fold_s
    FROM zone_period
    WHERE zone = $zone AND fold_s > 0
),

inside AS (
    SELECT
        f.fold_from, f.fold_until, f.fold_s, t.record, t.local_ts,
        max(t.local_ts) OVER (
            PARTITION BY f.fold_from ORDER BY t.record
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS latest
    FROM log_table AS t
    -- a quarter of an hour on both sides, so that a step at the very edge is seen
    JOIN fold AS f ON t.local_ts >= f.fold_from - INTERVAL 15 MINUTE
        AND t.local_ts < f.fold_until + INTERVAL 15 MINUTE
    WHERE t.source_id = $source_id
)

SELECT fold_from, fold_until, fold_s, min(record) AS record
FROM inside
WHERE latest - local_ts > INTERVAL 10 MINUTE
GROUP BY fold_from, fold_until, fold_s
ORDER BY fold_from
