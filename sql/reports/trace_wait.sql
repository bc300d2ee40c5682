-- Where a mail waited for a minute or more. Reads trace_step, trace_clock and trace_hop. Parameter $mail. One row: one
-- stretch on one host with its cause (of wait_stretch; short: mail that waited no more than 15 minutes in all, whose
-- causes are not worked out; between-hosts: from the handing over to the next host's own log), and the restart that
-- ended it, if one did. Of a host's logs message tracking speaks before the SMTP log.
WITH life AS (
    SELECT *
    FROM (
        SELECT
            host, log, message, recipient, ended, wait_h,
            rank() OVER (PARTITION BY host ORDER BY CASE WHEN log = 'smtp' THEN 2 ELSE 1 END, log) AS choice
        FROM message
        WHERE coalesce(message_id, message) = $mail
    ) AS m
    WHERE choice = 1
),

named AS (
    SELECT w.host, w.log, w.message, w.recipient, w.from_ts, w.until_ts, w.cause, w.text, w.source_id, w.record
    FROM wait_stretch AS w
    JOIN life AS l
        ON l.host = w.host AND l.log = w.log AND l.message = w.message AND l.recipient IS NOT DISTINCT FROM w.recipient
),

touched AS (
    SELECT
        t.host, t.log, t.message, t.recipient, t.ts AS from_ts, t.source_id, t.record,
        lead(t.ts) OVER (
            PARTITION BY t.host, t.log, t.message, t.recipient ORDER BY t.ts, t.what, t.source_id, t.record
        ) AS until_ts
    FROM message_touch AS t
    JOIN life AS l
        ON l.host = t.host AND l.log = t.log AND l.message = t.message AND l.recipient IS NOT DISTINCT FROM t.recipient
    WHERE l.wait_h <= 15 / 60.0 AND t.ts <= coalesce(l.ended, t.ts)
),

every AS (
    SELECT * FROM named
    UNION ALL
    SELECT
        host, log, message, recipient, from_ts, until_ts, 'short' AS cause,
        'of mail that waits up to 15 minutes in all the causes are not worked out; see the step before it' AS text,
        source_id, record
    FROM touched
    WHERE lp_us(until_ts) - lp_us(from_ts) >= lp_minutes(1)
),

grouped AS (
    SELECT
        e.host, e.from_ts, e.until_ts, e.cause, min(e.text) AS text,
        list(DISTINCT e.recipient ORDER BY e.recipient) FILTER (WHERE e.recipient IS NOT NULL) AS recipients,
        min(e.source_id) AS source_id,
        min_by(e.record, CAST(e.source_id AS BIGINT) * 4294967296 + CAST(e.record AS BIGINT)) AS record,
        min(f.service) AS freed_by, min(f.stop_at) AS stop_at, min(f.start_at) AS start_at, bool_and(f.sure) AS freed_sure,
        min(f.restart_source_id) AS restart_source_id, min(f.restart_record) AS restart_record
    FROM every AS e
    LEFT JOIN freed AS f
        ON f.host = e.host AND f.log = e.log AND f.message = e.message AND f.recipient IS NOT DISTINCT FROM e.recipient
       AND f.gap_from <= e.from_ts AND f.gap_until >= e.until_ts
    GROUP BY e.host, e.from_ts, e.until_ts, e.cause
),

crossing AS (  -- one row: one pair of hosts; what lies between their logs
    SELECT s.host AS giver, h.host AS taker, max(s.at_ts) AS from_ts, h.in_ts AS until_ts
    FROM trace_step AS s
    JOIN trace_hop AS h ON h.host = s.other_host
    WHERE s.class = 'ok' AND s.side = 'to' AND NOT s.unsure_clock AND NOT h.unsure_clock AND s.at_ts <= h.in_ts
    GROUP BY s.host, h.host, h.in_ts
)

SELECT
    g.host,
    g.from_ts - to_microseconds(coalesce(c.shift_us, 0)) AS from_ts,
    g.until_ts - to_microseconds(coalesce(c.shift_us, 0)) AS until_ts,
    (lp_us(g.until_ts) - lp_us(g.from_ts)) / 1000000.0 AS seconds,
    g.cause, g.text, coalesce(g.recipients, CAST([] AS VARCHAR[])) AS recipients, g.source_id, g.record,
    coalesce(c.moved, false) AS moved,
    g.freed_by, g.stop_at - to_microseconds(coalesce(c.shift_us, 0)) AS stop_at,
    g.start_at - to_microseconds(coalesce(c.shift_us, 0)) AS start_at, g.freed_sure,
    g.restart_source_id, g.restart_record
FROM grouped AS g
LEFT JOIN trace_clock AS c ON c.host = g.host
UNION ALL
SELECT
    giver, from_ts, until_ts, (lp_us(until_ts) - lp_us(from_ts)) / 1000000.0, 'between-hosts',
    'handed over by ' || giver || ', and this long before ' || taker || ' has it: on the way, or on a host without a log here',
    CAST([] AS VARCHAR[]), NULL, NULL, false, NULL, NULL, NULL, NULL, NULL, NULL
FROM crossing
WHERE lp_us(until_ts) - lp_us(from_ts) >= lp_minutes(1)
ORDER BY 2, 1, 3, 5
