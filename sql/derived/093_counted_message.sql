-- Messages of table message, each told by one log of its host, so that they can be counted: where
-- message tracking covers its entry the SMTP log of the same host is not asked. One row: one recipient of
-- one message on one host.
-- An address that went on under another one (a list that was expanded) is left out. entered: of a
-- recipient that a list brought, the entry of its message. seconds: from entry to delivery; NULL unless
-- both are in the log. outcome: as in message, and unknown where a log tells no end of any message.
-- connector: of the row that ended it: the connector, or the virtual server of an SMTP log.
CREATE OR REPLACE VIEW counted_message AS
WITH telling AS (
    SELECT host, log
    FROM message
    GROUP BY host, log
    HAVING count(ended) > 0
),

chosen AS (  -- the log that speaks at its entry
    SELECT m.*
    FROM message AS m
    WHERE NOT EXISTS (
        SELECT 1
        FROM log_span AS s
        WHERE s.host = m.host AND s.log <> m.log AND m.entered BETWEEN s.first_ts AND s.last_ts
          AND (m.log = 'smtp' OR (s.log <> 'smtp' AND s.log < m.log))
    )
),

met AS (
    SELECT
        *,
        CASE
            WHEN entry_seen THEN entered
            ELSE min(CASE WHEN entry_seen THEN entered END) OVER (PARTITION BY host, log, message)
        END AS entry
    FROM chosen
),

tracked_end AS (  -- one row: one line that ends something
    SELECT source_id, record, connector, class
    FROM tracking_event
    WHERE recipient_no = 1 AND class IN ('ok', 'fail', 'report', 'replaced')
),

spoken_end AS (
    SELECT source_id, record, coalesce(connector, site) AS connector
    FROM smtp_event
    WHERE direction = 'out' AND verb = 'RCPT'
)

SELECT
    m.host, m.log, m.message, m.message_id, m.sender, m.recipient, m.domain,
    coalesce(m.entry, m.entered) AS entered,
    m.entry IS NOT NULL AS entry_seen,
    m.ended,
    CASE WHEN m.outcome = 'open' AND t.log IS NULL THEN 'unknown' ELSE m.outcome END AS outcome,
    CASE WHEN m.outcome = 'delivered' THEN (lp_us(m.ended) - lp_us(m.entry)) / 1000000.0 END AS seconds,
    coalesce(e.connector, s.connector) AS connector,
    m.status_code, m.source_id, m.record, m.end_source_id, m.end_record
FROM met AS m
LEFT JOIN telling AS t ON t.host = m.host AND t.log = m.log
LEFT JOIN tracked_end AS e ON e.source_id = m.end_source_id AND e.record = m.end_record
LEFT JOIN spoken_end AS s ON s.source_id = m.end_source_id AND s.record = m.end_record
WHERE coalesce(e.class, '') <> 'replaced';
