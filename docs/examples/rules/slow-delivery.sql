/*
title = "Mail to one domain took long on $host"
severity = "low"
summary = "$messages messages waited, the longest $longest_wait_h hours, and were then delivered."
needs = ["smtp_event or tracking_event"]
why = "Mail that is delivered after hours is rarely reported, but it is noticed."
todo = "Look at the attempts meanwhile: table message_touch, for this message."
references = ["RFC 5321 4.5.4.1"]

[params]
limit_h = 2   # hours from acceptance to delivery
*/

WITH slow AS (
    SELECT host, log, message, recipient, domain, entered, ended, wait_h, source_id, record
    FROM message
    WHERE outcome = 'delivered' AND entry_seen AND wait_h > $limit_h
)

SELECT
    log || ' ' || domain || ' ' || strftime(entered, '%Y-%m-%d') AS incident_key,
    'symptom' AS role,
    entered AS ts,
    ended AS ts_end,
    host,
    message,
    'message ' || message || ' to ' || recipient || ' was delivered after ' || round(wait_h, 1) || ' h' AS text,
    'longest_wait_h' AS measure,
    round(wait_h, 1) AS value,
    source_id,
    record
FROM slow
