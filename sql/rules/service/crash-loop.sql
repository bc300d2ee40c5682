/*
title = "$service crashes again and again on $host"
severity = "high"
summary = "$crashes crashes, at most $within_h hours from first to last."
needs = ["windows_event (System log)"]
why = "A service that crashes repeatedly drops its connections each time and may never get through its queue."
todo = "Collect the Application log and crash dumps; look for the module in Application Error 1000 and for messages that are in work at each crash."
references = ["KB 910618"]

[params]
crashes = 3       # crashes of one service
within_min = 60   # minutes, within which they must follow each other
same_s = 30       # seconds within which services of one process that fall together are one crash
*/

WITH crash AS (
    SELECT host, service, display, ts, text, source_id, record
    FROM service_event
    WHERE state = 'crash'
),

ranked AS (  -- inetinfo takes SMTP, POP3, IMAP4 and others with it; IIS Admin, which runs it, goes first
    SELECT *, CASE WHEN service = 'IISADMIN' THEN ' ' ELSE service END AS rank_name
    FROM crash
),

burst AS (
    SELECT
        *,
        min(rank_name) OVER (
            PARTITION BY host ORDER BY lp_us(ts)
            RANGE BETWEEN lp_seconds($same_s) PRECEDING AND lp_seconds($same_s) FOLLOWING
        ) AS first_name,
        count(*) OVER (
            PARTITION BY host, service ORDER BY lp_us(ts)
            RANGE BETWEEN lp_minutes($within_min) PRECEDING AND CURRENT ROW
        ) AS so_far
    FROM ranked
),

speaking AS (  -- one service speaks for those that fall in the same seconds
    SELECT *
    FROM burst
    WHERE rank_name = first_name
),

spaced AS (
    SELECT *, lag(ts) OVER (PARTITION BY host, service ORDER BY ts, record, source_id) AS before_ts
    FROM speaking
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR lp_us(ts) - lp_us(before_ts) > lp_minutes($within_min) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, service ORDER BY ts, record, source_id) AS loop_no
    FROM spaced
),

sized AS (
    SELECT host, service, loop_no, min(ts) AS began, max(ts) AS last_ts, count(*) AS crashes, max(so_far) AS densest
    FROM numbered
    GROUP BY host, service, loop_no
),

hit AS (
    SELECT
        n.host, n.service, n.ts, n.text, n.source_id, n.record,
        z.began, z.crashes, lp_hours(z.began, z.last_ts) AS within_h
    FROM numbered AS n
    JOIN sized AS z ON z.host = n.host AND z.service = n.service AND z.loop_no = n.loop_no
    WHERE z.densest >= $crashes
)

SELECT
    service || ' ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'symptom' AS role,
    ts, CAST(NULL AS TIMESTAMP) AS ts_end, host, service,
    text,
    'crashes' AS measure,
    1.0 * crashes AS value,
    source_id, record
FROM hit
UNION ALL
SELECT
    service || ' ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'sign' AS role,
    min(ts) AS ts, max(ts) AS ts_end, host, service,
    min(crashes) || ' crashes of ' || service || ' in ' || round(min(within_h), 2) || ' h' AS text,
    'within_h' AS measure,
    round(min(within_h), 2) AS value,
    min(source_id) AS source_id, min(record) AS record
FROM hit
GROUP BY host, service, began
