/*
title = "Mail came back: $reports recipients by the reports collected from $host"
severity = "info"
summary = "$failed failed and $delayed were delayed."
needs = ["delivery_report (NDR mails, mailboxes, Badmail)"]
why = "Reports that were collected name the recipients, the status and who refused. By themselves they tell what the senders saw, not why the mail waited."
todo = "Ask view bounce for single recipients. Where a status is 4.4.7, look at the incidents of the same time: what kept the mail is in the logs, not in the report."
references = ["RFC 3464", "RFC 3463"]

[params]
most = 20   # kinds of report (action and status) that are listed for one host
*/

WITH kind AS (  -- one row: one action and status of one reporting host
    SELECT
        host, action, status,
        count(*) AS recipients,
        min(reported) AS first_ts,
        max(reported) AS last_ts,
        min(source_id) AS source_id,
        arg_min(record, (source_id, record)) AS record
    FROM bounce
    WHERE reported IS NOT NULL
    GROUP BY host, action, status
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY host ORDER BY recipients DESC, action, status
        ) AS place,
        sum(recipients) OVER (PARTITION BY host) AS reports,
        sum(CASE WHEN action = 'failed' THEN recipients ELSE 0 END) OVER (PARTITION BY host) AS failed,
        sum(CASE WHEN action = 'delayed' THEN recipients ELSE 0 END) OVER (PARTITION BY host) AS late,
        min(first_ts) OVER (PARTITION BY host) AS began,
        max(last_ts) OVER (PARTITION BY host) AS until_ts
    FROM kind
),

measured AS (  -- the sums stand with the commonest kind
    SELECT host, 'reports' AS measure, reports AS value FROM ranked WHERE place = 1
    UNION ALL
    SELECT host, 'failed' AS measure, failed AS value FROM ranked WHERE place = 1
    UNION ALL
    SELECT host, 'delayed' AS measure, late AS value FROM ranked WHERE place = 1
),

listed AS (
    SELECT
        host, first_ts AS ts, last_ts AS ts_end,
        recipients || CASE WHEN recipients = 1 THEN ' recipient ' ELSE ' recipients ' END || action
            || coalesce(' with ' || status, ', no status told') AS text,
        CAST(NULL AS VARCHAR) AS measure,
        CAST(NULL AS DOUBLE) AS value,
        source_id, record
    FROM ranked
    WHERE place <= $most
)

SELECT
    'reports' AS incident_key, 'symptom' AS role, ts, ts_end, host, text, measure, value, source_id, record
FROM listed
UNION ALL
SELECT
    'reports' AS incident_key, 'sign' AS role, r.began AS ts, r.until_ts AS ts_end, m.host,
    'by all reports of this host: ' || m.value || ' ' || m.measure AS text,
    m.measure, CAST(m.value AS DOUBLE) AS value, r.source_id, r.record
FROM measured AS m
JOIN ranked AS r ON r.host IS NOT DISTINCT FROM m.host AND r.place = 1
