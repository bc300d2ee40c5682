/*
title = "Queues of $service on $host grow and do not drain"
severity = "medium"
summary = "Up to $waiting messages waited; a queue grew for $hours hours, by $grown_per_h an hour."
needs = ["counter_sample: SMTP Server(*), MSExchangeTransport Queues(*), MSExchangeMTA", "or queue_entry (Get-Queue, listings) at three moments"]
why = "A queue that works rises with the mail of an hour and empties again. This one was not empty for hours, and the least that waited rose all the time: more comes in than goes out, or something stays in for good."
todo = "See where it waits for (logpipe queue, Get-Queue, the SMTP log): one destination speaks for its host, all of them for this server, its DNS or its way out. Then see what the same hours hold of restarts, back pressure and refusals."
references = ["https://learn.microsoft.com/exchange/mail-flow/queues/queues"]

[params]
least_waiting = 25   # messages by which a queue must grow
hours = 12           # hours of growth, while the queue is below its limit (table queue_counter)
hours_over_limit = 6 # hours of growth above its limit
grown_factor = 1.3   # times that the last third of the growth is longer than the first
least_z = 2.326      # Mann-Kendall z of the growth: 2.326 is p < 0.01, one-sided
snapshots = 3        # listings of a queue that must each be longer than the last
snapshot_h = 6       # hours over which those lie
*/

WITH grown AS (  -- grain: one growth of one queue
    SELECT
        *,
        row_number() OVER (PARTITION BY host, queue, counter_id, until_ts ORDER BY hours DESC, over) AS widest
    FROM queue_trend
    WHERE late - early >= $least_waiting
      AND CASE over
          WHEN 'listings' THEN times >= $snapshots AND hours >= $snapshot_h
          ELSE hours >= CASE over WHEN 'limit' THEN $hours_over_limit ELSE $hours END
              AND mk_z > $least_z AND slope_per_h > 0 AND late >= $grown_factor * early
      END
),

every AS (
    SELECT
        host, service, began AS ts, until_ts, ongoing, most, hours, slope_per_h,
        CASE WHEN most >= limit_count THEN 'medium' ELSE 'low' END AS severity,
        CASE
            WHEN over = 'listings'
            THEN queue || ' was longer each of the ' || times || ' times it was listed: ' || CAST(early AS BIGINT) || ' to '
                || CAST(late AS BIGINT) || ' messages in ' || round(hours, 1) || ' h'
            ELSE queue || ' grew for ' || times || ' h from ' || CAST(round(early) AS BIGINT) || ' to ' || CAST(round(late) AS BIGINT)
                || ', ' || round(slope_per_h, 1) || ' an hour, and was never below ' || CAST(round(floor) AS BIGINT)
                || ' (Mann-Kendall z ' || round(mk_z, 1) || ')'
        END AS text,
        CASE
            WHEN ongoing THEN NULL
            WHEN over = 'listings' THEN queue || ' was no longer than before when it was listed again'
            WHEN next_least < floor THEN queue || ' fell below ' || CAST(round(floor) AS BIGINT) || ' again'
            ELSE queue || ' was not measured any more'
        END AS end_text,
        source_id, record
    FROM grown
    WHERE widest = 1
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
    host, service, text, 'waiting' AS measure, most AS value, source_id, record
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
