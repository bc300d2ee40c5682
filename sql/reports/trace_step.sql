-- The rows about the mail by one clock, in order. Reads trace_row and trace_clock. No parameter. One row: a row of
-- trace_row. at: its time by the clock of the first host, as far as that is known; other_host: the other side where
-- it is a host whose logs are here. What a host does with a mail stands after the handing over to it, where the
-- clocks cannot tell: order_ts and late are for the order alone.
WITH named AS (
    SELECT DISTINCT other FROM trace_row WHERE other IS NOT NULL
),

called AS (  -- names and addresses of hosts whose logs are here
    SELECT alias AS name, host FROM host_alias
    UNION
    SELECT host, host FROM source WHERE host IS NOT NULL
    UNION
    SELECT DISTINCT e.server_ip, lp_host(e.server_host)
    FROM tracking_event AS e
    JOIN named AS n ON n.other = e.server_ip
    JOIN source AS s ON s.host = lp_host(e.server_host)
    UNION
    SELECT DISTINCT e.local_ip, s.host
    FROM smtp_event AS e
    JOIN named AS n ON n.other = e.local_ip
    JOIN source AS s ON s.source_id = e.source_id
    WHERE s.host IS NOT NULL
),

full_name AS (  -- names with a domain, by which a stranger's host of the same first name is told apart
    SELECT DISTINCT lp_host(e.computer) AS host, lower(rtrim(e.computer, '.')) AS name
    FROM windows_event AS e
    JOIN named AS n ON lp_host(n.other) = lp_host(e.computer)
    WHERE contains(e.computer, '.')
),

known AS (  -- an address that several hosts had names none
    SELECT n.other, min(c.host) AS host
    FROM named AS n
    JOIN called AS c ON c.name IN (n.other, lp_host(n.other))
    WHERE NOT contains(n.other, '.') OR c.name = n.other
       OR NOT EXISTS (SELECT 1 FROM full_name AS f WHERE f.host = c.host)
       OR EXISTS (SELECT 1 FROM full_name AS f WHERE f.host = c.host AND f.name = lower(rtrim(n.other, '.')))
    GROUP BY n.other
    HAVING count(DISTINCT c.host) = 1
),

dated AS (
    SELECT
        r.*, k.host AS other_host,
        r.ts - to_microseconds(coalesce(c.shift_us, 0)) AS at_ts,
        coalesce(c.moved, false) AS moved,
        c.known_by IS NULL AS unsure_clock,
        greatest(5.0, coalesce(c.tolerance_s, 0.0)) AS tolerance_s
    FROM trace_row AS r
    LEFT JOIN trace_clock AS c ON c.host = r.host
    LEFT JOIN known AS k ON k.other = r.other AND k.host <> r.host
),

pair AS (  -- who gave it to whom, by either side's log
    SELECT DISTINCT host AS giver, other_host AS taker FROM dated WHERE side = 'to' AND class = 'ok' AND other_host IS NOT NULL
    UNION
    SELECT DISTINCT other_host, host FROM dated WHERE side = 'from' AND class = 'enter' AND other_host IS NOT NULL
),

given AS (  -- one row: one handing over
    SELECT DISTINCT p.taker, d.at_ts
    FROM pair AS p
    JOIN dated AS d ON d.host = p.giver AND d.class = 'ok'
),

held AS (
    SELECT
        d.source_id, d.record, d.log, d.ts, d.words, max(g.at_ts) AS given_at
    FROM dated AS d
    JOIN given AS g
        ON g.taker = d.host AND g.at_ts >= d.at_ts AND lp_us(g.at_ts) - lp_us(d.at_ts) <= d.tolerance_s * 1000000
    GROUP BY d.source_id, d.record, d.log, d.ts, d.words
),

ordered AS (
    SELECT
        d.*,
        coalesce(h.given_at, d.at_ts) AS order_ts,
        CASE WHEN h.given_at IS NULL THEN 0 ELSE 1 END AS late
    FROM dated AS d
    LEFT JOIN held AS h
        ON h.source_id = d.source_id AND h.record = d.record AND h.log = d.log AND h.words = d.words
       AND h.ts IS NOT DISTINCT FROM d.ts
)

SELECT
    *,
    row_number() OVER (
        ORDER BY order_ts NULLS LAST, late, at_ts,
            CASE log WHEN 'tracking' THEN 2 WHEN 'smtp' THEN 1 WHEN 'protocol' THEN 1 ELSE 3 END, host, source_id, record, words
    ) AS step_no
FROM ordered
ORDER BY step_no
