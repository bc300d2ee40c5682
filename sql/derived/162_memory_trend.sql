-- How memory went in each uptime segment. One row: one counter of memory between two cuts (table memory_cut).
-- Judged are segments of at least 24 h and 48 samples, by their hourly medians. From 48 h on like is compared
-- with like: the same hour of different days, so that the load of a day is no trend. slope_per_h is the
-- Theil-Sen slope (bytes an hour), first_value and last_value lie on that line, growth between them;
-- mk_z is Mann-Kendall with ties, summed over the hours of the day (over 2.326: p < 0.01, one-sided), steady
-- the part of the pairs that rise less those that fall.
-- kind: leak (rises, in growth, significance and steadiness, nights too, and still at the end), warm-up (rose
-- within its first day, then flat), plateau (rose longer, then flat), falling, flat, short (not judged). Free
-- memory does not leak: where it goes down it is falling. flat_end: it does not
-- rise at its end.
-- ended_by: restart, gap, or end (of the counter log); cut_at is when that was.
CREATE OR REPLACE TABLE memory_trend AS
WITH setting AS (
    SELECT
        24 AS least_h,                       -- hours of a segment that is judged
        48 AS least_samples,                 -- samples in it
        47 AS days_h,                        -- hours from which on only the same hours of different days are compared
        300 AS points,                       -- about so many hours of a segment are compared
        2.326 AS least_z,                    -- Mann-Kendall z: 2.326 is p < 0.01, one-sided
        0.5 AS least_steady,                 -- pairs that rise less those that fall, of all
        33554432.0 AS least_bytes,           -- growth over the segment: 32 MiB
        0.20 AS least_share,                 -- growth, as part of the value at its start
        0.60 AS flat_day_share,              -- flat: the last eighth is above the same hours some days before by less than this part of the trend
        0.40 AS slower_share,                -- or from its middle day to its last it rises by less than this part of what came before,
                                             -- weekends counted and not
        0.55 AS even_share,                  -- below days_h: no quarter rises by more than this part of all
        0.25 AS flat_share,                  -- below days_h: the last quarter rises by less than this part of a mean quarter
        0.5 AS floor_share,                  -- the lowest hour of a day must rise by this part of the trend
        0.9 AS warm_share                    -- of the rise, that a warm-up makes in its first day
),

segment AS (  -- grain: one counter and segment
    SELECT
        host, process, measure, counter_id, segment,
        min(first_ts) AS seg_from, max(last_ts) AS seg_until,
        sum(samples) AS samples, count(*) AS points,
        lp_us(max(last_ts)) - lp_us(min(first_ts)) AS us,
        arg_min(source_id, hour) AS source_id,
        arg_min(record, hour) AS record
    FROM memory_hour
    GROUP BY host, process, measure, counter_id, segment
),

followed AS (
    SELECT
        *,
        lead(seg_from) OVER (PARTITION BY counter_id ORDER BY segment) AS next_from,
        us / 3600000000.0 AS hours
    FROM segment
),

ended AS (  -- by the first sign of a restart between this segment and the next, else by the gap
    SELECT
        f.host, f.counter_id, f.segment,
        min(c.cut_at) FILTER (WHERE c.ended_by = 'restart') AS restart_at,
        min(c.cut_at) FILTER (WHERE c.ended_by = 'gap') AS gap_at
    FROM followed AS f
    JOIN memory_cut AS c ON c.counter_id = f.counter_id
    WHERE c.cut_at > f.seg_until
      AND (c.cut_at <= f.next_from OR (f.next_from IS NULL AND lp_us(c.cut_at) - lp_us(f.seg_until) <= lp_minutes(60)))
    GROUP BY f.host, f.counter_id, f.segment
),

judged AS (
    SELECT
        f.counter_id, f.segment, f.seg_from, f.hours, f.hours >= p.days_h AS by_day,
        CASE  -- of how many hours of a day one is compared; a divisor of 24
            WHEN f.points <= p.points OR f.hours < p.days_h THEN 1
            WHEN f.points <= 2 * p.points THEN 2
            WHEN f.points <= 4 * p.points THEN 4
            WHEN f.points <= 8 * p.points THEN 8
            ELSE 24
        END AS every_h,
        -- beyond that, of how many days one
        CASE WHEN f.points <= 24 * p.points THEN 1 ELSE ceil(f.points / (24.0 * p.points)) END AS every_d
    FROM followed AS f
    CROSS JOIN setting AS p
    WHERE f.hours >= p.least_h AND f.samples >= p.least_samples
),

point AS (  -- x: hours since the segment began; days and weekdays are those of UTC
    SELECT
        h.counter_id, h.segment, h.hour, h.value, j.by_day, j.hours,
        (lp_us(h.hour) - lp_us(date_trunc('hour', j.seg_from))) / 3600000000.0 AS x,
        CAST(floor(lp_us(h.hour) / 3600000000.0) AS BIGINT) % 24 AS hour_of_day,
        (CAST(floor(lp_us(h.hour) / 86400000000.0) AS BIGINT) + 3) % 7 >= 5 AS weekend,
        j.every_h, j.every_d,
        CAST(floor(lp_us(h.hour) / 86400000000.0) AS BIGINT) AS day
    FROM memory_hour AS h
    JOIN judged AS j ON j.counter_id = h.counter_id AND j.segment = h.segment
),

thin AS (
    SELECT counter_id, segment, x, value, CASE WHEN by_day THEN hour_of_day ELSE 0 END AS season
    FROM point
    WHERE hour_of_day % every_h = 0 AND day % every_d = 0
),

pair AS (  -- grain: two hours of one segment and season, the earlier first
    SELECT
        a.counter_id, a.segment,
        (b.value - a.value) / (b.x - a.x) AS slope
    FROM thin AS a
    JOIN thin AS b
        ON b.counter_id = a.counter_id AND b.segment = a.segment AND b.season = a.season
    WHERE b.x > a.x
),

slope AS (  -- grain: one segment, from here on
    SELECT
        counter_id, segment,
        quantile_cont(slope, 0.5) AS slope_per_h,
        sum(CASE WHEN slope > 0 THEN 1 WHEN slope < 0 THEN -1 ELSE 0 END) AS s,
        count(*) AS pairs
    FROM pair
    GROUP BY counter_id, segment
),

tie AS (  -- grain: one value of one season
    SELECT counter_id, segment, season, value, CAST(count(*) AS DOUBLE) AS t
    FROM thin
    GROUP BY counter_id, segment, season, value
),

season AS (  -- variance of s: grain: one season
    SELECT
        counter_id, segment, season,
        sum(t) * (sum(t) - 1) * (2 * sum(t) + 5) - sum(t * (t - 1) * (2 * t + 5)) AS v18
    FROM tie
    GROUP BY counter_id, segment, season
),

spread AS (
    SELECT counter_id, segment, sum(v18) / 18.0 AS variance
    FROM season
    GROUP BY counter_id, segment
),

line AS (
    SELECT p.counter_id, p.segment, quantile_cont(p.value - s.slope_per_h * p.x, 0.5) AS start_value
    FROM point AS p
    JOIN slope AS s ON s.counter_id = p.counter_id AND s.segment = p.segment
    GROUP BY p.counter_id, p.segment
),

counted AS (
    SELECT
        counter_id, segment, hour, value, by_day, weekend, hour_of_day,
        count(*) FILTER (WHERE NOT weekend) OVER (PARTITION BY counter_id, segment) AS work_points,
        row_number() OVER (PARTITION BY counter_id, segment ORDER BY hour) AS place,
        count(*) OVER (PARTITION BY counter_id, segment) AS places,
        -- working days in a row: what mail makes grow does not grow on a weekend
        5 * CAST(floor((day + 3) / 7.0) AS BIGINT) + (day + 3) % 7 AS work_day,
        day
    FROM point
),

worked AS (  -- without weekends, where two working days are left
    SELECT
        counter_id, segment, hour, value, by_day, hour_of_day,
        CASE WHEN work_points >= 47 THEN work_day ELSE day END AS day,
        row_number() OVER (PARTITION BY counter_id, segment ORDER BY hour) AS place,
        count(*) OVER (PARTITION BY counter_id, segment) AS places,
        ntile(4) OVER (PARTITION BY counter_id, segment ORDER BY hour) AS quarter,
        ntile(8) OVER (PARTITION BY counter_id, segment ORDER BY hour) AS eighth,
        greatest(1, CAST(floor(count(*) OVER (PARTITION BY counter_id, segment) / 60.0) AS BIGINT)) AS back
    FROM counted
    WHERE NOT weekend OR work_points < 47
),

quarter AS (  -- grain: one segment
    SELECT
        counter_id, segment,
        quantile_cont(value, 0.5) FILTER (WHERE quarter = 1) AS q1,
        quantile_cont(value, 0.5) FILTER (WHERE quarter = 2) AS q2,
        quantile_cont(value, 0.5) FILTER (WHERE quarter = 3) AS q3,
        quantile_cont(value, 0.5) FILTER (WHERE quarter = 4) AS q4,
        -- whole days: their load is the same
        avg(value) FILTER (WHERE place <= 24) AS w1,
        avg(value) FILTER (WHERE abs(place - 0.5 - places / 2.0) < 12) AS w2,
        avg(value) FILTER (WHERE place > places - 24) AS w3
    FROM worked
    GROUP BY counter_id, segment
),

day AS (  -- the same with weekends. Grain: one segment
    SELECT
        counter_id, segment,
        avg(value) FILTER (WHERE place <= 24) AS d1,
        avg(value) FILTER (WHERE abs(place - 0.5 - places / 2.0) < 12) AS d2,
        avg(value) FILTER (WHERE place > places - 24) AS d3,
        bool_or(weekend) AND NOT bool_and(weekend) AS mixed
    FROM counted
    GROUP BY counter_id, segment
),

late AS (  -- how much the last eighth is above the same hours some days before. Grain: one segment
    SELECT b.counter_id, b.segment, quantile_cont(b.value - a.value, 0.5) AS risen, min(b.back) AS back
    FROM worked AS b
    JOIN worked AS a
        ON a.counter_id = b.counter_id AND a.segment = b.segment
       AND a.hour_of_day = b.hour_of_day AND a.day = b.day - b.back
    WHERE b.eighth = 8 AND b.by_day
    GROUP BY b.counter_id, b.segment
),

edge AS (  -- the lowest hour of the first day and of the last: what a load leaves behind
    SELECT
        counter_id, segment,
        quantile_cont(value, 0.5) FILTER (WHERE x < 3) AS start_level,
        min(value) FILTER (WHERE x < 24) AS first_low,
        min(value) FILTER (WHERE x > hours - 24) AS last_low,
        quantile_cont(value, 0.5) FILTER (WHERE x >= 24 AND x < 48) AS second_day,
        quantile_cont(value, 0.5) FILTER (WHERE x > hours - 24) AS last_day
    FROM point
    GROUP BY counter_id, segment
),

measured AS (
    SELECT
        f.host, f.process, f.measure, f.counter_id, f.segment, f.seg_from, f.seg_until, f.samples, f.hours,
        f.source_id, f.record, j.by_day,
        CASE WHEN e.restart_at IS NOT NULL THEN 'restart' WHEN e.gap_at IS NOT NULL THEN 'gap' ELSE 'end' END AS ended_by,
        coalesce(e.restart_at, e.gap_at) AS cut_at,
        l.start_value AS first_value,
        s.slope_per_h,
        s.slope_per_h * f.hours AS growth,
        -- a first value below what was measured would make the growth look larger
        s.slope_per_h * f.hours / nullif(greatest(l.start_value, g.start_level), 0) AS share,
        CASE WHEN s.s = 0 THEN 0 ELSE (s.s - sign(s.s)) / nullif(sqrt(v.variance), 0) END AS mk_z,
        s.s / nullif(CAST(s.pairs AS DOUBLE), 0) AS steady,
        q.q1, q.q2, q.q3, q.q4, a.risen, a.back, q.w1, q.w2, q.w3, d.d1, d.d2, d.d3, d.mixed, g.start_level, g.first_low, g.last_low, g.second_day, g.last_day
    FROM followed AS f
    LEFT JOIN ended AS e ON e.counter_id = f.counter_id AND e.segment = f.segment
    LEFT JOIN judged AS j ON j.counter_id = f.counter_id AND j.segment = f.segment
    LEFT JOIN slope AS s ON s.counter_id = f.counter_id AND s.segment = f.segment
    LEFT JOIN spread AS v ON v.counter_id = f.counter_id AND v.segment = f.segment
    LEFT JOIN line AS l ON l.counter_id = f.counter_id AND l.segment = f.segment
    LEFT JOIN quarter AS q ON q.counter_id = f.counter_id AND q.segment = f.segment
    LEFT JOIN late AS a ON a.counter_id = f.counter_id AND a.segment = f.segment
    LEFT JOIN day AS d ON d.counter_id = f.counter_id AND d.segment = f.segment
    LEFT JOIN edge AS g ON g.counter_id = f.counter_id AND g.segment = f.segment
),

tested AS (
    SELECT
        m.*,
        m.mk_z > p.least_z AND m.steady >= p.least_steady AS rises,
        m.mk_z < -p.least_z AND m.steady <= -p.least_steady AS falls,
        abs(m.growth) >= p.least_bytes AND abs(m.share) >= p.least_share AS large,
        CASE
            WHEN m.by_day
            THEN coalesce(m.risen < p.flat_day_share * m.slope_per_h * 24 * m.back, false)
                OR (m.d3 - m.d2 < p.slower_share * (m.d2 - m.d1) AND m.w3 - m.w2 < p.slower_share * (m.w2 - m.w1))
                OR m.slope_per_h <= 0
            ELSE m.q4 - m.q3 < p.flat_share * (m.q4 - m.q1) / 3 OR m.q4 <= m.q1
        END AS flat_end,
        CASE
            WHEN m.by_day THEN m.last_low - m.first_low >= p.floor_share * m.slope_per_h * (m.hours - 24)
            -- a day's load rises for some hours and falls again: all quarters must rise, and Monday is no Sunday
            ELSE NOT m.mixed AND least(m.q2 - m.q1, m.q3 - m.q2, m.q4 - m.q3) >= p.flat_share * (m.q4 - m.q1) / 3
                AND greatest(m.q2 - m.q1, m.q3 - m.q2, m.q4 - m.q3) <= p.even_share * (m.q4 - m.q1)
        END AS all_day,
        -- what was gained in the end, and after the first day
        CASE WHEN m.by_day THEN least(m.last_low - m.first_low, m.last_day - m.start_level) ELSE m.q4 - m.start_level END AS gained,
        m.second_day - m.start_level AS gained_early,
        p.least_bytes, p.least_share, p.warm_share
    FROM measured AS m
    CROSS JOIN setting AS p
)

SELECT
    t.host, t.process, c.object, c.counter, 'bytes' AS unit, t.measure, t.counter_id, t.segment,
    t.seg_from, t.seg_until, t.ended_by, t.cut_at, t.samples, t.hours,
    t.first_value, t.first_value + t.growth AS last_value, t.growth, 100 * t.share AS growth_pct,
    t.slope_per_h, t.mk_z, t.steady, t.flat_end,
    CASE
        WHEN t.mk_z IS NULL THEN 'short'
        WHEN t.measure = 'available' AND t.falls AND t.large THEN 'falling'
        WHEN t.measure = 'available' THEN 'flat'
        WHEN t.falls AND t.large THEN 'falling'
        WHEN t.rises AND t.large AND t.all_day AND NOT t.flat_end THEN 'leak'
        WHEN t.flat_end AND t.gained >= t.least_bytes AND t.gained >= t.least_share * t.start_level
        THEN CASE WHEN t.by_day AND t.gained_early < t.warm_share * (t.last_day - t.start_level) THEN 'plateau' ELSE 'warm-up' END
        ELSE 'flat'
    END AS kind,
    t.source_id, t.record
FROM tested AS t
JOIN memory_counter AS c ON c.counter_id = t.counter_id;
