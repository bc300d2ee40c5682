-- Destinations that took mail, hour by hour: whether the line and the name service worked. One row:
-- one host, destination and hour in which it took a message.
CREATE OR REPLACE TABLE destination_hour AS
SELECT DISTINCT host, destination, date_trunc('hour', ts) AS hour
FROM (
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
    WHERE e.messages > 0 AND e.component = 'SMTP'
)
WHERE host IS NOT NULL AND destination IS NOT NULL AND ts IS NOT NULL;

-- When destinations took mail that failed at other times (table delivery_failure). One row: one host,
-- destination and moment. An answer about one mailbox, or a greylist, shows that the destination is there.
CREATE OR REPLACE TABLE delivery_success AS
WITH asked AS (
    SELECT DISTINCT host, destination FROM delivery_failure
)

SELECT DISTINCT w.host, w.destination, w.ts
FROM (
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
    WHERE e.messages > 0 AND e.component = 'SMTP'
    UNION ALL
    SELECT host, destination, ts
    FROM delivery_failure
    WHERE kind IN ('greylisting', 'recipient', 'throttled') AND log IN ('smtp', 'tracking')
) AS w
JOIN asked AS a ON a.host = w.host AND a.destination = w.destination
WHERE w.ts IS NOT NULL;
