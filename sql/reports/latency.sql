/*
title = "How long mail took: percentiles of the seconds from entry to delivery"
grain = "One row: one hour, host, connector or destination."
columns = ["grouped_by", "delivered", "p50", "p95", "max", "change", "returned", "waiting", "baseline_p95", "failed", "p99", "p90", "unseen"]
unknown = "A baseline needs a time before --from or --since to compare with."
empty = "No mail in the store that entered then. Collect message tracking logs, or the SMTP service's W3C logs with both directions, and run 'logpipe analyze'."

[params.by]
default = "host"
choices = ["host", "hour", "connector", "destination"]
text = "what one row is: of an hour that in which mail entered, of a connector that of the row that ended it"

[params.from]
kind = "moment"
unit = "UTC"
text = "only mail that entered from then on; what entered before is the baseline"

[params.to]
kind = "moment"
unit = "UTC"
text = "only mail that entered before"

[params.since]
kind = "span"
unit = "minutes"
text = "in place of from: so long before the newest moment in the mail logs"

[params.hosts]
kind = "hosts"
text = "only these hosts"
*/
-- delivered, waiting, returned, failed count recipients, and tell what became of them by the end of the logs.
-- p50 to max: seconds. unseen: delivered, but the entry is not in the logs, so that the seconds are not known.
-- baseline_p95: of the same group, of an hour that of the same hour of the day, over all time before $from.
WITH newest AS (
    SELECT max(s.last_ts) AS ts
    FROM source AS s
    JOIN log_kind AS k ON k.format = s.format
    WHERE k.kind IN ('smtp', 'tracking')
),

asked AS (
    SELECT
        coalesce(CAST($from AS TIMESTAMP), ts - to_microseconds(lp_minutes($since))) AS from_ts,
        CAST($to AS TIMESTAMP) AS until_ts
    FROM newest
),

mail AS (  -- one row: one recipient of one message on one host
    SELECT
        CASE $by
            WHEN 'host' THEN m.host
            WHEN 'hour' THEN strftime(date_trunc('hour', m.entered), '%Y-%m-%dT%H:%MZ')
            WHEN 'connector' THEN m.connector
            WHEN 'destination' THEN m.domain
        END AS grouped_by,
        CASE $by
            WHEN 'host' THEN m.host
            WHEN 'hour' THEN strftime(m.entered, '%H')
            WHEN 'connector' THEN m.connector
            WHEN 'destination' THEN m.domain
        END AS compared_by,
        m.outcome, m.seconds,
        a.from_ts IS NOT NULL AND m.entered < a.from_ts AS is_before
    FROM counted_message AS m
    CROSS JOIN asked AS a
    WHERE (a.until_ts IS NULL OR m.entered < a.until_ts)
      AND (CAST($hosts AS VARCHAR[]) IS NULL OR list_contains(CAST($hosts AS VARCHAR[]), m.host))
),

baseline AS (
    SELECT compared_by, quantile_cont(seconds, 0.95) AS p95
    FROM mail
    WHERE is_before AND seconds IS NOT NULL
    GROUP BY compared_by
),

spread AS (
    SELECT
        grouped_by, compared_by,
        count(*) FILTER (WHERE outcome <> 'unknown') AS known,
        count(*) FILTER (WHERE outcome = 'delivered') AS delivered,
        count(*) FILTER (WHERE outcome = 'open') AS waiting,
        count(*) FILTER (WHERE outcome = 'returned') AS returned,
        count(*) FILTER (WHERE outcome = 'failed') AS failed,
        count(*) FILTER (WHERE outcome = 'delivered' AND seconds IS NULL) AS unseen,
        quantile_cont(seconds, 0.5) AS p50,
        quantile_cont(seconds, 0.9) AS p90,
        quantile_cont(seconds, 0.95) AS p95,
        quantile_cont(seconds, 0.99) AS p99,
        max(seconds) AS longest
    FROM mail
    WHERE NOT is_before
    GROUP BY grouped_by, compared_by
)

SELECT
    s.grouped_by,
    -- a log that tells no end of any message does not tell what became of one
    CASE WHEN s.known > 0 THEN s.delivered END AS delivered,
    round(s.p50, 1) AS p50, round(s.p90, 1) AS p90, round(s.p95, 1) AS p95, round(s.p99, 1) AS p99,
    round(s.longest, 1) AS max,
    CASE WHEN s.known > 0 THEN s.waiting END AS waiting,
    CASE WHEN s.known > 0 THEN s.returned END AS returned,
    CASE WHEN s.known > 0 THEN s.failed END AS failed,
    CASE WHEN s.known > 0 THEN s.unseen END AS unseen,
    round(b.p95, 1) AS baseline_p95,
    round(s.p95 / nullif(b.p95, 0), 4) AS change
FROM spread AS s
LEFT JOIN baseline AS b ON b.compared_by IS NOT DISTINCT FROM s.compared_by
ORDER BY CASE WHEN $by = 'hour' THEN s.grouped_by END, s.p95 DESC NULLS LAST, s.grouped_by
