/*
title = "How many messages waited, around each incident above info, and over all time"
grain = "One row: one stretch of full hours of one host, of one incident, or of all its mail logs (incident_id empty)."
columns = ["incident_id", "host", "ts", "value", "step_h"]
unknown = "incident_id is empty where the row tells of all time."
empty = "No queue can be rebuilt: no mail log here tells when messages came and went."
*/
-- The queue beside incidents, as a line to draw. value: the most messages that waited at a full hour of the
-- stretch that begins at ts and lasts step_h hours; 0 where the log tells that nothing waited. Stretches of which no log
-- tells are left out. Of several kinds of log the one that saw more is told.
WITH setting AS (
    SELECT
        200 AS points,   -- rows of one incident, at most
        40 AS least,     -- but no fewer than these
        20000 AS budget, -- once all incidents have so many together
        8 AS hosts       -- with the longest queues, over all time
),

telling AS (
    SELECT host, log
    FROM message
    GROUP BY host, log
    HAVING count(ended) > 0
),

depth AS (
    SELECT host, log, hour, sum(waiting) AS waiting
    FROM queue_depth
    GROUP BY host, log, hour
),

clock AS (  -- every full hour of each log
    SELECT
        s.host, s.log,
        date_trunc('hour', s.first_ts) + to_hours(CAST(n AS INTEGER)) AS hour
    FROM log_span AS s
    JOIN telling AS t ON t.host = s.host AND t.log = s.log
    CROSS JOIN unnest(range(1, CAST(floor(lp_hours(date_trunc('hour', s.first_ts), s.last_ts)) AS BIGINT) + 1)) AS u (n)
),

level AS (  -- an hour in a silence is one of which nothing is known, unless something waits through it
    SELECT c.host, c.hour, max(coalesce(d.waiting, 0)) AS waiting
    FROM clock AS c
    LEFT JOIN depth AS d ON d.host = c.host AND d.log = c.log AND d.hour = c.hour
    LEFT JOIN log_silence AS q
        ON q.host = c.host AND q.log = c.log AND q.silent_from < c.hour AND q.silent_until > c.hour
    WHERE d.waiting IS NOT NULL OR q.host IS NULL
    GROUP BY c.host, c.hour
),

reach AS (
    SELECT host, min(hour) AS first_hour, max(hour) AS last_hour, max(waiting) AS most
    FROM level
    GROUP BY host
),

loud AS (  -- with what went before and came after: a twentieth of its length, two hours at least
    SELECT
        incident_id, host, service, started_at, ended_at,
        to_microseconds(greatest(lp_minutes(120), CAST(floor(coalesce(lp_us(ended_at) - lp_us(started_at), 0) / 20) AS BIGINT))) AS around
    FROM incident
    WHERE severity <> 'info'
),

span AS (  -- grain: one incident, or one host
    SELECT
        i.incident_id, i.host,
        greatest(date_trunc('hour', i.started_at - i.around), r.first_hour) AS from_hour,
        least(coalesce(i.ended_at + i.around, r.last_hour), r.last_hour) AS until_ts,
        greatest(s.least, least(s.points, s.budget / count(*) OVER ())) AS points
    FROM loud AS i
    JOIN reach AS r ON r.host = i.host
    CROSS JOIN setting AS s
    UNION ALL
    SELECT CAST(NULL AS VARCHAR), r.host, r.first_hour, r.last_hour, s.points
    FROM (SELECT *, row_number() OVER (ORDER BY most DESC, host) AS place FROM reach WHERE most > 0) AS r
    JOIN setting AS s ON s.hosts >= r.place
),

stepped AS (
    SELECT *, greatest(1, CAST(ceil((lp_hours(from_hour, until_ts) + 1) / points) AS BIGINT)) AS step_h
    FROM span
    WHERE from_hour < until_ts
),

placed AS (
    SELECT
        s.incident_id, s.host, s.from_hour, s.step_h, l.waiting,
        CAST(floor(lp_hours(s.from_hour, l.hour) / s.step_h) AS BIGINT) AS place
    FROM stepped AS s
    JOIN level AS l ON l.host = s.host AND l.hour BETWEEN s.from_hour AND s.until_ts
)

SELECT
    incident_id, host, 'Waiting messages' AS name, 'messages' AS unit,
    from_hour + to_hours(CAST(place * step_h AS INTEGER)) AS ts,
    CAST(max(waiting) AS DOUBLE) AS value, step_h
FROM placed
GROUP BY incident_id, host, from_hour, step_h, place
ORDER BY incident_id NULLS FIRST, host, ts
