-- Incidents of waiting mail for which known problems are considered. One row: one incident.
-- from_ts to until_ts: the uptime it lies in: from the last start of a service that owns the queue before it, until its end or the
-- restart that freed mail of it. watched: event logs with service events span the incident.
CREATE OR REPLACE TABLE queue_case AS
WITH involved AS (
    SELECT
        i.rule, i.host, i.incident_key, i.started_at,
        coalesce(i.ended_at, s.last_ts, i.started_at) AS last_at
    FROM incident AS i
    LEFT JOIN (SELECT host, max(last_ts) AS last_ts FROM log_span GROUP BY host) AS s ON s.host = i.host
    WHERE i.rule IN ('idle-until-restart', 'delayed-ndr', 'idle-queue-item') AND i.host IS NOT NULL
),

before AS (  -- the last start before it
    SELECT i.rule, i.host, i.incident_key, max(r.start_at) AS start_at
    FROM involved AS i
    JOIN restart AS r
        ON r.host = i.host AND r.start_at <= i.started_at
       AND r.service IN (SELECT service FROM service_weight WHERE queue)
    GROUP BY i.rule, i.host, i.incident_key
),

release AS (  -- restarts that freed mail, each once
    SELECT host, service, start_at, count(DISTINCT message) AS messages
    FROM freed
    WHERE sure
    GROUP BY host, service, start_at
),

after AS (  -- the first of them at the incident's end or later
    SELECT i.rule, i.host, i.incident_key, min(f.start_at) AS start_at
    FROM involved AS i
    CROSS JOIN known_limit AS l
    JOIN release AS f
        ON f.host = i.host AND f.start_at >= i.started_at
       AND lp_us(f.start_at) >= lp_us(i.last_at) - lp_minutes(l.release_min)
    GROUP BY i.rule, i.host, i.incident_key
),

event_log AS (
    SELECT s.host, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
    FROM source AS s
    WHERE s.source_id IN (SELECT source_id FROM service_event)
    GROUP BY s.host
),

mail_log AS (
    SELECT host, min(first_ts) AS first_ts, max(last_ts) AS last_ts FROM log_span GROUP BY host
)

SELECT
    i.rule, i.host, i.incident_key, i.started_at, i.last_at,
    coalesce(b.start_at, m.first_ts, i.started_at) AS from_ts,
    greatest(i.last_at, coalesce(a.start_at, i.last_at)) + to_minutes(CAST(l.after_min AS BIGINT)) AS until_ts,
    coalesce(e.first_ts <= i.started_at AND lp_us(e.last_ts) >= lp_us(least(i.last_at, m.last_ts)) - lp_minutes(l.log_end_h * 60), false) AS watched,
    m.first_ts AS log_from,
    m.last_ts AS log_until
FROM involved AS i
CROSS JOIN known_limit AS l
LEFT JOIN before AS b ON b.rule = i.rule AND b.host = i.host AND b.incident_key = i.incident_key
LEFT JOIN after AS a ON a.rule = i.rule AND a.host = i.host AND a.incident_key = i.incident_key
LEFT JOIN event_log AS e ON e.host = i.host
LEFT JOIN mail_log AS m ON m.host = i.host;

-- The messages of those incidents with what is known of their wait. One row: one incident, message and recipient.
-- freed_by: the service whose restart ended the wait.
CREATE OR REPLACE TABLE queue_case_wait AS
WITH named AS (
    SELECT DISTINCT f.rule, f.host, f.incident_key, f.message
    FROM finding AS f
    WHERE f.role = 'symptom' AND f.message IS NOT NULL
      AND f.rule IN ('idle-until-restart', 'delayed-ndr', 'idle-queue-item')
)

SELECT
    n.rule, n.host, n.incident_key, n.message,
    i.recipient, i.domain, i.entered, i.ended, i.outcome, i.gap_h, i.wait_h, i.proof, i.overtaken_at, i.others, i.peers,
    f.service AS freed_by, f.start_at AS freed_at,
    r.judgement, i.source_id, i.record
FROM named AS n
JOIN idle_wait AS i ON i.host = n.host AND i.message = n.message
LEFT JOIN freed AS f ON f.host = i.host AND f.log = i.log AND f.message = i.message AND f.recipient IS NOT DISTINCT FROM i.recipient
LEFT JOIN returned_mail AS r ON r.host = i.host AND r.log = i.log AND r.message = i.message AND r.recipient IS NOT DISTINCT FROM i.recipient;

-- What those messages show together. One row: one incident.
CREATE OR REPLACE TABLE queue_case_sum AS
WITH summed AS (
    SELECT
        rule, host, incident_key,
        count(DISTINCT message) AS messages,
        count(DISTINCT message) FILTER (WHERE overtaken_at IS NOT NULL) AS overtaken,
        coalesce(sum(peers), 0) AS peers,
        coalesce(sum(others), 0) AS others,
        count(DISTINCT message) FILTER (WHERE proof = 'overdue' OR judgement = 'overdue') AS overdue,
        count(DISTINCT message) FILTER (WHERE ended IS NOT NULL) AS ended,
        count(DISTINCT message) FILTER (WHERE freed_by IN ('SMTPSVC', 'IISADMIN', 'host')) AS freed_smtp,
        count(DISTINCT message) FILTER (WHERE freed_by IN ('SMTPSVC', 'IISADMIN')) AS freed_smtp_alone,
        count(DISTINCT message) FILTER (WHERE freed_by IN ('MSExchangeIS', 'host')) AS freed_store,
        count(DISTINCT message) FILTER (WHERE freed_by IS NOT NULL) AS freed,
        max(gap_h) AS longest_h,
        max(wait_h) AS oldest_h,
        min(entered) AS first_entered,
        min_by(source_id, (entered, source_id, record)) AS source_id,
        min_by(record, (entered, source_id, record)) AS record
    FROM queue_case_wait
    GROUP BY rule, host, incident_key
),

around AS (  -- what the same restarts freed beside them, in the uptime of the incident
    SELECT
        c.rule, c.host, c.incident_key,
        count(DISTINCT f.message) FILTER (WHERE f.service IN ('SMTPSVC', 'IISADMIN', 'host')) AS all_smtp,
        count(DISTINCT f.message) FILTER (WHERE f.service IN ('SMTPSVC', 'IISADMIN')) AS all_smtp_alone,
        count(DISTINCT f.message) FILTER (WHERE f.service IN ('MSExchangeIS', 'host')) AS all_store,
        max(f.start_at) AS freed_at,
        max_by(f.restart_source_id, f.start_at) AS restart_source_id,
        max_by(f.restart_record, f.start_at) AS restart_record
    FROM queue_case AS c
    JOIN freed AS f ON f.host = c.host AND f.sure AND f.start_at >= c.started_at AND f.start_at <= c.until_ts
    GROUP BY c.rule, c.host, c.incident_key
)

SELECT
    c.rule, c.host, c.incident_key, c.started_at, c.last_at, c.from_ts, c.until_ts, c.watched, c.log_from, c.log_until,
    coalesce(s.messages, 0) AS messages, coalesce(s.overtaken, 0) AS overtaken, coalesce(s.peers, 0) AS peers,
    coalesce(s.others, 0) AS others, coalesce(s.overdue, 0) AS overdue, coalesce(s.ended, 0) AS ended,
    coalesce(s.freed, 0) AS freed, coalesce(s.freed_smtp, 0) AS freed_smtp,
    coalesce(a.all_smtp, 0) AS all_smtp, coalesce(a.all_smtp_alone, 0) AS all_smtp_alone, coalesce(a.all_store, 0) AS all_store,
    a.freed_at, s.longest_h, s.oldest_h, s.first_entered, s.source_id, s.record, a.restart_source_id, a.restart_record
FROM queue_case AS c
LEFT JOIN summed AS s ON s.rule = c.rule AND s.host = c.host AND s.incident_key = c.incident_key
LEFT JOIN around AS a ON a.rule = c.rule AND a.host = c.host AND a.incident_key = c.incident_key;

-- Events that explain waiting mail otherwise, counted in the uptime of each incident. One row: one incident.
-- dns_messages: messages to domains whose delivery failed with 0xC00402E7, the internal DNS error of DNS over TCP.
CREATE OR REPLACE TABLE queue_case_event AS
WITH told AS (
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.event_id,
        CASE WHEN e.event_id IN (4000, 4006, 4007) THEN rtrim(lower(e.strings[1]), '.') END AS domain,
        lp_dns_error(e.binary_hex) AS dns_error,
        e.strings[1] AS first_string
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (3028, 4000, 4006, 4007, 6004, 9003, 9004, 9035))
       OR (starts_with(lower(e.provider), 'msexchangeis') AND e.event_id = 9667)
       OR (starts_with(lower(e.provider), 'msgidnamedprops') AND e.event_id = 9667)
),

dns AS (  -- messages of an incident to domains that such an event names within its uptime
    SELECT w.rule, w.host, w.incident_key, count(DISTINCT w.message) AS messages
    FROM queue_case_wait AS w
    JOIN queue_case AS c ON c.rule = w.rule AND c.host = w.host AND c.incident_key = w.incident_key
    JOIN (SELECT host, domain, min(ts) AS first_ts, max(ts) AS last_ts FROM told WHERE dns_error GROUP BY host, domain) AS t
        ON t.host = w.host AND t.domain = w.domain AND t.first_ts <= c.until_ts AND t.last_ts >= c.from_ts
    GROUP BY w.rule, w.host, w.incident_key
),

counted AS (
    SELECT
        c.rule, c.host, c.incident_key,
        count(*) FILTER (WHERE t.event_id = 9667) AS quota,
        count(*) FILTER (WHERE t.event_id = 3028 AND t.first_string LIKE '5.2.%') AS quota_reports,
        count(DISTINCT CASE WHEN t.event_id IN (6004, 9003, 9004, 9035) THEN date_trunc('hour', t.ts) END) AS categorizer_hours,
        count(*) FILTER (WHERE t.event_id = 3028 AND t.first_string = '4.4.7') AS expired
    FROM queue_case AS c
    JOIN told AS t ON t.host = c.host AND t.ts BETWEEN c.started_at AND c.until_ts
    GROUP BY c.rule, c.host, c.incident_key
),

application AS (  -- hosts whose Application log, with Exchange in it, was read
    SELECT DISTINCT coalesce(e.host, s.host) AS host
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE starts_with(lower(e.provider), 'msexchange')
)

SELECT
    c.rule, c.host, c.incident_key,
    coalesce(d.messages, 0) AS dns_messages,
    coalesce(n.quota, 0) AS quota, coalesce(n.quota_reports, 0) AS quota_reports,
    coalesce(n.categorizer_hours, 0) AS categorizer_hours, coalesce(n.expired, 0) AS expired,
    a.host IS NOT NULL AS application
FROM queue_case AS c
LEFT JOIN dns AS d ON d.rule = c.rule AND d.host = c.host AND d.incident_key = c.incident_key
LEFT JOIN counted AS n ON n.rule = c.rule AND n.host = c.host AND n.incident_key = c.incident_key
LEFT JOIN application AS a ON a.host = c.host;
