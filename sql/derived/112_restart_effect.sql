-- What each restart did to the queue. One row: one restart of a mail service or host that a mail log spans.
-- waiting_before: messages (of table waiting_message) in the queue when it went down; waiting_after: half
-- an hour after the start, NULL where the log ends before; oldest_before_min: age of the oldest one then,
-- minutes, NULL where none waited. Of a host's logs message tracking speaks before the SMTP log.
CREATE OR REPLACE TABLE restart_effect AS
WITH spanned AS (
    SELECT
        r.host, r.service, r.start_at, l.log, l.last_ts,
        coalesce(r.stop_at, r.start_at) AS began,
        r.start_at + INTERVAL 30 MINUTE AS after_at,
        row_number() OVER (
            PARTITION BY r.host, r.service, r.start_at
            ORDER BY CASE WHEN l.log = 'smtp' THEN 2 ELSE 1 END, l.log, r.stop_at
        ) AS choice
    FROM restart AS r
    JOIN log_span AS l
        ON l.host = r.host AND l.first_ts <= r.start_at AND l.last_ts >= coalesce(r.stop_at, r.start_at)
    WHERE r.mail
),

asked AS (
    SELECT host, log, service, start_at, 'before' AS which, began AS ts FROM spanned WHERE choice = 1
    UNION ALL
    SELECT host, log, service, start_at, 'after' AS which, after_at AS ts FROM spanned WHERE choice = 1
),

whole AS (  -- a message to several domains waits once
    SELECT host, log, message, min(entered) AS entered, max(until_ts) AS until_ts
    FROM waiting_message
    GROUP BY host, log, message
),

step AS (  -- at the same moment the question comes first: what ends with the restart was waiting
    SELECT host, log, ts, 0 AS step_no, 0 AS delta, service, start_at, which FROM asked
    UNION ALL
    SELECT host, log, entered, 1, 1, NULL, NULL, NULL FROM whole
    UNION ALL
    SELECT host, log, until_ts, 1, -1, NULL, NULL, NULL FROM whole
),

counted AS (
    SELECT
        host, log, service, start_at, which,
        sum(delta) OVER (
            PARTITION BY host, log ORDER BY ts, step_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS waiting
    FROM step
),

ending AS (  -- nobody comes back into the queue: the oldest waiting is the first to enter of all that end later
    SELECT host, log, until_ts AS ts, 1 AS step_no, entered, NULL AS service, NULL AS start_at FROM whole
    UNION ALL
    SELECT host, log, ts, 0, NULL, service, start_at FROM asked WHERE which = 'before'
),

aged AS (
    SELECT
        host, log, service, start_at, ts,
        min(entered) OVER (
            PARTITION BY host, log ORDER BY ts, step_no ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS oldest
    FROM ending
)

SELECT
    p.host, p.service, p.start_at, p.log,
    b.waiting AS waiting_before,
    CASE WHEN p.after_at <= p.last_ts THEN a.waiting END AS waiting_after,
    CASE WHEN o.oldest < p.began AND b.waiting > 0 THEN round((lp_us(p.began) - lp_us(o.oldest)) / 60000000.0, 1) END AS oldest_before_min
FROM spanned AS p
JOIN counted AS b
    ON b.host = p.host AND b.log = p.log AND b.service = p.service AND b.start_at = p.start_at AND b.which = 'before'
JOIN counted AS a
    ON a.host = p.host AND a.log = p.log AND a.service = p.service AND a.start_at = p.start_at AND a.which = 'after'
JOIN aged AS o
    ON o.host = p.host AND o.log = p.log AND o.service = p.service AND o.start_at = p.start_at
WHERE p.choice = 1;
