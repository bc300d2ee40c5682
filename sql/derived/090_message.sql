-- The life of a message for one recipient on one host. One row: host, kind of log, message, recipient.
-- outcome: delivered (handed on or put into a mailbox), returned (a report went to the sender), failed
-- (refused or dropped), open (none of these by the end of the log). The gap is the longest stretch
-- without any touch between entry and end (or the end of the log).
CREATE OR REPLACE TABLE message AS
WITH life AS (
    SELECT
        host, log, message, recipient,
        min(message_id) AS message_id,
        min(sender) AS sender,
        min(ts) AS first_ts,
        min(CASE WHEN what = 'enter' THEN ts END) AS enter_ts,
        min(CASE WHEN what = 'ok' THEN ts END) AS ok_ts,
        min(CASE WHEN what = 'ndr' THEN ts END) AS ndr_ts,
        min(CASE WHEN what = 'fail' THEN ts END) AS fail_ts
    FROM message_touch
    GROUP BY host, log, message, recipient
),

settled AS (
    SELECT
        *,
        coalesce(enter_ts, first_ts) AS entered,
        least(ok_ts, ndr_ts, fail_ts) AS ended
    FROM life
),

report_try AS (  -- W3C logs show a report only as mail from <> to the sender, without what it is about
    SELECT host, recipient AS sender, min(ts) AS ts, min(source_id) AS source_id, min(record) AS record
    FROM smtp_attempt
    WHERE sender = '<>'
    GROUP BY host, recipient, ts
),

report AS (  -- so it is tied to a waiting message only when it comes at expiry, or right after a restart
    SELECT
        m.host, m.log, m.message, m.recipient,
        min(d.ts) AS ndr_ts
    FROM settled AS m
    JOIN retry_policy AS p ON p.log = m.log
    JOIN report_try AS d ON d.host = m.host AND d.sender = m.sender
     AND lp_us(d.ts) - lp_us(m.entered) >= (p.expire_h - p.early_h) * 3600000000
    WHERE m.log = 'smtp' AND m.ended IS NULL AND m.enter_ts IS NOT NULL
      AND (
          lp_us(d.ts) - lp_us(m.entered)
              <= (p.expire_h + p.early_h) * 3600000000 + lp_minutes(p.retry_min + p.slack_min)
          OR EXISTS (
              SELECT 1
              FROM restart AS r
              WHERE r.host = m.host AND r.service IN ('SMTPSVC', 'IISADMIN', 'host')
                AND r.start_at > m.entered
                AND lp_us(d.ts) - lp_us(r.start_at) BETWEEN -60000000 AND 1800000000
          )
      )
    GROUP BY m.host, m.log, m.message, m.recipient
),

ended AS (
    SELECT
        m.host, m.log, m.message, m.recipient, m.message_id, m.sender, m.entered,
        m.enter_ts IS NOT NULL AS entry_seen,
        coalesce(m.ended, d.ndr_ts) AS ended,
        CASE
            WHEN m.ended IS NULL AND d.ndr_ts IS NOT NULL THEN 'returned'
            WHEN m.ended IS NULL THEN 'open'
            WHEN m.ended = m.ok_ts THEN 'delivered'
            WHEN m.ended = m.ndr_ts THEN 'returned'
            ELSE 'failed'
        END AS outcome
    FROM settled AS m
    LEFT JOIN report AS d
        ON d.host = m.host AND d.log = m.log AND d.message = m.message AND d.recipient = m.recipient
),

mark AS (  -- the moments that bound a message's gaps: its touches, its end, or the end of the log
    SELECT
        m.host, m.log, m.message, m.recipient, t.ts, t.what, t.source_id, t.record, t.status_code, t.status
    FROM ended AS m
    JOIN message_touch AS t
        ON t.host = m.host AND t.log = m.log AND t.message = m.message AND t.recipient = m.recipient
       AND (m.ended IS NULL OR t.ts <= m.ended)
    UNION ALL
    SELECT
        m.host, m.log, m.message, m.recipient, coalesce(m.ended, s.last_ts) AS ts, 'end' AS what,
        NULL, NULL, NULL, NULL
    FROM ended AS m
    JOIN log_span AS s ON s.host = m.host AND s.log = m.log
),

spaced AS (
    SELECT
        *,
        lag(ts) OVER (PARTITION BY host, log, message, recipient ORDER BY ts, what, source_id, record) AS before_ts
    FROM mark
),

summed AS (
    SELECT
        host, log, message, recipient,
        count(*) FILTER (WHERE what = 'try') AS tries,
        max(lp_us(ts) - lp_us(before_ts)) AS gap_us,
        min_by(source_id, lp_us(ts)) FILTER (WHERE what <> 'end') AS source_id,
        min_by(record, lp_us(ts)) FILTER (WHERE what <> 'end') AS record,
        max_by(source_id, lp_us(ts)) FILTER (WHERE what IN ('ok', 'ndr', 'fail')) AS end_source_id,
        max_by(record, lp_us(ts)) FILTER (WHERE what IN ('ok', 'ndr', 'fail')) AS end_record,
        max(status_code) FILTER (WHERE what IN ('ndr', 'fail')) AS status_code,
        max(status) FILTER (WHERE what IN ('ndr', 'fail')) AS status
    FROM spaced
    GROUP BY host, log, message, recipient
),

longest AS (
    SELECT
        s.host, s.log, s.message, s.recipient,
        min(s.before_ts) AS gap_from,
        min(s.ts) AS gap_until
    FROM spaced AS s
    JOIN summed AS u
        ON u.host = s.host AND u.log = s.log AND u.message = s.message AND u.recipient = s.recipient
       AND lp_us(s.ts) - lp_us(s.before_ts) = u.gap_us
    GROUP BY s.host, s.log, s.message, s.recipient
)

SELECT
    m.host, m.log, m.message, m.message_id, m.sender, m.recipient,
    lp_domain(m.recipient) AS domain,
    m.entered, m.entry_seen, m.ended, m.outcome,
    lp_hours(m.entered, coalesce(m.ended, s.last_ts)) AS wait_h,
    u.tries,
    l.gap_from, l.gap_until,
    u.gap_us / 3600000000.0 AS gap_h,
    u.status_code, u.status,
    u.source_id, u.record, u.end_source_id, u.end_record
FROM ended AS m
JOIN log_span AS s ON s.host = m.host AND s.log = m.log
JOIN summed AS u ON u.host = m.host AND u.log = m.log AND u.message = m.message AND u.recipient = m.recipient
LEFT JOIN longest AS l ON l.host = m.host AND l.log = m.log AND l.message = m.message AND l.recipient = m.recipient;
