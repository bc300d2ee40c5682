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

report_step AS (  -- W3C logs show a report only as mail from <> to the sender, not what it is about
    SELECT host, recipient AS sender, ts, ts AS due_at, source_id, record, -1 AS step
    FROM smtp_attempt
    WHERE sender = '<>'
    UNION ALL
    -- a deferred report comes again, ten minutes later at the soonest
    SELECT host, recipient AS sender, ts, ts + INTERVAL 10 MINUTE AS due_at, source_id, record, 1 AS step
    FROM smtp_attempt
    WHERE sender = '<>' AND outcome = 'deferred'
),

report_sum AS (
    SELECT *, sum(step) OVER (
        PARTITION BY host, sender ORDER BY due_at, step DESC, source_id, record
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS total
    FROM report_step
),

report_low AS (
    SELECT *, min(total) OVER (
        PARTITION BY host, sender ORDER BY due_at, step DESC, source_id, record
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS low
    FROM report_sum
),

report_born AS (  -- attempts that continue no deferred one: each is the first of a new report
    SELECT
        host, sender, ts, source_id, record,
        row_number() OVER (ORDER BY host, sender, ts, source_id, record) AS report_no
    FROM (
        SELECT *, lag(low) OVER (
            PARTITION BY host, sender ORDER BY due_at, step DESC, source_id, record
        ) AS before_low
        FROM report_low
    )
    WHERE step = -1 AND low < least(0, coalesce(before_low, 0))
),

report_mail AS (  -- with the start of the service that it follows within half an hour
    SELECT d.host, d.sender, d.ts, d.report_no, max(r.start_at) AS start_at
    FROM report_born AS d
    LEFT JOIN restart AS r
        ON r.host = d.host AND r.service IN ('SMTPSVC', 'IISADMIN', 'host')
       AND lp_us(d.ts) - lp_us(r.start_at) BETWEEN -60000000 AND 1800000000
    GROUP BY d.host, d.sender, d.ts, d.report_no
),

waiting AS (
    SELECT m.host, m.log, m.message, m.recipient, m.sender, m.entered, p.retry_min, p.slack_min, p.expire_h, p.early_h
    FROM settled AS m
    JOIN retry_policy AS p ON p.log = m.log
    WHERE m.log = 'smtp' AND m.ended IS NULL AND m.enter_ts IS NOT NULL
),

notice_pair AS (  -- reports that come when mail of that sender is refused, turns late, or expires
    SELECT
        w.host, w.sender, w.message, d.report_no, d.ts, 'expiry' AS notice,
        abs(lp_hours(w.entered, d.ts) - w.expire_h) AS distance
    FROM (SELECT DISTINCT host, sender, message, entered, retry_min, slack_min, expire_h, early_h FROM waiting) AS w
    JOIN report_mail AS d
        ON d.host = w.host AND d.sender = w.sender
       AND lp_hours(w.entered, d.ts)
           BETWEEN w.expire_h - w.early_h AND w.expire_h + w.early_h + (w.retry_min + w.slack_min) / 60.0
    UNION ALL
    SELECT
        m.host, m.sender, m.message, d.report_no, d.ts, 'delay' AS notice,
        abs(lp_hours(m.entered, d.ts) - p.delay_h) AS distance
    FROM (SELECT DISTINCT host, log, sender, message, entered, ended FROM settled) AS m
    JOIN retry_policy AS p ON p.log = m.log
    JOIN report_mail AS d
        ON d.host = m.host AND d.sender = m.sender AND (m.ended IS NULL OR d.ts <= m.ended)
       AND lp_hours(m.entered, d.ts)
           BETWEEN p.delay_h - p.early_h AND p.delay_h + p.early_h + p.slack_min / 60.0
    -- right after a start, reports are about what the queue held back
    WHERE m.log = 'smtp' AND d.start_at IS NULL
    UNION ALL
    SELECT
        f.host, f.sender, 'refused ' || f.recipient AS message, d.report_no, d.ts, 'refusal' AS notice,
        lp_hours(f.ts, d.ts) AS distance
    FROM smtp_attempt AS f
    JOIN report_mail AS d
        ON d.host = f.host AND d.sender = f.sender AND d.ts >= f.ts AND lp_us(d.ts) - lp_us(f.ts) < lp_minutes(10)
    WHERE f.outcome = 'failed'
),

closest AS (  -- each report is about the message whose hour it keeps best
    SELECT
        *,
        row_number() OVER (PARTITION BY report_no ORDER BY distance, notice, message) AS closeness
    FROM notice_pair
),

notice AS (  -- and each message has one report of a kind
    SELECT host, sender, message, report_no, ts, notice
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY host, sender, message, notice ORDER BY distance, report_no
        ) AS choice
        FROM closest
        WHERE closeness = 1
    )
    WHERE choice = 1
),

expiry_report AS (
    SELECT host, sender, message, report_no, ts
    FROM notice
    WHERE notice = 'expiry'
),

reachable AS (  -- recipients whose domain took other mail while they waited: expiry does not explain them
    SELECT w.host, w.message, w.recipient
    FROM waiting AS w
    JOIN expiry_report AS x ON x.host = w.host AND x.sender = w.sender AND x.message = w.message
    JOIN settled AS d
        ON d.host = w.host AND d.log = w.log AND lp_domain(d.recipient) = lp_domain(w.recipient)
       AND lp_us(d.ok_ts) >= lp_us(w.entered) + lp_minutes(w.slack_min)
       AND lp_us(d.ok_ts) <= lp_us(x.ts) - lp_minutes(w.retry_min + w.slack_min)
    GROUP BY w.host, w.message, w.recipient
),

expired AS (  -- a report at expiry is about the unreachable recipients, if there are any
    SELECT host, message, recipient, report_no, ndr_ts
    FROM (
        SELECT
            w.host, w.message, w.recipient, x.report_no, x.ts AS ndr_ts,
            r.recipient IS NOT NULL AS passed,
            bool_and(r.recipient IS NOT NULL) OVER (PARTITION BY w.host, w.message) AS all_passed
        FROM waiting AS w
        JOIN expiry_report AS x ON x.host = w.host AND x.sender = w.sender AND x.message = w.message
        LEFT JOIN reachable AS r ON r.host = w.host AND r.message = w.message AND r.recipient = w.recipient
    )
    WHERE all_passed OR NOT passed
),

left_waiting AS (
    SELECT w.*
    FROM waiting AS w
    LEFT JOIN expired AS x ON x.host = w.host AND x.message = w.message AND x.recipient = w.recipient
    WHERE x.message IS NULL
),

left_report AS (  -- reports right after a start of the service that nothing else explains
    SELECT d.host, d.sender, d.report_no, d.ts, d.start_at
    FROM report_mail AS d
    WHERE d.start_at IS NOT NULL
      AND d.report_no NOT IN (SELECT report_no FROM expired)
      AND d.report_no NOT IN (SELECT report_no FROM notice WHERE notice = 'refusal')
),

report_rank AS (
    SELECT *, row_number() OVER (PARTITION BY host, sender, start_at ORDER BY ts, report_no) AS rank_no
    FROM left_report
),

message_rank AS (  -- the sender's messages that were past expiry at that start, the oldest first
    SELECT
        w.host, w.sender, w.message, s.start_at,
        row_number() OVER (PARTITION BY w.host, w.sender, s.start_at ORDER BY min(w.entered), w.message) AS rank_no
    FROM left_waiting AS w
    JOIN (SELECT DISTINCT host, sender, start_at FROM left_report) AS s
        ON s.host = w.host AND s.sender = w.sender
       AND lp_hours(w.entered, s.start_at) >= w.expire_h - w.early_h
    GROUP BY w.host, w.sender, w.message, s.start_at
),

overdue AS (
    SELECT w.host, w.message, w.recipient, min(d.ts) AS ndr_ts, min(d.report_no) AS report_no
    FROM left_waiting AS w
    JOIN message_rank AS m ON m.host = w.host AND m.sender = w.sender AND m.message = w.message
    JOIN report_rank AS d
        ON d.host = m.host AND d.sender = m.sender AND d.start_at = m.start_at AND d.rank_no = m.rank_no
    GROUP BY w.host, w.message, w.recipient
),

report AS (
    SELECT
        e.host, 'smtp' AS log, e.message, e.recipient, e.ndr_ts,
        b.source_id AS ndr_source_id, b.record AS ndr_record
    FROM (
        SELECT host, message, recipient, min(ndr_ts) AS ndr_ts, min(report_no) AS report_no
        FROM (
            SELECT host, message, recipient, ndr_ts, report_no FROM expired
            UNION ALL
            SELECT host, message, recipient, ndr_ts, report_no FROM overdue
        )
        GROUP BY host, message, recipient
    ) AS e
    LEFT JOIN report_born AS b ON b.report_no = e.report_no
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
        END AS outcome,
        d.ndr_source_id, d.ndr_record
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
    u.source_id, u.record,
    coalesce(u.end_source_id, m.ndr_source_id) AS end_source_id,
    coalesce(u.end_record, m.ndr_record) AS end_record
FROM ended AS m
JOIN log_span AS s ON s.host = m.host AND s.log = m.log
JOIN summed AS u ON u.host = m.host AND u.log = m.log AND u.message = m.message AND u.recipient = m.recipient
LEFT JOIN longest AS l ON l.host = m.host AND l.log = m.log AND l.message = m.message AND l.recipient = m.recipient;
