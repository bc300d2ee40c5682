-- A mail in one row: who wrote to whom, from when to when. Reads trace_mention, trace_step and trace_hop. Parameter $mail.
SELECT
    $mail AS mail,
    min(m.sender) AS sender,
    count(DISTINCT m.recipient) AS recipients,
    min(m.subject) AS subject,
    (SELECT min(at_ts) FROM trace_step) AS first_ts,
    (SELECT max(at_ts) FROM trace_step WHERE log IN ('tracking', 'smtp', 'protocol')) AS last_ts,
    (SELECT (lp_us(max(at_ts)) - lp_us(min(at_ts))) / 1000000.0 FROM trace_step WHERE log IN ('tracking', 'smtp', 'protocol')) AS seconds,
    (SELECT count(*) FROM trace_hop) AS hosts,
    (SELECT count(*) FROM trace_step) AS steps
FROM trace_mention AS m
WHERE m.mail = $mail
