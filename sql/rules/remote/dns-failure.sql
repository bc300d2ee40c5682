/*
title = "Name service failed on $host"
severity = "medium"
summary = "$domains domains could not be looked up; $messages messages waited for them; $returned came back; $hours hours from the first failure to the end."
needs = ["windows_event (SMTPSVC or MSExchangeTransport 4000 with its data, 2012, 2013, 16025)", "or connection_event, tracking_event with the words of the failure", "smtp_event or tracking_event for the messages"]
why = "Mail waited because names were not resolved: the events, the connectivity log or the last errors say so (0xC00402E7, DNS words). Several domains at the same time are the name server's or the line's matter; one alone is the matter of its own name servers; and where always the same domains fail for a day and more while all others work and restarts change nothing, an answer too long for UDP meets a closed TCP port 53."
todo = "Several domains at once: ask the name servers of this host from this host (nslookup -type=mx DOMAIN SERVER; ipconfig /all names them), and look at what happened to them at that hour. Always the same domains: ask the same with 'set vc' (TCP); open TCP port 53 to the name servers, or have SMTP use UDP only as the article says."
references = ["KB 820284", "KB 263237", "KB 330070"]

[params]
min_domains = 3    # domains that failed at the same time
pad_min = 60       # minutes after a failure in which its domain still counts as failing
persist_h = 24     # hours from which on a domain that fails alone fails always
min_failures = 3   # failures of such a domain
min_others = 3     # destinations that took mail meanwhile, so that it is this domain alone
many_messages = 3  # messages for such a domain; fewer for one alone are info: it may be misspelt
min_minutes = 60   # minutes for which one domain alone must fail
min_messages = 2   # messages that waited for it
min_events = 3     # events about name servers, where no domain is known to have failed; fewer are info
*/

WITH ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY host, destination, before_ok ORDER BY ts, source_id, record, text) AS n,
        -- several logs tell of the same failures: the one that tells most counts them
        count(*) OVER (PARTITION BY host, destination, before_ok, log) AS told
    FROM destination_failure
    WHERE what = 'name'
),

stretch AS (  -- one row: failures of one domain with no success between them
    SELECT
        host, destination, min(ts) AS began, max(ts) AS last_failed, max(told) AS failures,
        before_ok, min(after_ok) AS after_ok,
        min(CASE WHEN n = 1 THEN text END) AS first_text,
        min(CASE WHEN n = 1 THEN source_id END) AS source_id, min(CASE WHEN n = 1 THEN record END) AS record
    FROM ranked
    GROUP BY host, destination, before_ok
),

elsewhere AS (  -- of long stretches: how many destinations took mail meanwhile
    SELECT s.host, s.destination, s.began, count(DISTINCT w.destination) AS others
    FROM stretch AS s
    JOIN destination_hour AS w
        ON w.host = s.host AND w.destination <> s.destination AND w.hour BETWEEN s.began AND s.last_failed
    WHERE lp_us(s.last_failed) - lp_us(s.began) >= lp_minutes($persist_h * 60)
    GROUP BY s.host, s.destination, s.began
),

sorted AS (
    SELECT s.*, coalesce(e.others, 0) >= $min_others AND s.failures >= $min_failures AS alone
    FROM stretch AS s
    LEFT JOIN elsewhere AS e ON e.host = s.host AND e.destination = s.destination AND e.began = s.began
),

named AS (  -- events about the name servers themselves
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.provider, e.event_id, array_to_string(e.strings, ', ') AS words,
        e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (2012, 2013))
       OR (lower(e.provider) = 'msexchangetransport' AND e.event_id = 16025)
),

edge AS (  -- where failing begins and where it ends, of domains that do not fail alone, and of name servers
    SELECT host, began AS ts, 1 AS change, 1 AS opens, last_failed, destination FROM sorted WHERE NOT alone
    UNION ALL
    SELECT host, last_failed + to_minutes($pad_min), -1, 0, NULL, destination FROM sorted WHERE NOT alone
    UNION ALL
    SELECT host, ts, 0, 1, ts, NULL FROM named
),

swept AS (
    SELECT
        *,
        sum(change) OVER (
            PARTITION BY host ORDER BY ts, opens DESC, destination ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS failing,
        max(last_failed) OVER (
            PARTITION BY host ORDER BY ts, opens DESC, destination ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_last
    FROM edge
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN opens = 1 AND (before_last IS NULL OR lp_us(ts) - lp_us(before_last) > lp_minutes($pad_min)) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host ORDER BY ts, opens DESC, destination) AS cluster_no
    FROM swept
),

cluster AS (
    SELECT
        host, cluster_no, min(ts) AS began, max(last_failed) AS last_ts, max(failing) AS together,
        count(DISTINCT destination) AS domains, sum(CASE WHEN destination IS NULL THEN 1 ELSE 0 END) AS events
    FROM numbered
    WHERE opens = 1
    GROUP BY host, cluster_no
    HAVING max(failing) >= $min_domains OR sum(CASE WHEN destination IS NULL THEN 1 ELSE 0 END) > 0
),

together AS (  -- stretches of many domains at a time, or with the word of the name servers
    SELECT s.*, 'servers ' || strftime(c.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key
    FROM sorted AS s
    JOIN cluster AS c ON c.host = s.host AND s.began BETWEEN c.began AND c.last_ts
    WHERE NOT s.alone AND (c.together >= $min_domains OR c.events >= $min_events)
),

affected AS (  -- one row: one stretch with the incident that it belongs to
    SELECT
        host, destination, began, last_failed, failures, before_ok, after_ok, first_text, source_id, record,
        incident_key, 'servers' AS scope
    FROM together
    UNION ALL
    SELECT
        host, destination, began, last_failed, failures, before_ok, after_ok, first_text, source_id, record,
        'same domains ' || strftime(min(began) OVER (PARTITION BY host), '%Y-%m-%dT%H:%M:%SZ'), 'same'
    FROM sorted
    WHERE alone
    UNION ALL
    SELECT
        s.host, s.destination, s.began, s.last_failed, s.failures, s.before_ok, s.after_ok, s.first_text, s.source_id, s.record,
        'domain ' || s.destination || ' ' || strftime(s.began, '%Y-%m-%dT%H:%M:%SZ'), 'domain'
    FROM sorted AS s
    LEFT JOIN together AS t ON t.host = s.host AND t.destination = s.destination AND t.began = s.began
    WHERE NOT s.alone AND t.host IS NULL AND lp_us(s.last_failed) - lp_us(s.began) >= lp_minutes($min_minutes)
),

waiting AS (  -- messages that entered since the domain last took mail
    SELECT
        a.host, a.incident_key, a.destination, m.message, m.recipient, m.entered, m.ended, m.outcome, m.wait_h, m.status_code,
        coalesce(m.end_source_id, m.source_id) AS source_id, coalesce(m.end_record, m.record) AS record,
        row_number() OVER (PARTITION BY a.host, a.incident_key, m.message, m.recipient ORDER BY m.entered, m.log) AS n
    FROM affected AS a
    JOIN message AS m ON m.host = a.host AND m.domain = a.destination AND m.entry_seen
    JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
    WHERE m.entered <= coalesce(a.after_ok, a.last_failed)
      AND (a.before_ok IS NULL OR m.entered > a.before_ok)
      AND lp_us(m.entered) + m.wait_h * 3600000000 > lp_us(a.began)
      AND lp_us(m.entered) >= lp_us(a.began) - lp_minutes(p.expire_h * 60)
      AND (a.after_ok IS NULL OR lp_us(m.entered) + m.wait_h * 3600000000 <= lp_us(a.after_ok) + lp_minutes(p.retry_min + p.slack_min))
),

weighed AS (
    SELECT
        host, incident_key, count(DISTINCT message) AS messages,
        count(DISTINCT CASE WHEN outcome = 'returned' THEN message END) AS returned
    FROM waiting
    GROUP BY host, incident_key
),

incident_row AS (  -- one row: one incident
    SELECT
        host, incident_key, scope, min(began) AS began, max(coalesce(after_ok, last_failed)) AS until_ts,
        count(DISTINCT destination) AS domains, sum(failures) AS failures,
        bool_or(before_ok IS NOT NULL OR after_ok IS NOT NULL) AS alive,
        min(CASE WHEN n = 1 THEN destination END) AS one_domain,
        min(CASE WHEN n = 1 THEN first_text END) AS first_text,
        min(CASE WHEN n = 1 THEN source_id END) AS source_id, min(CASE WHEN n = 1 THEN record END) AS record
    FROM (SELECT *, row_number() OVER (PARTITION BY host, incident_key ORDER BY began, destination) AS n FROM affected)
    GROUP BY host, incident_key, scope
),

hit AS (
    SELECT
        i.*, w.returned,
        -- the name stands in a command, and strangers choose names; with a dot at its end no suffix is added to it
        CASE WHEN regexp_matches(i.one_domain, '^[A-Za-z0-9_][A-Za-z0-9._-]*$') THEN i.one_domain || '.' ELSE 'DOMAIN' END AS safe_domain,
        CASE
            WHEN i.scope = 'servers' THEN 'medium'
            WHEN i.scope = 'same' AND coalesce(w.messages, 0) < $many_messages AND i.domains < 2 THEN 'info'
            WHEN i.scope = 'domain' AND NOT i.alive THEN 'info'
            ELSE 'low'
        END AS severity
    FROM incident_row AS i
    LEFT JOIN weighed AS w ON w.host = i.host AND w.incident_key = i.incident_key
    WHERE i.scope <> 'domain' OR w.messages >= $min_messages
),

restarted AS (  -- the first restart within a stretch of failures that went on after it
    SELECT
        h.host, h.incident_key, r.start_at, r.service, r.source_id, r.record,
        row_number() OVER (PARTITION BY h.host, h.incident_key ORDER BY r.start_at, r.service, r.source_id, r.record) AS n
    FROM hit AS h
    JOIN affected AS a ON a.host = h.host AND a.incident_key = h.incident_key
    JOIN restart AS r
        ON r.host = a.host AND r.service IN ('SMTPSVC', 'MSExchangeTransport', 'IISADMIN', 'host')
       AND r.start_at > a.began AND lp_us(r.start_at) + lp_minutes(30) < lp_us(a.last_failed)
    WHERE h.scope = 'same'
),

told AS (  -- events about name servers, in the incident of their hour or alone
    SELECT
        n.host, n.ts, n.event_id, n.words, n.source_id, n.record, n.provider,
        'servers ' || strftime(c.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        CASE
            WHEN c.together >= $min_domains THEN 'medium'
            WHEN c.events >= $min_events THEN 'low'
            ELSE 'info'
        END AS severity
    FROM named AS n
    JOIN cluster AS c ON c.host = n.host AND n.ts BETWEEN c.began AND c.last_ts
)

SELECT
    incident_key, 'cause' AS role, severity, began AS ts, until_ts AS ts_end, host, CAST(NULL AS VARCHAR) AS service,
    CAST(NULL AS VARCHAR) AS message,
    'looking up ' || one_domain || CASE WHEN domains > 1 THEN ' and ' || (domains - 1) || ' other domains' ELSE '' END
        || ' failed ' || failures || ' times; first: ' || first_text AS text,
    'domains' AS measure, 1.0 * domains AS value,
    'answers that ' || host || ' gets over UDP and TCP while it fails: nslookup -type=mx '
        || safe_domain || ' > dns-udp.txt & nslookup -vc -type=mx ' || safe_domain || ' > dns-tcp.txt & ipconfig /all > ipconfig.txt' AS missing,
    source_id, record
FROM hit
UNION ALL
SELECT
    incident_key, 'sign', severity, began, until_ts, host, NULL, NULL,
    CASE
        WHEN scope = 'domain' THEN 'other domains could be looked up meanwhile, or nobody asked: the name servers of this domain, or their answer'
        WHEN scope = 'same' THEN 'always the same domains, for a day and more, while all others took mail: the answers may be too long for UDP, and TCP closed'
        ELSE domains || ' domains failed within the same hours'
    END,
    'hours', round(lp_hours(began, until_ts), 1), NULL, source_id, record
FROM hit
UNION ALL
SELECT
    incident_key, 'sign', severity, began, until_ts, host, NULL, NULL,
    returned || CASE WHEN returned = 1 THEN ' message came back' ELSE ' messages came back' END,
    'returned', 1.0 * returned, NULL, source_id, record
FROM hit
WHERE returned > 0
UNION ALL
SELECT
    r.incident_key, 'sign', h.severity, r.start_at, NULL, r.host, NULL, NULL,
    'a restart (' || r.service || ') changed nothing: the same domains failed after it', NULL, NULL, NULL, r.source_id, r.record
FROM restarted AS r
JOIN hit AS h ON h.host = r.host AND h.incident_key = r.incident_key
WHERE r.n = 1
UNION ALL
SELECT
    incident_key, 'cause', severity, ts, NULL, host, NULL, NULL,
    provider || ' ' || event_id || ': '
        || CASE event_id WHEN 2012 THEN 'a name server does not answer' WHEN 2013 THEN 'no name server answers' ELSE 'no name servers are known' END
        || CASE WHEN words <> '' THEN ' (' || words || ')' ELSE '' END,
    NULL, NULL, NULL, source_id, record
FROM told
UNION ALL
SELECT
    h.incident_key, 'symptom', h.severity, w.entered, coalesce(w.ended, h.until_ts), w.host, NULL, w.message,
    'message ' || w.message || ' to ' || w.recipient || lp_fate(w.outcome, w.wait_h, w.status_code),
    'longest_wait_h', round(w.wait_h, 1), NULL, w.source_id, w.record
FROM waiting AS w
JOIN hit AS h ON h.host = w.host AND h.incident_key = w.incident_key
WHERE w.n = 1
