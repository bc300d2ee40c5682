/*
title = "$service takes less mail from $host than it is offered"
severity = "low"
summary = "$attempts attempts at $messages messages were put off within $hours hours because of a rate or of the version of this server."
needs = ["smtp_event (SmtpSend, or the W3C log of SMTPSVC) or tracking_event with the answers of remote hosts"]
why = "The remote host says itself that it throttles: 4.7.230 is Exchange Online slowing down servers whose version is too old, and 5.7.230 the same when it blocks them; 4.7.5xx, 4.7.65x, 4.7.28 and words of rates and of too many connections are limits of the sender's volume or standing. Mail is late because it is told to wait, not because this queue forgot it."
todo = "4.7.230 and 5.7.230: bring the Exchange servers that send to Exchange Online to a supported build; the pause in the Exchange admin center only buys time. Other limits: send slower (fewer connections for this destination), look for a compromised account or a mass mailing, check the standing of the sending address."
references = ["Exchange Online transport-based enforcement (4.7.230)", "RFC 5321 4.2.1"]

[params]
min_attempts = 3   # refusals of one destination
apart_h = 24       # hours between two refusals, from which on they are two incidents
many_attempts = 50 # refusals, from which on it is medium
*/

WITH put_off AS (
    SELECT
        *,
        lag(ts) OVER (PARTITION BY host, destination ORDER BY ts, source_id, record, recipient) AS before_ts
    FROM delivery_failure
    WHERE kind = 'throttled'
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR lp_us(ts) - lp_us(before_ts) > lp_minutes($apart_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, destination ORDER BY ts, source_id, record, recipient) AS cluster_no
    FROM put_off
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY host, destination, cluster_no ORDER BY ts, source_id, record, recipient) AS n,
        row_number() OVER (PARTITION BY host, destination, cluster_no, log, message ORDER BY ts, source_id, record, recipient) AS message_n
    FROM numbered
),

daily AS (  -- the SMTP log and tracking tell of the same refusals: each day is counted by the log that tells most of it
    SELECT
        host, destination, cluster_no, date_trunc('day', ts) AS day, log, count(*) AS attempts,
        row_number() OVER (PARTITION BY host, destination, cluster_no, date_trunc('day', ts) ORDER BY count(*) DESC, log) AS most,
        row_number() OVER (
            PARTITION BY host, destination, cluster_no, date_trunc('day', ts) ORDER BY count(DISTINCT message) DESC, log DESC
        ) AS names
    FROM numbered
    GROUP BY host, destination, cluster_no, date_trunc('day', ts), log
),

counted AS (
    SELECT host, destination, cluster_no, sum(attempts) AS attempts
    FROM daily
    WHERE most = 1
    GROUP BY host, destination, cluster_no
),

sized AS (
    SELECT
        host, destination, cluster_no, min(ts) AS began, max(ts) AS last_ts,
        max(CASE WHEN code = '4.7.230' THEN 1 ELSE 0 END) AS old_server,
        max(CASE WHEN code = '5.7.230' THEN 1 ELSE 0 END) AS blocked,
        min(CASE WHEN n = 1 THEN text END) AS text,
        min(CASE WHEN n = 1 THEN source_id END) AS source_id, min(CASE WHEN n = 1 THEN record END) AS record
    FROM ranked
    GROUP BY host, destination, cluster_no
),

hit AS (
    SELECT
        s.*, c.attempts,
        s.destination || ' ' || strftime(s.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        CASE
            WHEN s.blocked = 1 THEN 'high'
            WHEN s.old_server = 1 OR c.attempts >= $many_attempts THEN 'medium'
            ELSE 'low'
        END AS severity
    FROM sized AS s
    JOIN counted AS c ON c.host = s.host AND c.destination = s.destination AND c.cluster_no = s.cluster_no
    -- one answer with the number that names old servers is enough
    WHERE c.attempts >= $min_attempts OR s.old_server + s.blocked > 0
),

held AS (  -- each message once, as the log that names most of a day's knows it: when it was first put off
    SELECT
        h.host, h.destination, h.incident_key, h.severity, n.message, min(n.ts) AS ts, count(*) AS times,
        min(CASE WHEN n.message_n = 1 THEN n.recipient END) AS recipient,
        min(CASE WHEN n.message_n = 1 THEN n.source_id END) AS source_id,
        min(CASE WHEN n.message_n = 1 THEN n.record END) AS record
    FROM ranked AS n
    JOIN hit AS h ON h.host = n.host AND h.destination = n.destination AND h.cluster_no = n.cluster_no
    JOIN daily AS d
        ON d.host = n.host AND d.destination = n.destination AND d.cluster_no = n.cluster_no
       AND d.log = n.log AND d.day = date_trunc('day', n.ts) AND d.names = 1
    WHERE n.message IS NOT NULL
    GROUP BY h.host, h.destination, h.incident_key, h.severity, n.message
),

fate AS (
    SELECT d.host, d.incident_key, d.message, max(m.wait_h) AS wait_h, max(m.ended) AS ended, max(m.outcome) AS outcome
    FROM held AS d
    JOIN message AS m ON m.host = d.host AND m.message = d.message AND m.domain = d.destination
    GROUP BY d.host, d.incident_key, d.message
)

SELECT
    incident_key, 'cause' AS role, severity, began AS ts, last_ts AS ts_end, host, destination AS service,
    CAST(NULL AS VARCHAR) AS message,
    destination || ' put off mail from ' || host || ' ' || attempts || ' times: ' || text AS text,
    'attempts' AS measure, 1.0 * attempts AS value, source_id, record
FROM hit
UNION ALL
SELECT
    incident_key, 'sign', severity, began, last_ts, host, destination, NULL,
    CASE
        WHEN blocked = 1 THEN 'Exchange Online blocks this server for its version (5.7.230)'
        WHEN old_server = 1 THEN 'Exchange Online throttles this server for its version (4.7.230); blocking comes next'
        ELSE 'the remote host limits what it takes from this server'
    END,
    'hours', round(lp_hours(began, last_ts), 1), source_id, record
FROM hit
UNION ALL
SELECT
    d.incident_key, 'symptom', d.severity, d.ts, f.ended, d.host, d.destination, d.message,
    'message ' || d.message || coalesce(' to ' || d.recipient, '') || ' was put off '
        || CASE WHEN d.times = 1 THEN 'once' ELSE d.times || ' times' END
        || coalesce('; ' || f.outcome || ' after ' || round(f.wait_h, 1) || ' h', ''),
    'longest_wait_h', round(f.wait_h, 1), d.source_id, d.record
FROM held AS d
LEFT JOIN fate AS f ON f.host = d.host AND f.incident_key = d.incident_key AND f.message = d.message
