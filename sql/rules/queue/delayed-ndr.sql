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
edge_h = 20        # hours of silence in the log within a wait that hide what happened
*/

WITH report AS (  -- messages returned at or after expiry
    SELECT m.*, p.expire_h, p.early_h, p.retry_min, p.slack_min
    FROM message AS m
    JOIN retry_policy AS p ON p.log = m.log
    WHERE m.outcome = 'returned' AND m.entry_seen
      AND (m.wait_h >= p.expire_h - p.early_h OR m.status_code LIKE '_.4.7')
),

judged AS (
    SELECT
        r.*,
        CASE
            WHEN i.silent_h > $edge_h THEN 'unknown'
            WHEN r.wait_h > r.expire_h + r.retry_min / 60.0 THEN 'overdue'
            -- 2013 and later name the last attempt: one shortly before the return says it was tried
            WHEN r.log = 'tracking_2007' AND i.gap_until < r.ended
                 AND lp_us(r.ended) - lp_us(i.gap_until) <= lp_minutes(r.retry_min + r.slack_min)
            THEN 'ordinary'
            WHEN i.proof = 'overtaken' THEN 'unexplained'
            -- tried again and again, or known to fail: ordinary expiry
            WHEN i.message IS NULL OR i.failing THEN 'ordinary'
            -- the event log would tell of failed attempts to its domain, and tells of none
            WHEN i.watched AND bool_or(coalesce(i.proof IS NOT NULL, false)) OVER (PARTITION BY r.host, r.log)
            THEN 'untried'
            ELSE 'unknown'
        END AS judgement,
        i.others
    FROM report AS r
    LEFT JOIN idle_wait AS i
        ON i.host = r.host AND i.log = r.log AND i.message = r.message AND i.recipient = r.recipient
),

coded AS (  -- the status code that the event log gives for this report
    SELECT
        coalesce(e.host, s.host) AS host,
        lp_message_id(e.strings[3]) AS message_id,
        lower(e.strings[2]) AS recipient,
        min(e.strings[1]) AS status_code
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id = 3028
    GROUP BY ALL
),

told AS (
    SELECT
        j.*,
        j.judgement IN ('overdue', 'unexplained', 'untried') AS late,
        coalesce(j.status_code, c.status_code) AS code,
        max(j.ended) OVER (
            PARTITION BY j.host, j.log, j.judgement IN ('overdue', 'unexplained', 'untried')
            ORDER BY j.ended, j.message, j.recipient
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_ended
    FROM judged AS j
    LEFT JOIN coded AS c ON c.host = j.host AND c.message_id = j.message_id AND c.recipient = j.recipient
    WHERE j.judgement <> 'ordinary'
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ended IS NULL OR lp_us(ended) - lp_us(before_ended) > lp_minutes($cluster_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, log, late ORDER BY ended, message, recipient) AS cluster_no
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
    SELECT host, log, late, cluster_no, min(entered) AS began, count(DISTINCT message) AS messages
    FROM numbered
    GROUP BY host, log, late, cluster_no
)

SELECT
    n.log || CASE WHEN n.late THEN ' late ' ELSE ' unknown ' END || strftime(z.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'symptom' AS role,
    CASE
        WHEN NOT n.late OR z.messages < $min_messages THEN 'info'
        WHEN n.judgement = 'overdue' THEN 'high'
        ELSE 'medium'
    END AS severity,
    n.entered AS ts,
    n.ended AS ts_end,
    n.host,
    coalesce(f.service, CASE n.log WHEN 'tracking_2007' THEN 'MSExchangeTransport' ELSE 'SMTPSVC' END) AS service,
    n.message,
    'message ' || n.message || ' to ' || coalesce(n.recipient, 'unknown') || ' was returned'
        || coalesce(' (' || n.code || ')', '') || ' after ' || round(n.wait_h, 1) || ' h'
        || CASE n.judgement
            WHEN 'overdue' THEN ', ' || round(n.wait_h - n.expire_h, 1) || ' h later than expiry'
            WHEN 'unexplained' THEN ' without being tried; ' || n.others || ' other deliveries to ' || n.domain || ' got through meanwhile'
            WHEN 'untried' THEN ' without being tried; the event log shows no failed delivery to ' || coalesce(n.domain, 'its domain')
            ELSE '; the logs do not show why it waited'
        END AS text,
    'longest_wait_h' AS measure,
    round(n.wait_h, 1) AS value,
    CASE
        WHEN n.judgement <> 'unknown' THEN NULL
        WHEN n.log = 'tracking_2007' THEN 'connectivity log and SMTP send log of ' || n.host || ' over the wait'
        ELSE 'SMTP protocol log and System event log of ' || n.host || ' over the wait'
    END AS missing,
    coalesce(n.end_source_id, n.source_id) AS source_id,
    coalesce(n.end_record, n.record) AS record
FROM numbered AS n
JOIN sized AS z ON z.host = n.host AND z.log = n.log AND z.late = n.late AND z.cluster_no = n.cluster_no
LEFT JOIN freeing AS f ON f.host = n.host AND f.log = n.log
