-- The queue, rebuilt from the logs. One row: one full hour at which messages (of table waiting_message)
-- waited for one domain on one host, by one kind of log. waiting: messages then; oldest_min: age of the
-- oldest, minutes. An hour without a row is one at which nothing waited for longer than a minute, as far as
-- the log reaches (log_span); log_silence has its holes. Other moments: logpipe queue --at.
CREATE OR REPLACE TABLE queue_depth AS
WITH bounded AS (  -- the first full hour at which each message waits, and the first at which it does not
    SELECT
        host, log, domain, entered,
        date_trunc('hour', entered) + CASE WHEN date_trunc('hour', entered) < entered THEN INTERVAL 1 HOUR ELSE INTERVAL 0 HOUR END AS from_hour,
        date_trunc('hour', until_ts) + CASE WHEN date_trunc('hour', until_ts) < until_ts THEN INTERVAL 1 HOUR ELSE INTERVAL 0 HOUR END AS until_hour
    FROM waiting_message
),

crossing AS (
    SELECT * FROM bounded WHERE from_hour < until_hour
),

step AS (
    SELECT host, log, domain, hour, sum(delta) AS delta
    FROM (
        SELECT host, log, domain, from_hour AS hour, 1 AS delta FROM crossing
        UNION ALL
        SELECT host, log, domain, until_hour AS hour, -1 AS delta FROM crossing
    ) AS one
    GROUP BY host, log, domain, hour
),

level AS (  -- between two steps the number stays
    SELECT
        host, log, domain, hour,
        sum(delta) OVER (
            PARTITION BY host, log, domain ORDER BY hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS waiting,
        lead(hour) OVER (PARTITION BY host, log, domain ORDER BY hour) AS next_hour
    FROM step
),

hourly AS (
    SELECT
        host, log, domain, waiting, hour,
        unnest(range(0, CAST(round(lp_hours(hour, next_hour)) AS BIGINT))) AS n
    FROM level
    WHERE waiting > 0 AND next_hour IS NOT NULL
),

asked AS (
    SELECT host, log, domain, waiting, hour + to_hours(CAST(n AS INTEGER)) AS hour FROM hourly
),

ending AS (  -- nobody comes back: the oldest at an hour is the first to enter of all that end later
    SELECT host, log, domain, until_hour AS hour, 0 AS step_no, entered, NULL AS waiting FROM crossing
    UNION ALL
    SELECT host, log, domain, hour, 1 AS step_no, NULL AS entered, waiting FROM asked
),

aged AS (
    SELECT
        host, log, domain, hour, step_no, waiting,
        min(entered) OVER (
            PARTITION BY host, log, domain ORDER BY hour, step_no ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS oldest
    FROM ending
)

SELECT
    host, log, domain AS destination, hour, CAST(waiting AS BIGINT) AS waiting,
    round((lp_us(hour) - lp_us(oldest)) / 60000000.0, 1) AS oldest_min
FROM aged
WHERE step_no = 1;
