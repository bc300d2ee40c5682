-- Every row of every log that names a mail, in one shape: what trace_find looks through. No parameter.
-- One row: one mention of a mail for one recipient. mail: its Message-ID, else what names it in its log.
WITH protocol AS (  -- one row: one mail of a session of Exchange 2007 and later
    SELECT talk, message_no, min(message_id) AS mail, min(ts) AS ts, min(host) AS host
    FROM smtp_answer
    WHERE message_id IS NOT NULL
    GROUP BY talk, message_no
)

SELECT
    coalesce(e.message_id, e.network_id) AS mail, e.ts, e.host, e.internal_id, e.network_id,
    CASE WHEN e.sender = '<>' THEN coalesce(e.return_path, e.sender) ELSE e.sender END AS sender,
    e.recipient, e.subject
FROM tracking_event AS e
WHERE coalesce(e.message_id, e.network_id) IS NOT NULL
UNION ALL
SELECT message, ts, host, NULL, NULL, sender, recipient, NULL
FROM smtp_acceptance
UNION ALL
SELECT p.mail, p.ts, p.host, NULL, NULL, CASE WHEN a.verb = 'MAIL' THEN a.address END, CASE WHEN a.verb = 'RCPT' THEN a.address END, NULL
FROM protocol AS p
JOIN smtp_answer AS a ON a.talk = p.talk AND a.message_no = p.message_no AND a.verb IN ('MAIL', 'RCPT')
UNION ALL
SELECT
    coalesce(original_message_id, 'line ' || source_id || ':' || record),
    coalesce(original_arrival_ts, arrival_ts, original_date, ts), host, NULL, NULL,
    original_sender, coalesce(original_recipient, recipient), original_subject
FROM delivery_report
WHERE kind <> 'mail'
UNION ALL
SELECT
    coalesce(message_id, 'line ' || source_id || ':' || record), coalesce(arrived_ts, ts), host, internal_id, NULL,
    sender, recipient, subject
FROM queue_entry
WHERE kind <> 'queue'
