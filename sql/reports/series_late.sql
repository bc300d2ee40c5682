/*
title = "How many messages were late, by the hour in which they came"
grain = "One row: one stretch of full hours of one host."
columns = ["host", "ts", "value", "step_h"]
empty = "No waits can be told: no mail log here tells when messages came and went."
*/
-- Late messages, as bars to draw. value: the messages that entered in the stretch of step_h hours from ts on
-- and had a recipient that was not served for more than an hour. Stretches without any are left out. Of several kinds of log
-- the one that saw more is told.
WITH setting AS (
    SELECT
        200 AS points, -- stretches of one host, at most
        60 AS late_min, -- minutes
        8 AS hosts -- with the most late messages
),

late AS (
    SELECT w.host, w.log, date_trunc('hour', w.entered) AS hour, count(DISTINCT w.message) AS messages
    FROM waiting_message AS w
    CROSS JOIN setting AS s
    WHERE lp_us(w.until_ts) - lp_us(w.entered) > lp_minutes(s.late_min)
    GROUP BY w.host, w.log, date_trunc('hour', w.entered)
),

reach AS (
    SELECT l.host, l.from_hour, greatest(1, CAST(ceil((lp_hours(l.from_hour, l.last_ts) + 1) / s.points) AS BIGINT)) AS step_h
    FROM (
        SELECT host, date_trunc('hour', min(first_ts)) AS from_hour, max(last_ts) AS last_ts
        FROM log_span
        GROUP BY host
    ) AS l
    CROSS JOIN setting AS s
),

placed AS (
    SELECT
        r.host, r.step_h, l.log, r.from_hour,
        CAST(floor(lp_hours(r.from_hour, l.hour) / r.step_h) AS BIGINT) AS place,
        sum(l.messages) AS messages
    FROM reach AS r
    JOIN late AS l ON l.host = r.host
    GROUP BY r.host, r.step_h, l.log, r.from_hour, CAST(floor(lp_hours(r.from_hour, l.hour) / r.step_h) AS BIGINT)
),

told AS (
    SELECT host, step_h, from_hour, place, max(messages) AS messages
    FROM placed
    GROUP BY host, step_h, from_hour, place
),

ranked AS (
    SELECT host, row_number() OVER (ORDER BY sum(messages) DESC, host) AS place
    FROM told
    GROUP BY host
)

SELECT
    CAST(NULL AS VARCHAR) AS incident_id, t.host, 'Late messages' AS name, 'messages' AS unit,
    t.from_hour + to_hours(CAST(t.place * t.step_h AS INTEGER)) AS ts,
    CAST(t.messages AS DOUBLE) AS value, t.step_h
FROM told AS t
JOIN ranked AS r ON r.host = t.host
JOIN setting AS s ON s.hosts >= r.place
ORDER BY t.host, ts
