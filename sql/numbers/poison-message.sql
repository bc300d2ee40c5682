-- Failures are events 10003. Messages are those of which message tracking says that they are poison; where
-- it is silent, the largest number that an event 10001 names.
WITH fact AS (
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.event_id, CAST(NULL AS VARCHAR) AS message,
        CASE WHEN e.event_id = 10001 THEN try_cast(e.strings[1] AS DOUBLE) END AS moved
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id IN (10001, 10003)
    UNION ALL
    SELECT o.host, t.ts, NULL, coalesce(t.network_id, t.message_id), NULL
    FROM tracking_event AS t
    JOIN source_order AS o ON o.source_id = t.source_id
    WHERE t.recipient_no = 1 AND (t.event = 'POISONMESSAGE' OR t.component = 'POISONMESSAGE')
)

SELECT
    i.incident_id,
    min(f.ts) AS started_at,
    max(f.ts) AS ended_at,
    nullif(count(*) FILTER (WHERE f.event_id = 10003), 0) AS failures,
    CASE WHEN count(*) > count(f.event_id) THEN count(DISTINCT f.message) ELSE max(f.moved) END AS messages
FROM incident AS i
JOIN fact AS f ON f.host = i.host AND f.ts BETWEEN i.started_at AND i.ended_at
WHERE i.rule = 'poison-message'
GROUP BY i.incident_id;
