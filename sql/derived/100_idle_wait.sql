-- Waits in which an attempt was due and none came. One row: one message and recipient whose longest
-- gap exceeds the product's retry interval and slack. proof says how it is known:
--   overdue      it ended later than expiry plus one retry interval, of which the service was not down:
--                a working queue would have returned it before
--   overtaken    other mail to the same domain got through while it waited, with a whole retry
--                interval left: neither the remote host nor DNS held it
--   NULL         neither: an outage of the remote host would look the same
-- others counts deliveries to its domain inside the gap, peers the mail that could have been one.
-- failing says that the event log or a connectivity log shows failed deliveries to its domain in the gap,
-- watched that the event log would show them.
CREATE OR REPLACE TABLE idle_wait AS
WITH long_gap AS (
    SELECT m.*, p.retry_min, p.slack_min, p.expire_h, p.early_h
    FROM message AS m
    JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
    WHERE m.gap_h * 60 > p.retry_min + p.slack_min
),

gap_domain AS (  -- only of these it is asked what else got through
    SELECT DISTINCT host, log, domain FROM long_gap WHERE domain IS NOT NULL
),

domain_step AS (  -- deliveries and entries of each domain, and the moments that ask how many there were
    SELECT m.host, m.log, m.domain, m.ended AS ts, 1 AS delivered, 0 AS entered_n, m.ended AS delivered_at, NULL AS message, NULL AS recipient, NULL AS bound
    FROM message AS m
    JOIN gap_domain AS d ON d.host = m.host AND d.log = m.log AND d.domain = m.domain
    WHERE m.outcome = 'delivered'
    UNION ALL
    SELECT m.host, m.log, m.domain, m.entered, 0, 1, NULL, NULL, NULL, NULL
    FROM message AS m
    JOIN gap_domain AS d ON d.host = m.host AND d.log = m.log AND d.domain = m.domain
    UNION ALL
    SELECT
        g.host, g.log, g.domain,
        CASE b.bound
            WHEN 'from' THEN g.gap_from
            WHEN 'late' THEN g.gap_until - to_minutes(CAST(g.retry_min + g.slack_min AS INTEGER))
            ELSE g.gap_until - INTERVAL 1 MICROSECOND
        END,
        0, 0, NULL, g.message, g.recipient, b.bound
    FROM long_gap AS g
    CROSS JOIN (VALUES ('from'), ('late'), ('until')) AS b (bound)
    WHERE g.domain IS NOT NULL
),

domain_sum AS (  -- running numbers, so that a gap asks twice and nobody counts pairs
    SELECT
        host, log, message, recipient, bound,
        sum(delivered) OVER so_far AS delivered_n,
        sum(entered_n) OVER so_far AS entered_n,
        max(delivered_at) OVER so_far AS last_delivered
    FROM domain_step
    WINDOW so_far AS (
        PARTITION BY host, log, domain ORDER BY ts, bound NULLS FIRST, message, recipient
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

bounds AS (
    SELECT
        host, log, message, recipient,
        max(CASE WHEN bound = 'from' THEN delivered_n END) AS delivered_from,
        max(CASE WHEN bound = 'until' THEN delivered_n END) AS delivered_until,
        max(CASE WHEN bound = 'from' THEN entered_n END) AS entered_from,
        max(CASE WHEN bound = 'late' THEN entered_n END) AS entered_late,
        max(CASE WHEN bound = 'late' THEN last_delivered END) AS last_delivered
    FROM domain_sum
    WHERE bound IS NOT NULL
    GROUP BY host, log, message, recipient
),

passed AS (  -- deliveries to the same domain inside the gap; the last one with a retry interval left
    SELECT
        g.host, g.log, g.message, g.recipient,
        greatest(0, b.delivered_until - b.delivered_from) AS others,
        greatest(0, b.entered_late - b.entered_from) AS peers,
        CASE
            WHEN lp_us(b.last_delivered) >= lp_us(g.gap_from) + lp_minutes(g.slack_min)
            THEN b.last_delivered
        END AS overtaken_at
    FROM long_gap AS g
    JOIN bounds AS b ON b.host = g.host AND b.log = g.log AND b.message = g.message AND b.recipient = g.recipient
),

remote_failure AS (  -- SMTPSVC and MSExchangeTransport 4000, 4006, 4007, and connections: delivery to a domain or host failed
    SELECT DISTINCT
        coalesce(e.host, s.host) AS host,
        date_trunc('hour', e.ts) AS hour,
        -- every word of the strings that could be a domain: city.example is not in capacity.example
        rtrim(unnest(string_split(
            regexp_replace(lower(array_to_string(e.strings, ' ')), '[^a-z0-9._-]+', ' ', 'g'), ' '
        )), '.') AS word
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (4000, 4006, 4007)
    UNION
    SELECT DISTINCT o.host, date_trunc('hour', c.ts), rtrim(lower(c.destination), '.')
    FROM connection_event AS c
    JOIN source_order AS o ON o.source_id = c.source_id
    WHERE c.component = 'SMTP' AND c.destination IS NOT NULL AND c.reason IS NOT NULL
      AND NOT contains(lower(c.reason), 'service not active')  -- the service here, not the destination
),

watched AS (  -- hosts whose event log tells of failed deliveries, and the time it spans
    SELECT coalesce(e.host, s.host) AS host, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (4000, 4006, 4007)
    GROUP BY coalesce(e.host, s.host)
),

failing AS (
    SELECT DISTINCT g.host, g.log, g.domain, f.hour
    FROM gap_domain AS g
    JOIN remote_failure AS f ON f.host = g.host AND f.word = g.domain
),

failed_gap AS (
    SELECT DISTINCT g.host, g.log, g.message, g.recipient
    FROM long_gap AS g
    JOIN failing AS f
        ON f.host = g.host AND f.log = g.log AND f.domain = g.domain
       AND f.hour >= date_trunc('hour', g.gap_from) AND f.hour <= g.gap_until
),

silenced AS (  -- the longest silence of the log inside the gap: what happened there is unknown
    SELECT g.host, g.log, g.message, g.recipient, max(q.hours) AS silent_h
    FROM long_gap AS g
    JOIN log_silence AS q
        ON q.host = g.host AND q.log = g.log AND q.silent_from < g.gap_until AND q.silent_until > g.gap_from
    GROUP BY g.host, g.log, g.message, g.recipient
)

SELECT
    g.host, g.log, g.message, g.message_id, g.sender, g.recipient, g.domain,
    g.entered, g.entry_seen, g.ended, g.outcome, g.wait_h, g.tries, g.gap_from, g.gap_until, g.gap_h,
    g.status_code, g.status, g.source_id, g.record, g.end_source_id, g.end_record,
    CASE
        WHEN g.ended IS NOT NULL AND g.entry_seen
             AND g.wait_h - coalesce(d.down_h, 0) > g.expire_h + (g.retry_min + 0.0) / 60 THEN 'overdue'
        WHEN p.overtaken_at IS NOT NULL THEN 'overtaken'
    END AS proof,
    p.overtaken_at,
    coalesce(p.others, 0) AS others,
    coalesce(p.peers, 0) AS peers,
    f.message IS NOT NULL AS failing,
    w.host IS NOT NULL AS watched,
    coalesce(q.silent_h, 0) AS silent_h
FROM long_gap AS g
LEFT JOIN passed AS p ON p.host = g.host AND p.log = g.log AND p.message = g.message AND p.recipient = g.recipient
LEFT JOIN failed_gap AS f ON f.host = g.host AND f.log = g.log AND f.message = g.message AND f.recipient = g.recipient
LEFT JOIN late_by_downtime AS d ON d.host = g.host AND d.log = g.log AND d.message = g.message AND d.recipient = g.recipient
LEFT JOIN silenced AS q ON q.host = g.host AND q.log = g.log AND q.message = g.message AND q.recipient = g.recipient
LEFT JOIN watched AS w ON w.host = g.host AND w.first_ts <= g.gap_from AND w.last_ts >= g.gap_until;
