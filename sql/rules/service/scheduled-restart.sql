/*
title = "$service is restarted by habit on $host"
severity = "low"
summary = "Restarts at the same time of day: $restarts, over $days days."
needs = ["windows_event (System log)", "or counter_sample, smtp_event, tracking_event as weaker witnesses", "smtp_event or tracking_event, to see what waited"]
why = "A service that somebody has restarted at the same hour, again and again, is a workaround: it resets whatever leaks or gets stuck, and with it the traces. Where mail lay untried before each of these restarts, the habit hides a fault that is still there."
todo = "Ask who set it up, and why. Look for the scheduled task or script. Suspend it once, after a listing of the queue and with counters of the process running, to see what it hides."
references = ["KB 934709", "KB 941060", "KB 910932"]

[params]
together_min = 15  # minutes within which services that restart by habit are one restart, named after the most important
idle_share = 0.5   # share of the restarts that freed idle mail, from which on the habit hides a fault
*/

WITH member AS (  -- what a habitual reboot takes with it is no habit of its own
    SELECT r.*, coalesce(r.stop_at, r.start_at) AS began
    FROM restart AS r
    WHERE r.mail AND r.scheduled AND (r.service = 'host' OR NOT r.with_boot)
),

spaced AS (
    SELECT
        *,
        max(start_at) OVER (
            PARTITION BY host ORDER BY began, start_at, service, record
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_start
    FROM member
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_start IS NULL OR lp_us(began) - lp_us(before_start) > lp_minutes($together_min) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host ORDER BY began, start_at, service, record) AS cluster_no
    FROM spaced
),

ranked AS (  -- one row per restart: the host, then whoever owns the queue, speaks for the others
    SELECT
        c.*,
        min(began) OVER (PARTITION BY host, cluster_no) AS first_began,
        max(start_at) OVER (PARTITION BY host, cluster_no) AS last_start,
        row_number() OVER (
            PARTITION BY host, cluster_no
            ORDER BY w.weight NULLS LAST, c.start_at, c.service
        ) AS importance
    FROM numbered AS c
    LEFT JOIN service_weight AS w ON w.service = c.service
),

speaking AS (
    SELECT *
    FROM ranked
    WHERE importance = 1
),

released AS (  -- idle messages that each of them freed
    SELECT f.host, f.start_at, count(DISTINCT f.message) AS messages, max(f.gap_h) AS gap_h
    FROM freed AS f
    WHERE f.sure
    GROUP BY f.host, f.start_at
),

effect AS (
    SELECT
        p.host, p.service, p.cluster_no,
        max(l.messages) AS messages,
        max(l.gap_h) AS gap_h
    FROM speaking AS p
    JOIN released AS l ON l.host = p.host AND l.start_at >= p.first_began AND l.start_at <= p.last_start
    GROUP BY p.host, p.service, p.cluster_no
),

told AS (
    SELECT
        p.*,
        e.messages, e.gap_h,
        q.waiting_before, q.waiting_after,
        count(*) OVER habit AS restarts,
        count(e.messages) OVER habit AS freeing,
        min(p.began) OVER habit AS habit_from,
        max(p.start_at) OVER habit AS habit_until,
        row_number() OVER (PARTITION BY p.host, p.service ORDER BY p.began, p.start_at, p.record) AS n
    FROM speaking AS p
    LEFT JOIN effect AS e ON e.host = p.host AND e.service = p.service AND e.cluster_no = p.cluster_no
    LEFT JOIN restart_effect AS q ON q.host = p.host AND q.service = p.service AND q.start_at = p.start_at
    WINDOW habit AS (PARTITION BY p.host, p.service)
),

graded AS (
    SELECT
        *,
        CASE WHEN freeing >= $idle_share * restarts AND freeing > 0 THEN 'medium' ELSE 'low' END AS severity,
        service || ' habit since ' || strftime(habit_from, '%Y-%m-%dT%H:%M:%SZ') AS incident_key
    FROM told
)

SELECT
    incident_key,
    'restart' AS role,
    severity,
    began AS ts,
    start_at AS ts_end,
    host, service,
    CASE WHEN service = 'host' THEN 'Windows' ELSE display END || ' was restarted'
        -- of a reboot the text says so itself
        || coalesce(CASE WHEN service <> 'host' THEN ', asked for by ' || asked END, '')
        || CASE
            WHEN messages IS NOT NULL THEN '; it freed ' || messages || ' messages that had lain untried for up to ' || round(gap_h, 1) || ' h'
            WHEN waiting_before IS NOT NULL
            THEN '; ' || waiting_before || ' messages waited before it' || coalesce(', ' || waiting_after || ' half an hour after', '')
            ELSE ''
        END || ' (' || text || ')' AS text,
    'restarts' AS measure,
    1.0 * restarts AS value,
    CAST(NULL AS VARCHAR) AS missing,
    source_id, record
FROM graded
UNION ALL
SELECT
    incident_key,
    'sign' AS role,
    severity,
    habit_from AS ts,
    habit_until AS ts_end,
    host, service,
    CASE WHEN service = 'host' THEN 'Windows' ELSE service END || ' was restarted ' || restarts || ' times around '
        || strftime(habit_from, '%H:%M') || ' UTC'
        || CASE
            WHEN severity = 'medium'
            THEN '; mail had lain untried before ' || freeing || ' of them: a workaround that hides a fault'
            ELSE ''
        END AS text,
    'days' AS measure,
    round(lp_hours(habit_from, habit_until) / 24, 0) AS value,
    CASE
        WHEN waiting_before IS NULL THEN 'message tracking or SMTP logs of ' || host || ' over these restarts, to see what waited'
    END AS missing,
    source_id, record
FROM graded
WHERE n = 1
