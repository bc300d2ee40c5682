/*
title = "Mail on $host was returned late or without being tried"
severity = "medium"
summary = "$messages messages came back after up to $longest_wait_h hours, not explained by their destination or later than expiry."
needs = ["smtp_event or tracking_event", "windows_event (MSExchangeTransport 3028) for the status code"]
why = "4.4.7 says only that a message grew too old. Ordinary expiry follows a remote host that failed all along, and is not reported here. These messages were not tried although other mail to the same domain went through (unexplained), or they were returned later than expiry plus one retry interval (overdue), which a working queue cannot do."
todo = "Look up what was waiting and since when (table message), and whether a restart of the store or of the SMTP service ends it (incident idle-until-restart). Collect the version of exmime.dll (Exchange 2003 SP2) or aqueue.dll (Windows SMTP)."
references = ["KB 941060", "KB 934709", "KB 950757", "RFC 3463 X.4.7"]

[params]
min_messages = 2   # messages on one host, else they are told as info
cluster_h = 96     # hours between two reports that still make one incident
*/

WITH told AS (
    SELECT
        *,
        max(ended) OVER (
            PARTITION BY host, log ORDER BY ended, message, recipient
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_ended
    FROM returned_mail
    WHERE judgement IN ('overdue', 'unexplained', 'untried')
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ended IS NULL OR lp_us(ended) - lp_us(before_ended) > lp_minutes($cluster_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, log ORDER BY ended, message, recipient) AS cluster_no
    FROM told
),

freeing AS (  -- the service whose restart ended such waits on this host
    SELECT host, log, max_by(service, messages) AS service
    FROM (
        SELECT host, log, service, count(DISTINCT message) AS messages
        FROM freed
        WHERE sure
        GROUP BY host, log, service
    )
    GROUP BY host, log
),

sized AS (
    SELECT host, log, cluster_no, min(entered) AS began, count(DISTINCT message) AS messages
    FROM numbered
    GROUP BY host, log, cluster_no
)

SELECT
    n.log || ' ' || strftime(z.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'symptom' AS role,
    CASE
        WHEN z.messages < $min_messages THEN 'info'
        WHEN n.judgement = 'overdue' THEN 'high'
        ELSE 'medium'
    END AS severity,
    n.entered AS ts,
    n.ended AS ts_end,
    n.host,
    coalesce(f.service, CASE n.log WHEN 'tracking_2007' THEN 'MSExchangeTransport' ELSE 'SMTPSVC' END) AS service,
    n.message,
    'message ' || n.message || ' to ' || coalesce(n.recipient, 'unknown') || ' was returned'
        || coalesce(' (' || n.status_code || ')', '') || ' after ' || round(n.wait_h, 1) || ' h'
        || CASE n.judgement
            WHEN 'overdue' THEN ', ' || round(n.wait_h - n.expire_h, 1) || ' h later than expiry'
            WHEN 'unexplained' THEN ' without being tried; ' || n.others || ' other deliveries to ' || n.domain || ' got through meanwhile'
            WHEN 'untried' THEN ' without being tried; the event log shows no failed delivery to ' || coalesce(n.domain, 'its domain')
        END AS text,
    'longest_wait_h' AS measure,
    round(n.wait_h, 1) AS value,
    n.source_id, n.record
FROM numbered AS n
JOIN sized AS z ON z.host = n.host AND z.log = n.log AND z.cluster_no = n.cluster_no
LEFT JOIN freeing AS f ON f.host = n.host AND f.log = n.log
