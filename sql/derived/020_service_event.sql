-- Starts, stops and crashes of services and hosts as the event logs tell them. One row: one event.
-- state: start, stop, crash, boot (log service started), shutdown (clean stop), unclean (the last
-- shutdown was not clean), asked (a person or program asked for a restart).
CREATE OR REPLACE TABLE service_event AS
WITH scm AS (  -- Service Control Manager, with the service's display name or key
    SELECT
        e.source_id, e.record, e.ts, e.event_id, e.user_sid,
        coalesce(e.host, s.host) AS host,
        e.strings[1] AS display,
        e.strings[2] AS word,
        split_part(e.decoded, '/', 1) AS decoded_key,
        split_part(e.decoded, '/', 2) AS decoded_state
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE starts_with(lower(e.provider), 'service control manager')
      AND e.event_id IN (7031, 7034, 7036, 7023, 7024)
),

known_name AS (  -- each spelling once: patterns are dear
    SELECT d.decoded_key, d.display, n.service, row_number() OVER (
        PARTITION BY d.decoded_key, d.display ORDER BY n.rank
    ) AS best
    FROM (SELECT DISTINCT decoded_key, display FROM scm) AS d
    JOIN service_name AS n
        ON regexp_full_match(lower(coalesce(nullif(d.decoded_key, ''), d.display)), n.pattern)
        OR regexp_full_match(lower(d.display), n.pattern)
),

named AS (
    SELECT
        c.source_id, c.record, c.ts, c.event_id, c.host, c.display, c.word, c.decoded_state,
        coalesce(n.service, nullif(c.decoded_key, ''), c.display) AS service,
        n.service IS NOT NULL AS mail
    FROM scm AS c
    LEFT JOIN known_name AS n
        ON n.best = 1
       AND n.decoded_key IS NOT DISTINCT FROM c.decoded_key AND n.display IS NOT DISTINCT FROM c.display
),

service AS (
    SELECT
        n.source_id, n.record, n.ts, n.host, n.service, n.display, n.mail,
        CASE
            WHEN n.event_id IN (7031, 7034) THEN 'crash'
            WHEN n.event_id IN (7023, 7024) THEN 'stop'
            WHEN n.decoded_state = '4' THEN 'start'
            WHEN n.decoded_state = '1' THEN 'stop'
            ELSE w.state
        END AS state,
        CASE
            WHEN n.event_id IN (7031, 7034) THEN 'Service Control Manager ' || n.event_id || ': ' || n.display || ' terminated unexpectedly'
            ELSE 'Service Control Manager ' || n.event_id || ': ' || n.display || ' ' || coalesce(n.word, '')
        END AS text,
        CAST(NULL AS TIMESTAMP) AS down_ts
    FROM named AS n
    LEFT JOIN service_state AS w ON n.event_id = 7036 AND w.word = lower(trim(n.word))
),

host_event AS (
    SELECT
        e.source_id, e.record, e.ts, coalesce(e.host, s.host) AS host,
        'host' AS service, 'Windows' AS display, true AS mail,
        CASE
            WHEN lower(e.provider) = 'eventlog' AND e.event_id = 6005 THEN 'boot'
            WHEN lower(e.provider) = 'eventlog' AND e.event_id = 6006 THEN 'shutdown'
            WHEN lower(e.provider) = 'eventlog' AND e.event_id = 6008 THEN 'unclean'
            WHEN lower(e.provider) = 'microsoft-windows-kernel-power' AND e.event_id = 41 THEN 'unclean'
            WHEN lower(e.provider) = 'user32' AND e.event_id = 1074 THEN 'asked'
        END AS state,
        CASE
            WHEN lower(e.provider) = 'eventlog' AND e.event_id = 6005 THEN 'EventLog 6005: the event log service was started'
            WHEN lower(e.provider) = 'eventlog' AND e.event_id = 6006 THEN 'EventLog 6006: the event log service was stopped'
            WHEN e.event_id = 6008 THEN 'EventLog 6008: the previous shutdown was unexpected'
            WHEN e.event_id = 41 THEN 'Kernel-Power 41: the system restarted without a clean shutdown'
            ELSE 'USER32 1074: ' || coalesce(e.strings[5], 'restart') || ' asked for by '
                || coalesce(e.strings[7], 'unknown') || ', ' || coalesce(e.strings[3], 'no reason given')
        END AS text,
        CASE WHEN e.event_id = 6008 THEN try_cast(replace(e.decoded, 'Z', '') AS TIMESTAMP) END AS down_ts
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) = 'eventlog' AND e.event_id IN (6005, 6006, 6008))
       OR (lower(e.provider) = 'user32' AND e.event_id = 1074)
       OR (lower(e.provider) = 'microsoft-windows-kernel-power' AND e.event_id = 41)
),

every AS (
    SELECT source_id, record, ts, host, service, display, mail, state, text, down_ts FROM service
    UNION ALL
    SELECT source_id, record, ts, host, service, display, mail, state, text, down_ts FROM host_event
),

single AS (  -- an overwritten copy of an event beside the log proper is the same event
    SELECT
        *,
        row_number() OVER (
            PARTITION BY host, service, state, ts, record ORDER BY source_id, text
        ) AS copy
    FROM every
    WHERE state IS NOT NULL AND host IS NOT NULL
)

SELECT host, service, display, mail, state, ts, down_ts, text, source_id, record
FROM single
WHERE copy = 1;
