/*
title = "$service restarted on $host"
severity = "low"
summary = "It started anew; it was down for $down_min minutes."
needs = ["windows_event (System log)", "or smtp_event, tracking_event as weaker witnesses"]
why = "A restart of a mail service empties queues, resets counters and caches, and ends most faults without a trace. What changed at this moment is the first question about any of them."
todo = "Where the evidence names who asked and why, only compare the queue before and after. Else find out who or what restarted it."
references = ["KB 196452"]

[params]
together_min = 15  # minutes within which services that restart make one incident
loop_crashes = 3   # crashes of a service, from which on its restarts are the crash-loop rule's
loop_min = 60      # minutes within which those crashes fall
*/

WITH crash AS (
    SELECT
        host, service, ts,
        count(*) OVER (
            PARTITION BY host, service ORDER BY lp_us(ts)
            RANGE BETWEEN lp_minutes($loop_min) PRECEDING AND CURRENT ROW
        ) AS before_count,
        count(*) OVER (
            PARTITION BY host, service ORDER BY lp_us(ts)
            RANGE BETWEEN CURRENT ROW AND lp_minutes($loop_min) FOLLOWING
        ) AS after_count
    FROM service_event
    WHERE state = 'crash'
),

looping AS (
    SELECT host, service, ts
    FROM crash
    WHERE before_count >= $loop_crashes OR after_count >= $loop_crashes
       OR before_count + after_count > $loop_crashes
),

mail_restart AS (
    SELECT r.*, coalesce(r.stop_at, r.start_at) AS began
    FROM restart AS r
    -- a first start without a stop before it is where the log begins, unless other logs witness it
    WHERE r.mail AND NOT (r.kind = 'unknown' AND r.confidence = 'high' AND r.service <> 'host')
      AND NOT r.scheduled  -- a habit is told once, by scheduled-restart
      AND r.kind <> 'unclean'
      AND NOT EXISTS (  -- unclean-shutdown tells what came back with such a boot
          SELECT 1
          FROM restart AS u
          WHERE r.with_boot AND u.host = r.host AND u.kind = 'unclean'
            AND lp_us(r.start_at) BETWEEN lp_us(u.start_at) - lp_minutes(5) AND lp_us(u.start_at) + lp_minutes(15)
            AND coalesce(r.stop_at, u.start_at) <= u.start_at
      )
      AND NOT EXISTS (
          SELECT 1
          FROM looping AS l
          WHERE l.host = r.host AND l.service = r.service AND r.kind = 'crash'
            AND abs(lp_us(l.ts) - lp_us(coalesce(r.stop_at, r.start_at))) <= lp_minutes(15)
      )
),

spaced AS (
    SELECT
        *,
        max(start_at) OVER (
            PARTITION BY host ORDER BY began, start_at, service, record
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_start
    FROM mail_restart
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_start IS NULL OR lp_us(began) - lp_us(before_start) > lp_minutes($together_min) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host ORDER BY began, start_at, service, record) AS cluster_no
    FROM spaced
),

ranked AS (  -- the service that names the incident: the host, then whoever owns the queue
    SELECT
        c.*,
        row_number() OVER (
            PARTITION BY host, cluster_no
            ORDER BY w.weight NULLS LAST, c.start_at, c.service
        ) AS importance
    FROM numbered AS c
    LEFT JOIN service_weight AS w ON w.service = c.service
),

named AS (
    SELECT
        host, cluster_no,
        min(CASE WHEN importance = 1 THEN service END) AS main_service,
        min(began) AS began,
        -- how long the service that names the incident was down
        max(CASE WHEN importance = 1 AND stop_at IS NOT NULL THEN lp_us(start_at) - lp_us(stop_at) END) / 60000000.0 AS down_min
    FROM ranked
    GROUP BY host, cluster_no
),

fact AS (
    SELECT
        r.host, n.main_service, n.began AS key_ts,
        r.began AS ts, r.start_at AS ts_end,
        r.service,
        CASE r.kind WHEN 'crash' THEN 'medium' ELSE 'low' END AS severity,
        CASE r.kind
            WHEN 'requested' THEN r.display || ' was stopped and started'
            WHEN 'crash' THEN r.display || ' crashed and was started again'
            WHEN 'reboot' THEN 'Windows was shut down and started'
            ELSE r.display || ' was started; how it ended is not in the logs'
        END || coalesce(CASE WHEN r.service <> 'host' THEN ', asked for by ' || r.asked END, '')
            || CASE WHEN r.patched THEN ', after an update was installed' ELSE '' END
            || ' (' || r.text || ')' AS text,
        r.confidence, r.source_id, r.record,
        n.down_min, r.importance
    FROM ranked AS r
    JOIN named AS n ON n.host = r.host AND n.cluster_no = r.cluster_no
)

SELECT
    main_service || ' ' || strftime(key_ts, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'restart' AS role,
    severity, ts, ts_end, host,
    main_service AS service,
    text,
    CAST(NULL AS VARCHAR) AS measure,
    CAST(NULL AS DOUBLE) AS value,
    CASE WHEN confidence <> 'high' THEN 'System event log of ' || host || ' over this moment' END AS missing,
    source_id, record
FROM fact
UNION ALL
SELECT
    main_service || ' ' || strftime(key_ts, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'sign' AS role,
    severity, ts, ts_end, host,
    main_service AS service,
    coalesce(
        main_service || ' was down for ' || round(down_min, 1) || ' min',
        'how long ' || main_service || ' was down is not in the logs'
    ) AS text,
    'down_min' AS measure,
    round(down_min, 1) AS value,
    CAST(NULL AS VARCHAR) AS missing,
    source_id, record
FROM fact
WHERE importance = 1
