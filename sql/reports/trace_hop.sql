-- The hosts that a mail passed, in order. Reads trace_step. No parameter. One row: one host whose own logs have it.
-- in_ts and out_ts are by the clock of the first host; out_ts is NULL where nothing tells that it left.
WITH passed AS (
    SELECT *
    FROM trace_step
    WHERE log IN ('tracking', 'smtp', 'protocol') AND class <> 'report' AND host IS NOT NULL
),

target AS (  -- one row: one host and where it handed the mail
    SELECT DISTINCT host, coalesce(other_host, other, 'a mailbox or service there') AS name, log
    FROM passed
    WHERE class = 'ok'
),

named AS (  -- an address in one log may be a name in the other: the log with names speaks
    SELECT host, list(DISTINCT name ORDER BY name) AS next_hosts
    FROM target AS t
    WHERE log = 'tracking'
       OR NOT EXISTS (SELECT 1 FROM target AS o WHERE o.host = t.host AND o.log = 'tracking')
    GROUP BY host
),

hop AS (
    SELECT
        host,
        min(order_ts) AS order_ts,
        min(step_no) AS step_no,
        min(at_ts) AS in_ts,
        min(ts) AS own_in_ts,
        max(at_ts) FILTER (WHERE class IN ('ok', 'ndr', 'fail')) AS out_ts,
        max(ts) FILTER (WHERE class IN ('ok', 'ndr', 'fail')) AS own_out_ts,
        max(at_ts) AS last_ts,
        bool_or(class = 'enter') AS entry_seen,
        bool_or(moved) AS moved,
        bool_or(unsure_clock) AS unsure_clock,
        list(DISTINCT coalesce(other_host, other) ORDER BY coalesce(other_host, other))
            FILTER (WHERE class = 'enter' AND other IS NOT NULL) AS came_from
    FROM passed
    GROUP BY host
)

SELECT
    row_number() OVER (ORDER BY h.step_no) AS hop,
    h.host, h.in_ts, h.own_in_ts, h.out_ts, h.own_out_ts,
    (lp_us(h.out_ts) - lp_us(h.in_ts)) / 1000000.0 AS seconds,
    coalesce(h.came_from, CAST([] AS VARCHAR[])) AS came_from,
    coalesce(n.next_hosts, CAST([] AS VARCHAR[])) AS next_hosts,
    h.entry_seen, h.moved, h.unsure_clock, h.last_ts
FROM hop AS h
LEFT JOIN named AS n ON n.host = h.host
ORDER BY hop
