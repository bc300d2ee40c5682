-- How queues went, stretch by stretch, by counters and by listings. One row: one stretch of one queue.
--   over       what it was not below all that time: usual (three times what is left of this queue when it has
--              drained, the least hour of 97 in 100 taken for that; 25 messages at the least) or limit (table
--              queue_counter). A stretch ends below that, or with three hours without a sample. Or listings: of
--              a stretch each listing was longer than the last
--   began      when the queue was last short before it, at most a day; from_ts is its first sample or listing
--   hours      of a counter from from_ts until the queue was about as long as it got (nine tenths), six at least;
--              of listings from the first to the last; times counts these hours or listings
--   early      length in the first third of them, or in the first listing; late: in the last third, or the last;
--              most: the greatest, until until_ts
--   slope_per_h, mk_z  Theil-Sen slope of the least of each hour, and Mann-Kendall z with ties, over about 150
--              hours; from two days on the same hours of different days are compared. Of listings first to last
--   next_least the least of the hour after it; ongoing: there is none
CREATE OR REPLACE TABLE queue_trend AS
WITH watched AS (  -- grain: one counter; _Total speaks for its instances
    SELECT
        c.counter_id, k.service, k.limit_count,
        c.object || coalesce('(' || nullif(c.instance, '') || ')', '') || '\' || c.counter AS name,
        lower(c.instance) = '_total' AS total,
        bool_or(coalesce(lower(c.instance) = '_total', false)) OVER (PARTITION BY c.host, k.object, k.counter) AS has_total
    FROM counter AS c
    JOIN queue_counter AS k ON k.object = lower(c.object) AND k.counter = lower(c.counter)
),

hourly AS (  -- the least that waited in an hour: what did not drain. Grain: one counter and hour
    SELECT
        s.host, w.counter_id, w.service, w.name, w.limit_count,
        date_trunc('hour', s.ts) AS hour,
        min(s.value) AS least, max(s.value) AS most,
        min(s.ts) AS first_ts, max(s.ts) AS last_ts,
        -- file and line in one number
        min(s.source_id * 1099511627776 + CAST(s.record AS BIGINT)) AS place
    FROM counter_sample AS s
    JOIN watched AS w ON w.counter_id = s.counter_id AND (w.total OR NOT w.has_total)
    WHERE s.ts IS NOT NULL AND s.value >= 0 AND s.value < 1e15  -- more is no count
    GROUP BY s.host, w.counter_id, w.service, w.name, w.limit_count, date_trunc('hour', s.ts)
),

usual AS (
    SELECT counter_id, quantile_cont(least, 0.03) AS waiting, max(hour) AS last_hour
    FROM hourly
    GROUP BY counter_id
),

floored AS (  -- twice: above what is usual here, and above the limit
    SELECT h.*, u.last_hour, 'usual' AS over, least(h.limit_count, greatest(25, 3 * u.waiting)) AS floor
    FROM hourly AS h
    JOIN usual AS u ON u.counter_id = h.counter_id
    UNION ALL
    SELECT h.*, u.last_hour, 'limit' AS over, h.limit_count AS floor
    FROM hourly AS h
    JOIN usual AS u ON u.counter_id = h.counter_id
),

broken AS (
    SELECT
        *,
        CASE
            WHEN least < floor THEN 1
            WHEN lp_us(hour) - lp_us(lag(hour) OVER (PARTITION BY counter_id, over ORDER BY hour)) > lp_minutes(3 * 60) THEN 1
            ELSE 0
        END AS break,
        lead(least) OVER (PARTITION BY counter_id, over ORDER BY hour) AS next_least
    FROM floored
),

numbered AS (
    SELECT *, sum(break) OVER (PARTITION BY counter_id, over ORDER BY hour ROWS UNBOUNDED PRECEDING) AS run_no
    FROM broken
),

stretch AS (  -- grain: one hour of a stretch above the floor
    SELECT
        *,
        max(least) OVER whole AS peak,
        max(most) OVER whole AS highest,
        max(last_ts) OVER whole AS until_ts,
        max(hour) OVER whole AS until_hour
    FROM numbered
    WHERE least >= floor
    WINDOW whole AS (PARTITION BY counter_id, over, run_no)
),

risen AS (
    SELECT *, min(CASE WHEN least >= 0.9 * peak THEN hour END) OVER (PARTITION BY counter_id, over, run_no) AS risen_hour
    FROM stretch
),

rise AS (  -- grain: one hour of it until the queue was about as long as it got; what came then does not count
    SELECT
        *,
        row_number() OVER (PARTITION BY counter_id, over, run_no ORDER BY hour) AS hour_no,
        ntile(3) OVER (PARTITION BY counter_id, over, run_no ORDER BY hour) AS third,
        count(*) OVER (PARTITION BY counter_id, over, run_no) AS hours
    FROM risen
    WHERE hour <= risen_hour
),

ended AS (  -- grain: one stretch
    SELECT counter_id, over, run_no, arg_max(next_least, hour) AS next_least
    FROM stretch
    GROUP BY counter_id, over, run_no
),

long_run AS (
    SELECT
        *,
        ceil(hours / 150.0) AS every,
        -- from two days on like is compared with like: the same hour of different days
        CASE WHEN hours >= 47 THEN CAST(floor(lp_us(hour) / 3600000000.0) AS BIGINT) % 24 ELSE 0 END AS season
    FROM rise
    WHERE hours >= 6
),

thin AS (
    SELECT counter_id, over, run_no, hour, least, season
    FROM long_run
    -- every so many hours of the day, so that hours of different days meet
    WHERE CASE WHEN hours >= 47 THEN season ELSE hour_no - 1 END % CAST(least(every, 24) AS BIGINT) = 0
),

pair AS (
    SELECT
        a.counter_id, a.over, a.run_no,
        sum(CASE WHEN b.least > a.least THEN 1 WHEN b.least < a.least THEN -1 ELSE 0 END) AS s,
        quantile_cont((b.least - a.least) / ((lp_us(b.hour) - lp_us(a.hour)) / 3600000000.0), 0.5) AS slope_per_h
    FROM thin AS a
    JOIN thin AS b ON b.counter_id = a.counter_id AND b.over = a.over AND b.run_no = a.run_no
       AND b.season = a.season AND b.hour > a.hour
    GROUP BY a.counter_id, a.over, a.run_no
),

tie AS (
    SELECT counter_id, over, run_no, season, least, CAST(count(*) AS DOUBLE) AS t
    FROM thin
    GROUP BY counter_id, over, run_no, season, least
),

season AS (
    SELECT
        counter_id, over, run_no, season,
        sum(t) * (sum(t) - 1) * (2 * sum(t) + 5) - sum(t * (t - 1) * (2 * t + 5)) AS v18
    FROM tie
    GROUP BY counter_id, over, run_no, season
),

spread AS (
    SELECT counter_id, over, run_no, sum(v18) / 18.0 AS variance
    FROM season
    GROUP BY counter_id, over, run_no
),

whole AS (  -- grain: one stretch
    SELECT
        host, counter_id, over, run_no, service, name, limit_count, floor,
        min(first_ts) AS from_ts, min(until_ts) AS until_ts, min(until_hour) AS until_hour, max(last_hour) AS last_hour,
        min(hours) AS hours, max(highest) AS most,
        quantile_cont(least, 0.5) FILTER (WHERE third = 1) AS early,
        quantile_cont(least, 0.5) FILTER (WHERE third = 3) AS late,
        min(place) AS place
    FROM long_run
    GROUP BY host, counter_id, over, run_no, service, name, limit_count, floor
),

trend AS (
    SELECT
        w.*, p.slope_per_h, p.s / nullif(sqrt(v.variance), 0) AS mk_z,
        w.until_hour = w.last_hour AS ongoing, e.next_least
    FROM whole AS w
    JOIN pair AS p ON p.counter_id = w.counter_id AND p.over = w.over AND p.run_no = w.run_no
    JOIN ended AS e ON e.counter_id = w.counter_id AND e.over = w.over AND e.run_no = w.run_no
    JOIN spread AS v ON v.counter_id = w.counter_id AND v.over = w.over AND v.run_no = w.run_no
),

begun AS (  -- the queue began to grow when it was last short. Grain: one stretch
    SELECT
        g.counter_id, g.over, g.run_no,
        max(h.last_ts) AS short_ts
    FROM trend AS g
    JOIN hourly AS h
        ON h.counter_id = g.counter_id AND h.hour < date_trunc('hour', g.from_ts) AND h.least <= 0.2 * g.floor
    GROUP BY g.counter_id, g.over, g.run_no
),

snapshot AS (  -- grain: one queue, or all files and messages of a host, at one moment
    SELECT
        coalesce(q.host, s.host) AS host,
        CASE WHEN q.kind = 'queue' THEN coalesce(q.queue, q.destination, 'queue') ELSE 'queue folder' END AS queue,
        q.ts,
        CASE WHEN q.kind = 'queue' THEN sum(coalesce(q.message_count, 0)) ELSE count(*) END AS waiting,
        min(q.source_id) AS source_id, min(q.record) AS record
    FROM queue_entry AS q
    JOIN source AS s ON s.source_id = q.source_id
    WHERE q.ts IS NOT NULL
    GROUP BY coalesce(q.host, s.host), q.kind, CASE WHEN q.kind = 'queue' THEN coalesce(q.queue, q.destination, 'queue') ELSE 'queue folder' END, q.ts
),

stepped AS (
    SELECT
        *,
        lag(waiting) OVER turns AS before,
        max(ts) OVER (PARTITION BY host, queue) AS last_listed
    FROM snapshot
    WINDOW turns AS (PARTITION BY host, queue ORDER BY ts, source_id)
),

climbed AS (
    SELECT *, sum(CASE WHEN before IS NULL OR waiting <= before THEN 1 ELSE 0 END) OVER (PARTITION BY host, queue ORDER BY ts, source_id ROWS UNBOUNDED PRECEDING) AS climb_no
    FROM stepped
),

climb AS (  -- grain: one queue that was longer each time it was seen
    SELECT
        host, queue, min(ts) AS from_ts, max(ts) AS until_ts, max(ts) = min(last_listed) AS ongoing,
        min(waiting) AS early, max(waiting) AS late, count(*) AS times,
        lp_hours(min(ts), max(ts)) AS hours,
        arg_max(source_id, ts) AS source_id, arg_max(record, ts) AS record
    FROM climbed
    GROUP BY host, queue, climb_no
    HAVING count(*) > 1
)

SELECT
    t.host, t.service, t.name AS queue, t.counter_id, t.over, t.floor, t.limit_count,
    coalesce(greatest(b.short_ts, t.from_ts - INTERVAL 24 HOUR), t.from_ts) AS began,
    t.from_ts, t.until_ts, t.ongoing, t.hours AS times, CAST(t.hours AS DOUBLE) AS hours,
    CAST(t.early AS DOUBLE) AS early, CAST(t.late AS DOUBLE) AS late, CAST(t.most AS DOUBLE) AS most,
    t.slope_per_h, t.mk_z, t.next_least,
    CAST(floor(t.place / 1099511627776.0) AS INTEGER) AS source_id, CAST(t.place % 1099511627776 AS UBIGINT) AS record
FROM trend AS t
LEFT JOIN begun AS b ON b.counter_id = t.counter_id AND b.over = t.over AND b.run_no = t.run_no
UNION ALL
SELECT
    host, CASE WHEN queue = 'queue folder' THEN 'SMTPSVC' ELSE 'MSExchangeTransport' END, queue, NULL, 'listings', NULL, NULL,
    from_ts, from_ts, until_ts, ongoing, times, hours,
    CAST(early AS DOUBLE), CAST(late AS DOUBLE), CAST(late AS DOUBLE),
    (late - early) / nullif(hours, 0), NULL, NULL,
    source_id, record
FROM climb;
