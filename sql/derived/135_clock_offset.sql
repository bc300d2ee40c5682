-- How far the clocks of two hosts are apart, by messages that one handed to the other. One row: one
-- pair of hosts. The way of a message, seconds as a rule, is part of the distance.
CREATE OR REPLACE TABLE clock_offset AS
WITH given AS (  -- the sender's log names the next host, or the receiver's log names the client
    SELECT
        message_id, host, lp_host(coalesce(partner, server_host)) AS other, ts, source_id, record
    FROM tracking_event
    WHERE event IN ('SEND', 'SENDEXTERNAL', '1031') AND recipient_no = 1 AND message_id IS NOT NULL
    UNION ALL
    SELECT message_id, coalesce(e.host, s.host), NULL, ts, e.source_id, e.record
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE direction = 'out' AND kind = 'reply' AND message_id IS NOT NULL
    UNION ALL
    -- W3C rows of a delivery name no message: it is the one that waited for this recipient
    SELECT message_id, host, NULL, ts, source_id, record
    FROM message_touch
    WHERE log = 'smtp' AND what = 'ok' AND message_id IS NOT NULL
),

taken AS (
    SELECT message_id, host, lp_host(client_host) AS other, ts
    FROM tracking_event
    WHERE event IN ('RECEIVE', '1019') AND recipient_no = 1 AND message_id IS NOT NULL
    UNION ALL
    SELECT e.message_id, coalesce(e.host, s.host), lp_host(coalesce(e.peer_name, t.helo)), e.ts
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    LEFT JOIN smtp_session AS t
        ON t.session = e.session AND t.direction = 'in' AND t.host IS NOT DISTINCT FROM s.host
    WHERE e.direction = 'in' AND e.message_id IS NOT NULL
),

handed AS (  -- one row for each moment of a message, not for each of its recipients
    SELECT
        message_id, host, other, ts, min(source_id) AS source_id,
        min(CAST(source_id AS BIGINT) * 4294967296 + CAST(record AS BIGINT)) AS place
    FROM given
    GROUP BY message_id, host, other, ts
),

received AS (
    SELECT DISTINCT message_id, host, other, ts FROM taken
),

called AS (  -- names of a host under which others know it
    SELECT alias AS name, host FROM host_alias
    UNION
    SELECT host AS name, host FROM source WHERE host IS NOT NULL
),

pair AS (  -- one message counts once for a pair; its nearest two times
    SELECT
        g.host AS from_host, t.host AS to_host, g.message_id,
        min(g.ts) AS ts, min(g.source_id) AS source_id,
        min(g.place) AS place,
        min(lp_us(t.ts) - lp_us(g.ts)) FILTER (WHERE t.ts >= g.ts) AS later_us,
        max(lp_us(t.ts) - lp_us(g.ts)) FILTER (WHERE t.ts < g.ts) AS earlier_us
    FROM handed AS g
    JOIN received AS t ON t.message_id = g.message_id AND t.host <> g.host
    LEFT JOIN called AS next ON next.name = g.other
    LEFT JOIN called AS client ON client.name = t.other
    WHERE (next.host = t.host OR client.host = g.host)
      AND abs(lp_us(t.ts) - lp_us(g.ts)) < 7200000000
    GROUP BY g.host, t.host, g.message_id
),

distance AS (
    SELECT
        from_host, to_host, message_id, ts, source_id, place - CAST(source_id AS BIGINT) * 4294967296 AS record,
        CASE
            WHEN later_us IS NULL THEN earlier_us
            WHEN earlier_us IS NULL OR later_us <= -earlier_us THEN later_us
            ELSE earlier_us
        END / 1000000.0 AS offset_s
    FROM pair
),

middle AS (
    SELECT from_host, to_host, count(*) AS messages, quantile_cont(offset_s, 0.5) AS offset_s
    FROM distance
    GROUP BY from_host, to_host
),

nearest AS (
    SELECT from_host, to_host, source_id, record
    FROM (
        SELECT
            d.from_host, d.to_host, d.source_id, d.record,
            row_number() OVER (
                PARTITION BY d.from_host, d.to_host
                ORDER BY abs(d.offset_s - m.offset_s), d.ts, d.source_id, d.record, d.message_id
            ) AS n
        FROM distance AS d
        JOIN middle AS m ON m.from_host = d.from_host AND m.to_host = d.to_host
    )
    WHERE n = 1
)

SELECT
    m.from_host, m.to_host,
    m.messages,
    round(m.offset_s, 3) AS offset_s,       -- positive: the clock of to_host is ahead
    round(quantile_cont(abs(d.offset_s - m.offset_s), 0.5), 3) AS spread_s,
    -- an order of events on both hosts within this is not to be relied on
    round(greatest(5.0, 3 * quantile_cont(abs(d.offset_s - m.offset_s), 0.5)), 3) AS tolerance_s,
    min(d.ts) AS first_ts,                  -- of the messages that tell, by the clock of from_host
    max(d.ts) AS last_ts,
    min(n.source_id) AS source_id,          -- of the message whose distance is nearest to the middle
    min(n.record) AS record
FROM middle AS m
JOIN distance AS d ON d.from_host = m.from_host AND d.to_host = m.to_host
JOIN nearest AS n ON n.from_host = m.from_host AND n.to_host = m.to_host
GROUP BY m.from_host, m.to_host, m.messages, m.offset_s;
