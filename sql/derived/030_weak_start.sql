-- Signs of a service start outside the Service Control Manager. One row: one witness.
-- A header block or a message-id counter that began again is weak alone (a block also opens with a
-- changed logging option): table restart asks for both. LOAD rows and mounted databases suffice.
CREATE OR REPLACE TABLE weak_start AS
WITH block AS (  -- a header block inside a log, not at its top: the SMTP service opened it anew
    SELECT s.host, 'SMTPSVC' AS service, b.ts, 'log header block' AS witness, b.source_id, b.record
    FROM header_block AS b
    JOIN source AS s ON s.source_id = b.source_id
    WHERE b.record > 1 AND b.ts IS NOT NULL AND starts_with(s.format, 'smtpsvc_')
),

numbered AS (  -- ids made by the service end in an eight-digit counter: <GW1aBcDeFgHiJkL00001e05@...>
    SELECT
        o.host, e.ts, e.source_id, e.record,
        try_cast('0x' || regexp_extract(e.message_id, '[A-Za-z0-9]{12}([0-9a-f]{8})@', 1) AS BIGINT) AS number,
        o.place
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.message_id IS NOT NULL
      AND regexp_matches(e.message_id, '[A-Za-z0-9]{12}[0-9a-f]{8}@')
      AND starts_with(upper(e.message_id), o.host)
),

counter AS (
    SELECT
        host, ts, source_id, record, number,
        lag(number) OVER (PARTITION BY host ORDER BY place, record) AS before,
        lag(ts) OVER (PARTITION BY host ORDER BY place, record) AS before_ts
    FROM numbered
),

reset AS (  -- the first id after a start may come long after it: a header block in between dates it
    SELECT
        c.host, 'SMTPSVC' AS service, coalesce(max(b.ts), c.ts) AS ts,
        'message-id counter began again' AS witness, c.source_id, c.record
    FROM counter AS c
    LEFT JOIN block AS b ON b.host = c.host AND b.ts > c.before_ts AND b.ts <= c.ts
    WHERE c.number < c.before AND c.number < 256
    GROUP BY c.host, c.ts, c.source_id, c.record
),

loaded AS (  -- the transport service found messages in its queue database
    SELECT s.host, 'MSExchangeTransport' AS service, t.ts, 'LOAD by BOOTLOADER in tracking' AS witness, t.source_id, t.record
    FROM tracking_event AS t
    JOIN source AS s ON s.source_id = t.source_id
    WHERE t.event = 'LOAD' AND t.component = 'BOOTLOADER'
),

mounted AS (
    SELECT coalesce(e.host, s.host) AS host, 'MSExchangeIS' AS service, e.ts, 'MSExchangeIS 9523: database mounted' AS witness, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) LIKE 'msexchangeis%' AND e.event_id = 9523
),

every AS (
    SELECT host, service, ts, witness, source_id, record FROM block
    UNION ALL
    SELECT host, service, ts, witness, source_id, record FROM reset
    UNION ALL
    SELECT host, service, ts, witness, source_id, record FROM loaded
    UNION ALL
    SELECT host, service, ts, witness, source_id, record FROM mounted
),

spaced AS (
    SELECT
        host, service, ts, witness, source_id, record,
        lag(ts) OVER (PARTITION BY host, service ORDER BY ts, source_id, record) AS before
    FROM every
    WHERE host IS NOT NULL
),

grouped AS (  -- witnesses that follow each other within 15 minutes speak of one start
    SELECT
        host, service, ts, witness, source_id, record,
        sum(CASE WHEN before IS NULL OR lp_us(ts) - lp_us(before) > 900000000 THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, service ORDER BY ts, source_id, record) AS start_no
    FROM spaced
)

SELECT host, service, start_no, ts, witness, source_id, record
FROM grouped;
