/*
title = "$service did not take mail from $host"
severity = "low"
summary = "$messages messages waited for it, $returned came back; $hours hours from the first failure to the end. Mail to other destinations went out meanwhile."
needs = ["windows_event (4000, 4006, 4007), or smtp_event, tracking_event, connection_event with failures", "smtp_event or tracking_event for the messages"]
why = "Every attempt at this destination failed for longer than an hour, and other destinations took mail in the same hours: the queue, the line and the name service of this host worked. Mail that waited for it, and came back at expiry (4.4.7), is the destination's matter, not a fault of the queue."
todo = "Nothing here, if the destination is back. Else ask its owners, and look whether its name still leads to the right server (nslookup -type=mx). A destination that never answered in these logs may be dead or misspelt."
references = ["RFC 5321 4.5.4.1", "RFC 3463 X.4.1, X.4.7"]

[params]
min_minutes = 60   # minutes from the first failure to the last
min_failures = 2   # failures without a success between them
min_messages = 2   # messages that waited for the destination
many_messages = 5  # messages, from which on it is more than info
many_returned = 10 # messages that came back, from which on it is medium
apart_h = 12       # hours between two failures, from which on they are two outages
*/

WITH failed AS (
    SELECT *, lag(ts) OVER (PARTITION BY host, destination, before_ok ORDER BY ts, source_id, record, text) AS before_ts
    FROM destination_failure
    WHERE what = 'server'
),

numbered AS (  -- stretches of failures: a success or a long silence ends one
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR lp_us(ts) - lp_us(before_ts) > lp_minutes($apart_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, destination ORDER BY ts, source_id, record, text) AS stretch_no
    FROM failed
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY host, destination, stretch_no ORDER BY ts, source_id, record, text) AS n,
        -- several logs tell of the same failures: the one that tells most counts them
        count(*) OVER (PARTITION BY host, destination, stretch_no, log) AS told
    FROM numbered
),

stretch AS (
    SELECT
        host, destination, stretch_no,
        min(ts) AS began, max(ts) AS last_failed, max(told) AS failures,
        min(before_ok) AS before_ok, min(after_ok) AS after_ok,
        min(CASE WHEN n = 1 THEN text END) AS first_text,
        min(CASE WHEN n = 1 THEN source_id END) AS source_id, min(CASE WHEN n = 1 THEN record END) AS record
    FROM ranked
    GROUP BY host, destination, stretch_no
),

bounded AS (  -- the success that ended it, unless failures after a silence come first
    SELECT
        *,
        CASE
            WHEN lead(began) OVER (PARTITION BY host, destination ORDER BY began) < after_ok THEN NULL
            ELSE after_ok
        END AS ended,
        before_ok IS NOT NULL OR after_ok IS NOT NULL AS alive
    FROM stretch
),

outage AS (
    SELECT *, coalesce(ended, last_failed) AS until_ts
    FROM bounded
    WHERE failures >= $min_failures AND lp_us(last_failed) - lp_us(began) >= lp_minutes($min_minutes)
),

elsewhere AS (  -- destinations that took mail in the hours of the outage
    SELECT u.host, u.destination, u.began, count(DISTINCT w.destination) AS others
    FROM outage AS u
    JOIN destination_hour AS w
        ON w.host = u.host AND w.destination <> u.destination
       AND w.hour BETWEEN date_trunc('hour', u.began) AND u.until_ts
    GROUP BY u.host, u.destination, u.began
),

waiting AS (  -- entered since the destination last took mail, and ended not long after it did again
    SELECT
        u.host, u.destination, u.began, m.message, m.recipient, m.entered, m.ended, m.outcome, m.wait_h, m.status_code,
        coalesce(m.end_source_id, m.source_id) AS source_id, coalesce(m.end_record, m.record) AS record,
        row_number() OVER (
            PARTITION BY u.host, u.destination, u.began, m.message, m.recipient ORDER BY m.entered, m.log
        ) AS n
    FROM outage AS u
    JOIN message AS m ON m.host = u.host AND m.domain = u.destination AND m.entry_seen
    JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
    WHERE m.entered <= u.until_ts
      AND (u.before_ok IS NULL OR m.entered > u.before_ok)
      AND lp_us(m.entered) + m.wait_h * 3600000000 > lp_us(u.began)
      AND lp_us(m.entered) >= lp_us(u.began) - lp_minutes(p.expire_h * 60)
      AND (u.ended IS NULL OR lp_us(m.entered) + m.wait_h * 3600000000 <= lp_us(u.ended) + lp_minutes(p.retry_min + p.slack_min))
),

sized AS (
    SELECT
        host, destination, began, count(DISTINCT message) AS messages,
        count(DISTINCT CASE WHEN outcome = 'returned' THEN message END) AS returned,
        count(DISTINCT CASE WHEN outcome = 'open' THEN message END) AS open
    FROM waiting
    GROUP BY host, destination, began
),

spoken AS (
    SELECT host, max(last_ts) AS last_ts
    FROM log_span
    GROUP BY host
),

hit AS (  -- it lasts where mail still waits for it, and the logs end before another silence would end it
    SELECT
        u.*, z.messages, z.returned, e.others,
        u.ended IS NULL AND z.open > 0 AND lp_us(k.last_ts) - lp_us(u.last_failed) <= lp_minutes($apart_h * 60) AS ongoing,
        u.destination || ' ' || strftime(u.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        CASE
            WHEN NOT u.alive THEN 'info'
            WHEN z.returned >= $many_returned THEN 'medium'
            WHEN z.returned > 0 OR z.messages >= $many_messages THEN 'low'
            ELSE 'info'
        END AS severity
    FROM outage AS u
    JOIN sized AS z ON z.host = u.host AND z.destination = u.destination AND z.began = u.began
    JOIN elsewhere AS e ON e.host = u.host AND e.destination = u.destination AND e.began = u.began
    JOIN spoken AS k ON k.host = u.host
    WHERE z.messages >= $min_messages
)

SELECT
    incident_key, 'cause' AS role, severity, began AS ts, until_ts AS ts_end, host, destination AS service,
    CAST(NULL AS VARCHAR) AS message,
    'every attempt at ' || destination || ' failed, ' || failures || ' times that the logs tell; first: ' || first_text
        || CASE WHEN alive THEN '' ELSE '; it never took mail in these logs' END AS text,
    'hours' AS measure, round(lp_hours(began, until_ts), 1) AS value,
    CASE WHEN ended IS NULL AND alive THEN 'SMTP or tracking logs of ' || host || ' from after ' || strftime(last_failed, '%Y-%m-%d %H:%M') || ' UTC' END AS missing,
    ongoing, source_id, record
FROM hit
UNION ALL
SELECT
    incident_key, 'sign', severity, began, until_ts, host, destination, NULL,
    others || ' other destinations took mail from ' || host || ' in the same hours',
    'returned', 1.0 * returned, NULL, ongoing, source_id, record
FROM hit
UNION ALL
SELECT
    h.incident_key, 'symptom', h.severity, w.entered, coalesce(w.ended, h.until_ts), w.host, w.destination, w.message,
    'message ' || w.message || ' to ' || w.recipient || lp_fate(w.outcome, w.wait_h, w.status_code),
    'longest_wait_h', round(w.wait_h, 1), NULL, NULL, w.source_id, w.record
FROM waiting AS w
JOIN hit AS h ON h.host = w.host AND h.destination = w.destination AND h.began = w.began
WHERE w.n = 1
UNION ALL
SELECT
    incident_key, 'release', severity, ended, NULL, host, destination, NULL,
    destination || ' took mail again', NULL, NULL, NULL, NULL, source_id, record
FROM hit
WHERE ended IS NOT NULL
