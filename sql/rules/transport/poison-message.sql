/*
title = "A message harms the transport service of $host"
severity = "medium"
summary = "$failures failures of the service while it worked on a message; $messages messages are known to be in the poison queue."
needs = ["windows_event (Application log, MSExchangeTransport 10001, 10003)", "or tracking_event (POISONMESSAGE)"]
why = "A message that was in work each time the transport process failed is put into the poison queue after the next start, and stays there until somebody looks: it is neither delivered nor returned. The failures themselves stop all mail for the time of a restart."
todo = "Look at the queue (Get-Message -Queue Poison), export what is there before resuming or removing it, and look for the transport agent in the call stack of event 10003: third-party agents and scanners come first."
references = ["Microsoft: poison message queue"]

[params]
apart_h = 24       # hours between two such facts that still make one incident
many_failures = 3  # failures of the process, from which on it is high
*/

WITH fact AS (  -- one row: one event, or one message that tracking says is poison
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, CAST(e.event_id AS VARCHAR) AS what, CAST(NULL AS VARCHAR) AS message,
        CASE e.event_id
            WHEN 10001 THEN coalesce(e.strings[1], 'some') || ' messages were put into the poison queue (MSExchangeTransport 10001)'
            -- a call stack is long: its first line
            ELSE 'the transport process failed while it worked on mail (MSExchangeTransport 10003)'
                || coalesce(': ' || left(split_part(trim(e.strings[1]), chr(10), 1), 120), '')
        END AS text,
        CASE WHEN e.event_id = 10001 THEN try_cast(e.strings[1] AS DOUBLE) END AS moved,
        e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id IN (10001, 10003)
    UNION ALL
    SELECT
        o.host, t.ts, 'tracked', coalesce(t.network_id, t.message_id),
        'message ' || coalesce(t.message_id, t.network_id, 'without id') || ' from ' || coalesce(t.sender, 'unknown')
            || ' is in the poison queue',
        NULL, t.source_id, t.record
    FROM tracking_event AS t
    JOIN source_order AS o ON o.source_id = t.source_id
    WHERE (t.event = 'POISONMESSAGE' OR t.component = 'POISONMESSAGE') AND t.recipient_no = 1
),

spaced AS (
    SELECT *, lag(ts) OVER (PARTITION BY host ORDER BY ts, source_id, record) AS before_ts FROM fact
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR lp_us(ts) - lp_us(before_ts) > lp_minutes($apart_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host ORDER BY ts, source_id, record) AS cluster_no
    FROM spaced
),

sized AS (
    SELECT
        *,
        min(ts) OVER whole AS began,
        sum(CASE WHEN what = '10003' THEN 1 ELSE 0 END) OVER whole AS failures,
        sum(CASE WHEN what = 'tracked' THEN 1 ELSE 0 END) OVER whole AS tracked
    FROM numbered
    WINDOW whole AS (PARTITION BY host, cluster_no)
)

SELECT
    'poison ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    CASE what WHEN '10003' THEN 'cause' ELSE 'symptom' END AS role,
    CASE WHEN failures >= $many_failures THEN 'high' ELSE 'medium' END AS severity,
    ts, host, 'MSExchangeTransport' AS service, message, text,
    CASE what WHEN '10003' THEN 'failures' WHEN '10001' THEN CASE WHEN tracked = 0 THEN 'messages' END END AS measure,
    CASE what WHEN '10003' THEN 1.0 * failures WHEN '10001' THEN CASE WHEN tracked = 0 THEN moved END END AS value,
    CASE WHEN what = '10001' AND tracked = 0 THEN 'message tracking log of ' || host || ' (event POISONMESSAGE), and Get-Message -Queue Poison' END AS missing,
    source_id, record
FROM sized
