-- Mail that other hosts took, as any log tells it. One row: one message and recipient in one log, or one connection.
CREATE OR REPLACE VIEW mail_taken AS
SELECT host, domain AS destination, ended AS ts
FROM message
WHERE outcome = 'delivered'
UNION ALL
SELECT host, lp_domain(recipient), answered_at
FROM smtp_attempt
WHERE outcome = 'ok'
UNION ALL
SELECT o.host, lower(e.destination), e.ts
FROM connection_event AS e
JOIN source_order AS o ON o.source_id = e.source_id
WHERE e.messages > 0 AND e.component = 'SMTP';

-- Destinations that took mail, hour by hour: whether the line and the name service worked. One row:
-- one host, destination and hour in which it took a message.
CREATE OR REPLACE TABLE destination_hour AS
SELECT DISTINCT host, destination, date_trunc('hour', ts) AS hour
FROM mail_taken
WHERE host IS NOT NULL AND destination IS NOT NULL AND ts IS NOT NULL;

-- When destinations took mail that failed at other times (table delivery_failure). One row: one host,
-- destination and moment. An answer about one mailbox, or a greylist, shows that the destination is there.
CREATE OR REPLACE TABLE delivery_success AS
SELECT t.host, t.destination, t.ts
FROM mail_taken AS t
JOIN (SELECT DISTINCT host, destination FROM delivery_failure) AS f ON f.host = t.host AND f.destination = t.destination
WHERE t.ts IS NOT NULL
UNION
SELECT host, destination, ts
FROM delivery_failure
WHERE kind IN ('greylisting', 'recipient', 'throttled') AND log IN ('smtp', 'tracking');
