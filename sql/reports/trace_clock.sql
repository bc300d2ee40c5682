-- How far the clock of each host of the mail is ahead of the one that saw it first. Reads trace_row. No parameter.
-- One row: one host. ahead_s is NULL where no mail tells; known_by: first (its times stand as they are), direct,
-- by way of (over hosts between); steps: pairs of hosts between the two. moved: further than can be told otherwise.
WITH RECURSIVE link AS (  -- one row: one pair of hosts in one direction; mail both ways cancels its way
    SELECT from_host, to_host, avg(ahead_s) AS ahead_s, max(spread_s) AS spread_s, max(tolerance_s) AS tolerance_s, sum(messages) AS messages
    FROM (
        SELECT from_host, to_host, offset_s AS ahead_s, spread_s, tolerance_s, messages FROM clock_offset
        UNION ALL
        SELECT to_host, from_host, -offset_s, spread_s, tolerance_s, messages FROM clock_offset
    ) AS both_ways
    GROUP BY from_host, to_host
),

seen AS (
    SELECT host, min(ts) AS first_ts
    FROM trace_row
    WHERE ts IS NOT NULL AND host IS NOT NULL
    GROUP BY host
),

root AS (
    SELECT host FROM seen ORDER BY first_ts, host LIMIT 1
),

reached AS (
    SELECT
        host, CAST(0 AS DOUBLE) AS ahead_s, CAST(0 AS DOUBLE) AS spread_s, CAST(0 AS DOUBLE) AS tolerance_s,
        CAST(0 AS BIGINT) AS messages, 0 AS steps
    FROM root
    UNION ALL
    SELECT
        l.to_host, r.ahead_s + l.ahead_s, r.spread_s + l.spread_s, greatest(r.tolerance_s, l.tolerance_s),
        CAST(l.messages AS BIGINT), r.steps + 1
    FROM reached AS r
    JOIN link AS l ON l.from_host = r.host
    WHERE r.steps < 3
),

nearest AS (  -- of several ways the shortest
    SELECT host, ahead_s, steps
    FROM (
        SELECT *, row_number() OVER (PARTITION BY host ORDER BY steps, spread_s, messages DESC, ahead_s) AS choice
        FROM reached
    ) AS r
    WHERE choice = 1
),

first_host AS (  -- by one clock: the earliest raw time may be that of a slow clock
    SELECT s.host, n.ahead_s
    FROM seen AS s
    JOIN nearest AS n ON n.host = s.host
    ORDER BY s.first_ts - to_microseconds(CAST(round(n.ahead_s * 1000000) AS BIGINT)), s.host
    LIMIT 1
),

way AS (  -- the same once more from there, so that distances and spreads are those to it
    SELECT
        host, CAST(0 AS DOUBLE) AS ahead_s, CAST(0 AS DOUBLE) AS spread_s, CAST(0 AS DOUBLE) AS tolerance_s,
        CAST(0 AS BIGINT) AS messages, 0 AS steps
    FROM first_host
    UNION ALL
    SELECT
        l.to_host, w.ahead_s + l.ahead_s, w.spread_s + l.spread_s, greatest(w.tolerance_s, l.tolerance_s),
        CAST(l.messages AS BIGINT), w.steps + 1
    FROM way AS w
    JOIN link AS l ON l.from_host = w.host
    WHERE w.steps < 3
),

best AS (
    SELECT *, row_number() OVER (PARTITION BY host ORDER BY steps, spread_s, messages DESC, ahead_s) AS choice
    FROM way
)

SELECT
    s.host,
    round(b.ahead_s, 3) AS ahead_s, round(b.spread_s, 3) AS spread_s, b.tolerance_s, b.messages, b.steps,
    CASE WHEN b.steps = 0 THEN 'first' WHEN b.steps = 1 THEN 'direct' WHEN b.steps > 1 THEN 'by way of' END AS known_by,
    coalesce(abs(b.ahead_s) > b.tolerance_s, false) AS moved,
    -- what is taken off a time of this host
    CASE WHEN abs(b.ahead_s) > b.tolerance_s THEN CAST(round(b.ahead_s * 1000000) AS BIGINT) ELSE 0 END AS shift_us,
    s.first_ts
FROM seen AS s
LEFT JOIN best AS b ON b.host = s.host AND b.choice = 1
ORDER BY s.first_ts, s.host
