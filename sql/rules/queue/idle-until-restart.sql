/*
title = "Messages sat idle until $service was restarted"
severity = "high"
summary = "$messages messages lay untried in the queue, up to $longest_wait_h hours, until the restart set them free."
needs = ["smtp_event or tracking_event", "windows_event (System log) for the restart"]
why = "A working queue tries every message again at its retry interval and returns it at expiry. These messages were not tried while other mail to the same domains went through, and the restart released them together: the queue had lost them, not the remote hosts."
todo = "Keep the logs and a listing of the queue folder from before the restart. Until it is fixed, watch the oldest age in the queue, and restart the service when mail is older than two retry intervals."
references = ["KB 934709", "KB 941060", "KB 950757", "KB 826948"]

[params]
min_messages = 2    # messages, each counted once a domain, proven idle, that one restart must have freed
min_recipients = 2  # recipients they must go to: a single full mailbox is not the queue's fault
*/

WITH freed_by AS (
    SELECT
        f.*,
        'restart ' || strftime(f.start_at, '%Y-%m-%dT%H:%M:%SZ') AS incident_key
    FROM freed AS f
    WHERE f.sure AND f.proven_queued >= $min_messages AND f.proven_recipients >= $min_recipients
),

event_log AS (  -- hosts whose restart the event log itself tells
    SELECT DISTINCT host FROM service_event
),

symptom AS (
    SELECT
        f.incident_key,
        'symptom' AS role,
        f.entered AS ts,
        f.gap_until AS ts_end,
        f.host, f.service,
        f.message,
        'message ' || f.message || ' to ' || coalesce(f.recipient, 'unknown')
            || ' was not tried for ' || round(f.gap_h, 1) || ' h'
            || CASE
                WHEN f.proof = 'overdue' THEN ', longer than expiry and a retry interval'
                WHEN f.overtaken_at IS NOT NULL
                THEN '; ' || f.others || ' other deliveries to ' || f.domain || ' overtook it'
                ELSE ''
            END AS text,
        'longest_wait_h' AS measure,
        round(f.gap_h, 1) AS value,
        CASE WHEN e.host IS NULL THEN 'System event log of ' || f.host || ' over the restart' END AS missing,
        f.source_id, f.record
    FROM freed_by AS f
    LEFT JOIN event_log AS e ON e.host = f.host
),

release AS (
    SELECT
        f.incident_key,
        'release' AS role,
        f.gap_until AS ts,
        CAST(NULL AS TIMESTAMP) AS ts_end,
        f.host, f.service,
        f.message,
        'message ' || f.message
            || CASE f.outcome
                WHEN 'delivered' THEN ' was sent to '
                WHEN 'returned' THEN ' was returned to its sender, recipient '
                ELSE ' was tried again, recipient '
            END
            || coalesce(f.recipient, 'unknown') || ', '
            || round((lp_us(f.gap_until) - lp_us(f.start_at)) / 60000000.0, 1) || ' min after the start' AS text,
        CASE f.outcome
            WHEN 'returned' THEN 'returned_recipients'
            WHEN 'delivered' THEN 'sent_recipients'
            ELSE 'refused_recipients'
        END AS measure,
        1.0 * count(*) OVER (PARTITION BY f.host, f.incident_key, f.outcome) AS value,
        CAST(NULL AS VARCHAR) AS missing,
        coalesce(f.end_source_id, f.source_id) AS source_id,
        coalesce(f.end_record, f.record) AS record
    FROM freed_by AS f
),

restarted AS (
    SELECT DISTINCT
        f.incident_key,
        'restart' AS role,
        coalesce(f.stop_at, f.start_at) AS ts,
        f.start_at AS ts_end,
        f.host, f.service,
        CAST(NULL AS VARCHAR) AS message,
        f.service || ' was restarted: ' || f.restart_text AS text,
        CAST(NULL AS VARCHAR) AS measure,
        CAST(NULL AS DOUBLE) AS value,
        CAST(NULL AS VARCHAR) AS missing,
        f.restart_source_id AS source_id,
        f.restart_record AS record
    FROM freed_by AS f
)

SELECT incident_key, role, ts, ts_end, host, service, message, text, measure, value, missing, source_id, record FROM symptom
UNION ALL
SELECT incident_key, role, ts, ts_end, host, service, message, text, measure, value, missing, source_id, record FROM release
UNION ALL
SELECT incident_key, role, ts, ts_end, host, service, message, text, measure, value, missing, source_id, record FROM restarted
