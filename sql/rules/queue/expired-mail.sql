/*
title = "Mail on $host expired, and the logs do not show why"
severity = "info"
summary = "$messages messages came back after up to $longest_wait_h hours; no attempt at them is in the logs, and no other mail got through to tell whether their destination was reachable."
needs = ["smtp_event or tracking_event"]
why = "A destination that never answers looks like this: mail for it waits, is tried without a trace in these logs, and comes back at expiry. So does mail that a queue lost. The logs here do not tell one from the other, or are silent for part of the wait."
todo = "If these domains are known to be dead or misspelt, nothing. Else collect what is named as missing, and ask the owners of the domains whether their servers were reachable."
references = ["RFC 3463 X.4.7"]

[params]
cluster_h = 96  # hours between two reports that still make one incident
*/

WITH told AS (
    SELECT
        *,
        max(ended) OVER (
            PARTITION BY host, log ORDER BY ended, message, recipient
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_ended
    FROM returned_mail
    WHERE judgement = 'unknown'
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ended IS NULL OR lp_us(ended) - lp_us(before_ended) > lp_minutes($cluster_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, log ORDER BY ended, message, recipient) AS cluster_no
    FROM told
),

sized AS (
    SELECT host, log, cluster_no, min(entered) AS began
    FROM numbered
    GROUP BY host, log, cluster_no
)

SELECT
    n.log || ' ' || strftime(z.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'symptom' AS role,
    n.entered AS ts,
    n.ended AS ts_end,
    n.host,
    CASE n.log WHEN 'tracking_2007' THEN 'MSExchangeTransport' ELSE 'SMTPSVC' END AS service,
    n.message,
    'message ' || n.message || ' to ' || coalesce(n.recipient, 'unknown') || ' was returned'
        || coalesce(' (' || n.status_code || ')', '') || ' after ' || round(n.wait_h, 1)
        || ' h; the logs do not show why it waited' AS text,
    'longest_wait_h' AS measure,
    round(n.wait_h, 1) AS value,
    CASE n.log
        WHEN 'tracking_2007' THEN 'connectivity log and SMTP send log of ' || n.host || ' over the wait'
        WHEN 'tracking_2003' THEN 'SMTP service log (W3C) and delivery failures (4000, 4006) in the event log of ' || n.host
        ELSE 'delivery failures (SMTPSVC 4000, 4006) in the System log of ' || n.host || ' over the wait'
    END || ': ' || c.command AS missing,
    n.source_id, n.record
FROM numbered AS n
JOIN sized AS z ON z.host = n.host AND z.log = n.log AND z.cluster_no = n.cluster_no
JOIN collect_next AS c
    ON c.id = CASE n.log WHEN 'tracking_2007' THEN 'transport-logs' WHEN 'tracking_2003' THEN 'smtp-and-event-logs' ELSE 'system-log' END
