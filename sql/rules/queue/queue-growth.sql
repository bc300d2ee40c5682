/*
title = "Queues of $service on $host grow and do not drain"
severity = "medium"
summary = "Up to $waiting messages waited; a queue grew for $hours hours, by $grown_per_h an hour."
needs = ["counter_sample: SMTP Server(*), MSExchangeTransport Queues(*), MSExchangeMTA", "or queue_entry (Get-Queue, listings) at three moments"]
why = "A queue that works rises with the mail of an hour and empties again. This one was not empty for hours, and the least that waited rose all the time: more comes in than goes out, or something stays in for good."
todo = "See where it waits for (logpipe queue, Get-Queue, the SMTP log): one destination speaks for its host, all of them for this server, its DNS or its way out. Then see what the same hours hold of restarts, back pressure and refusals."
references = ["https://learn.microsoft.com/exchange/mail-flow/queues/queues"]

[params]
least_waiting = 25   # messages by which a queue must grow, and below which it does not matter
usual_factor = 3     # times the usual length from which on it matters
usual_share = 0.03   # part of all hours that are shorter than what is called usual: what is left when a queue has drained
hours = 12           # hours of growth, while the queue is below its limit (table queue_counter)
hours_over_limit = 6 # hours of growth above its limit
reached = 0.9        # part of its greatest length at which a growth is over; it may stay so long
grown_factor = 1.3   # times that the last third of the growth is longer than the first
least_z = 2.326      # Mann-Kendall z of the growth: 2.326 is p < 0.01, one-sided
points = 150         # about so many hours of one growth are compared
gap_h = 3            # hours without a sample that end a growth
snapshots = 3        # listings of a queue that must each be longer than the last
snapshot_h = 6       # hours over which those lie
*/

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
    WHERE s.ts IS NOT NULL AND s.value >= 0
    GROUP BY s.host, w.counter_id, w.service, w.name, w.limit_count, date_trunc('hour', s.ts)
),

usual AS (
    SELECT counter_id, quantile_cont(least, $usual_share) AS waiting, max(hour) AS last_hour
    FROM hourly
    GROUP BY counter_id
),

floored AS (  -- twice: above what is usual here, and above the limit
    SELECT h.*, u.last_hour, 'usual' AS over, least(h.limit_count, greatest($least_waiting, $usual_factor * u.waiting)) AS floor
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
            WHEN lp_us(hour) - lp_us(lag(hour) OVER (PARTITION BY counter_id, over ORDER BY hour)) > lp_minutes($gap_h * 60) THEN 1
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
    SELECT *, min(CASE WHEN least >= $reached * peak THEN hour END) OVER (PARTITION BY counter_id, over, run_no) AS risen_hour
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
        ceil(hours / CAST($points AS DOUBLE)) AS every,
        -- from two days on like is compared with like: the same hour of different days
        CASE WHEN hours >= 47 THEN CAST(floor(lp_us(hour) / 3600000000.0) AS BIGINT) % 24 ELSE 0 END AS season
    FROM rise
    WHERE hours >= CASE WHEN over = 'limit' THEN $hours_over_limit ELSE $hours END
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

grown AS (
    SELECT
        w.*, p.slope_per_h, p.s / nullif(sqrt(v.variance), 0) AS z,
        w.until_hour = w.last_hour AS ongoing, e.next_least,
        row_number() OVER (PARTITION BY w.host, w.counter_id, w.until_ts ORDER BY w.hours DESC, w.over) AS widest
    FROM whole AS w
    JOIN pair AS p ON p.counter_id = w.counter_id AND p.over = w.over AND p.run_no = w.run_no
    JOIN ended AS e ON e.counter_id = w.counter_id AND e.over = w.over AND e.run_no = w.run_no
    JOIN spread AS v ON v.counter_id = w.counter_id AND v.over = w.over AND v.run_no = w.run_no
    WHERE p.s / nullif(sqrt(v.variance), 0) > $least_z AND p.slope_per_h > 0
      AND w.late >= $grown_factor * w.early AND w.late - w.early >= $least_waiting
),

begun AS (  -- the queue began to grow when it was last short. Grain: one growth
    SELECT
        g.host, g.counter_id, g.over, g.run_no,
        max(h.last_ts) AS short_ts
    FROM grown AS g
    JOIN hourly AS h
        ON h.counter_id = g.counter_id AND h.hour < date_trunc('hour', g.from_ts) AND h.least <= 0.2 * g.floor
    GROUP BY g.host, g.counter_id, g.over, g.run_no
),

snapshot AS (  -- grain: one queue, or all files and messages of a host, at one moment
    SELECT
        coalesce(q.host, s.host) AS host,
        CASE WHEN q.kind = 'queue' THEN coalesce(q.queue, q.destination, 'queue') ELSE 'queue folder' END AS name,
        q.ts,
        CASE WHEN q.kind = 'queue' THEN sum(coalesce(q.message_count, 0)) ELSE count(*) END AS waiting,
        min(q.source_id) AS source_id, min(q.record) AS record
    FROM queue_entry AS q
    JOIN source AS s ON s.source_id = q.source_id
    WHERE q.ts IS NOT NULL
    GROUP BY coalesce(q.host, s.host), q.kind, CASE WHEN q.kind = 'queue' THEN coalesce(q.queue, q.destination, 'queue') ELSE 'queue folder' END, q.ts
),

stepped AS (
    SELECT *, lag(waiting) OVER (PARTITION BY host, name ORDER BY ts, source_id) AS before
    FROM snapshot
),

climbed AS (
    SELECT *, sum(CASE WHEN before IS NULL OR waiting <= before THEN 1 ELSE 0 END) OVER (PARTITION BY host, name ORDER BY ts, source_id ROWS UNBOUNDED PRECEDING) AS climb_no
    FROM stepped
),

climb AS (  -- grain: one queue that was longer each time it was seen
    SELECT
        host, name, climb_no, min(ts) AS from_ts, max(ts) AS until_ts,
        min(waiting) AS early, max(waiting) AS late, count(*) AS times,
        lp_hours(min(ts), max(ts)) AS hours,
        arg_max(source_id, ts) AS source_id, arg_max(record, ts) AS record
    FROM climbed
    GROUP BY host, name, climb_no
    HAVING count(*) >= $snapshots AND lp_hours(min(ts), max(ts)) >= $snapshot_h
       AND max(waiting) - min(waiting) >= $least_waiting
),

every AS (  -- grain: one growth of one queue
    SELECT
        g.host, g.service, coalesce(greatest(b.short_ts, g.from_ts - INTERVAL 24 HOUR), g.from_ts) AS ts,
        g.until_ts, g.ongoing, g.most, CAST(g.hours AS DOUBLE) AS hours, g.slope_per_h,
        CASE WHEN g.most >= g.limit_count THEN 'medium' ELSE 'low' END AS severity,
        g.name || ' grew for ' || g.hours || ' h from ' || CAST(round(g.early) AS BIGINT) || ' to ' || CAST(round(g.late) AS BIGINT)
            || ', ' || round(g.slope_per_h, 1) || ' an hour, and was never below ' || CAST(round(g.floor) AS BIGINT)
            || ' (Mann-Kendall z ' || round(g.z, 1) || ')' AS text,
        CASE
            WHEN g.ongoing THEN NULL
            WHEN g.next_least < g.floor THEN g.name || ' fell below ' || CAST(round(g.floor) AS BIGINT) || ' again'
            ELSE g.name || ' was not measured any more'
        END AS end_text,
        CAST(floor(g.place / 1099511627776.0) AS INTEGER) AS source_id, CAST(g.place % 1099511627776 AS UBIGINT) AS record
    FROM grown AS g
    LEFT JOIN begun AS b ON b.counter_id = g.counter_id AND b.over = g.over AND b.run_no = g.run_no
    WHERE g.widest = 1
    UNION ALL
    SELECT
        c.host, CASE WHEN c.name = 'queue folder' THEN 'SMTPSVC' ELSE 'MSExchangeTransport' END, c.from_ts,
        c.until_ts, true, c.late, c.hours, (c.late - c.early) / c.hours,
        'low',
        c.name || ' was longer each of the ' || c.times || ' times it was listed: ' || CAST(c.early AS BIGINT) || ' to '
            || CAST(c.late AS BIGINT) || ' messages in ' || round(c.hours, 1) || ' h',
        CAST(NULL AS VARCHAR),
        c.source_id, c.record
    FROM climb AS c
),

spaced AS (
    SELECT
        *,
        max(until_ts) OVER (PARTITION BY host, service ORDER BY ts, text ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_until
    FROM every
),

joined AS (  -- growths of one service that overlap are one incident
    SELECT *, sum(CASE WHEN before_until IS NULL OR ts > before_until THEN 1 ELSE 0 END)
        OVER (PARTITION BY host, service ORDER BY ts, text ROWS UNBOUNDED PRECEDING) AS incident_no
    FROM spaced
),

keyed AS (
    SELECT
        *,
        service || ' ' || strftime(min(ts) OVER (PARTITION BY host, service, incident_no), '%Y-%m-%dT%H:%M:%SZ') AS incident_key
    FROM joined
)

SELECT
    incident_key, 'sign' AS role, severity, ts, CASE WHEN ongoing THEN NULL ELSE until_ts END AS ts_end, ongoing,
    host, service, text, 'waiting' AS measure, CAST(most AS DOUBLE) AS value, source_id, record
FROM keyed
UNION ALL
SELECT
    incident_key, 'sign' AS role, severity, ts, CASE WHEN ongoing THEN NULL ELSE until_ts END AS ts_end, ongoing,
    host, service, 'it grew for ' || round(hours, 1) || ' h' AS text, 'hours' AS measure, round(hours, 1) AS value, source_id, record
FROM keyed
UNION ALL
SELECT
    incident_key, 'sign' AS role, severity, ts, CASE WHEN ongoing THEN NULL ELSE until_ts END AS ts_end, ongoing,
    host, service, 'by ' || round(slope_per_h, 1) || ' messages an hour' AS text, 'grown_per_h' AS measure, round(slope_per_h, 1) AS value, source_id, record
FROM keyed
UNION ALL
SELECT
    incident_key, 'release' AS role, severity, until_ts AS ts, CAST(NULL AS TIMESTAMP) AS ts_end, false AS ongoing,
    host, service, end_text AS text, CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS DOUBLE) AS value, source_id, record
FROM keyed
WHERE end_text IS NOT NULL
