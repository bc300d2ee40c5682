-- The segments of table memory_trend that leaked: by this counter, unless a better one was judged over the same
-- time, and those that went on after the first at a quarter (again_share) of its slope, with a Mann-Kendall z
-- over 2.326 (least_z). Growth, slope and hours are those of the segment that grew most. Memory is out when a
-- 32-bit process has used 2048 MiB of addresses (address_mib), or the host has none free, as the last one went.
WITH judged AS (
    SELECT
        *,
        process || ' ' || CASE measure WHEN 'private' THEN 'Private Bytes' WHEN 'working' THEN 'Working Set' ELSE 'Virtual Bytes' END AS incident_key,
        seg_from = max(seg_from) OVER (PARTITION BY host, process) AS newest
    FROM memory_trend
    WHERE process IS NOT NULL AND kind <> 'short'
),

grown AS (
    SELECT j.*
    FROM judged AS j
    WHERE j.kind = 'leak' AND NOT EXISTS (
        SELECT 1
        FROM judged AS b
        WHERE b.host = j.host AND b.process = j.process AND b.seg_from < j.seg_until AND b.seg_until > j.seg_from
          AND ((j.measure <> 'private' AND b.measure = 'private') OR (j.measure = 'virtual' AND b.measure = 'working' AND b.kind = 'leak'))
    )
),

leak AS (
    SELECT *, seg_from = max(seg_from) OVER (PARTITION BY host, incident_key) AS last
    FROM (
        SELECT * FROM grown
        UNION ALL
        SELECT j.*
        FROM judged AS j
        JOIN (SELECT host, incident_key, min(seg_from) AS since, max(slope_per_h) AS steepest FROM grown GROUP BY host, incident_key) AS g
            ON g.host = j.host AND g.incident_key = j.incident_key
        WHERE j.kind = 'flat' AND NOT j.flat_end AND j.seg_from > g.since AND j.mk_z > 2.326 AND j.slope_per_h >= 0.25 * g.steepest
    )
),

fate AS (
    SELECT
        l.*,
        CASE
            WHEN l.process IN ('inetinfo', 'store', 'emsmta', 'mad', 'msexcimc') AND l.last_value < 2048 * 1048576.0
                 AND NOT EXISTS (SELECT 1 FROM product_fact AS p WHERE p.host = l.host AND p.fact = 'exchange' AND p.value = 'later')
            THEN (2048 * 1048576.0 - l.last_value) / l.slope_per_h
        END AS address_h,
        (
            SELECT min(a.last_value / nullif(-a.slope_per_h, 0))
            FROM memory_trend AS a
            WHERE a.host = l.host AND a.measure = 'available' AND a.kind = 'falling' AND a.last_value > 0
              AND a.seg_from < l.seg_until AND a.seg_until > l.seg_from AND lp_us(l.seg_until) - lp_us(a.seg_until) < lp_minutes(720)
        ) AS free_h,
        -- from Exchange 5.5 on the store takes free memory by design: it runs out of nothing
        l.process = 'store' AND EXISTS (
            SELECT 1 FROM product_fact AS p WHERE p.host = l.host AND p.fact = 'exchange' AND p.value NOT IN ('4.0', '5.0')
        ) AS by_design,
        -- a restart after which half of the growth or more is still there ended nothing
        l.ended_by = 'restart' AND coalesce((
            SELECT arg_min(h.value, h.hour) FROM memory_hour AS h WHERE h.counter_id = l.counter_id AND h.segment > l.segment
        ) <= l.first_value + 0.5 * l.growth, true) AS cleared
    FROM leak AS l
)

SELECT
    i.incident_id,
    min(f.seg_from) AS started_at,
    CASE WHEN NOT bool_or(f.newest AND NOT f.cleared) THEN max(CASE f.ended_by WHEN 'restart' THEN f.cut_at ELSE f.seg_until END) END AS ended_at,
    round(max(f.growth) / 1048576.0, 1) AS growth_mib,
    round(arg_max(f.growth_pct, f.growth), 1) AS growth_pct,
    round(arg_max(f.slope_per_h, f.growth) * 24 / 1048576.0, 2) AS slope_mib_per_day,
    round(arg_max(f.hours, f.growth), 1) AS hours,
    count(*) AS segments,
    round(max(CASE WHEN f.last AND NOT f.by_design THEN least(f.address_h, f.free_h) END), 1) AS to_exhaustion_h
FROM incident AS i
JOIN fate AS f ON f.host = i.host AND f.incident_key = i.incident_key
WHERE i.rule = 'memory-leak'
GROUP BY i.incident_id;
