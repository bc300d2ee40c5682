/*
title = "Mail took long on $host"
severity = "low"
summary = "$messages messages waited, the longest $longest_wait_h hours."
needs = ["smtp_event or tracking_event"]
why = "Say what it means, and why the evidence is enough."
todo = "Say what to do."
references = []

[params]
limit_h = 2   # hours from acceptance to delivery
*/

WITH slow AS (  -- one row: one message and recipient
    SELECT host, message, recipient, entered, ended, wait_h, source_id, record
    FROM message
    WHERE outcome = 'delivered' AND entry_seen AND wait_h > $limit_h
)

SELECT
    strftime(entered, '%Y-%m-%d') AS incident_key,
    'symptom' AS role,
    entered AS ts,
    ended AS ts_end,
    host,
    message,
    'message ' || message || ' was delivered after ' || round(wait_h, 1) || ' h' AS text,
    'longest_wait_h' AS measure,
    round(wait_h, 1) AS value,
    source_id,
    record
FROM slow
