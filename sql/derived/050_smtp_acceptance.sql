-- Mail that the SMTP service took in. One row: one recipient of one accepted message.
-- A message begins at an accepted MAIL and is accepted at the first DATA or BDAT answered with 2xx.
-- W3C rows carry no session: rows of one client (address and HELO name) are read in file order, so
-- parallel sessions of one client can mix; sure says whether the commands came in plain order.
CREATE OR REPLACE TABLE smtp_acceptance AS
WITH command AS (
    SELECT
        o.host, coalesce(e.site, '') AS site, e.peer, coalesce(e.peer_name, '') AS peer_name,
        o.place, e.source_id, e.record, e.ts, e.verb, e.address, e.message_id, e.bytes_in
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'in' AND e.verb IN ('MAIL', 'RCPT', 'DATA', 'BDAT')
      AND e.reply_code BETWEEN 200 AND 299
),

numbered AS (  -- which message of this client a command belongs to
    SELECT
        *,
        sum(CASE WHEN verb = 'MAIL' THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, site, peer, peer_name ORDER BY place, record) AS message_no
    FROM command
),

accepted AS (
    SELECT
        host, site, peer, peer_name, message_no,
        min(CASE WHEN verb = 'MAIL' THEN address END) AS sender,
        min(ts) FILTER (WHERE verb IN ('DATA', 'BDAT')) AS ts,
        min(message_id) FILTER (WHERE verb IN ('DATA', 'BDAT')) AS message_id,
        min(place) FILTER (WHERE verb IN ('DATA', 'BDAT')) AS place,
        min(source_id) FILTER (WHERE verb IN ('DATA', 'BDAT')) AS source_id,
        min(record) FILTER (WHERE verb IN ('DATA', 'BDAT')) AS record,
        max(bytes_in) FILTER (WHERE verb IN ('DATA', 'BDAT')) AS bytes,
        count(*) FILTER (WHERE verb = 'DATA') <= 1 AS sure
    FROM numbered
    WHERE message_no > 0
    GROUP BY host, site, peer, peer_name, message_no
    HAVING count(*) FILTER (WHERE verb IN ('DATA', 'BDAT')) > 0
),

addressed AS (
    SELECT DISTINCT host, site, peer, peer_name, message_no, address AS recipient
    FROM numbered
    WHERE verb = 'RCPT' AND address IS NOT NULL
)

SELECT
    a.host, a.site, a.peer, a.ts, a.place, a.source_id, a.record, a.bytes, a.sure,
    -- without a Message-ID the place names the message
    coalesce(a.message_id, 'line ' || a.source_id || ':' || a.record) AS message,
    a.message_id,
    coalesce(a.sender, '<>') AS sender,
    r.recipient
FROM accepted AS a
JOIN addressed AS r
    ON r.host = a.host AND r.site = a.site AND r.peer = a.peer AND r.peer_name = a.peer_name
   AND r.message_no = a.message_no;
