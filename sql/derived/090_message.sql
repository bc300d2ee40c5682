-- The life of a message for one recipient on one host. One row: host, kind of log, message, recipient.
-- outcome: delivered (handed on or put into a mailbox), returned (a report went to the sender), failed
-- (refused or dropped), open (none of these by the end of the log). The gap is the longest stretch
-- without any touch between entry and end (or the end of the log).
CREATE OR REPLACE TABLE message AS
WITH life AS (  -- messages of SMTP logs: what became of some must be inferred from reports
    SELECT
        host, log, message, recipient,
        min(sender) AS sender,
        min(ts) AS first_ts,
        min(CASE WHEN what = 'enter' THEN ts END) AS enter_ts,
        min(CASE WHEN what = 'ok' THEN ts END) AS ok_ts,
        min(CASE WHEN what = 'ndr' THEN ts END) AS ndr_ts,
        min(CASE WHEN what = 'fail' THEN ts END) AS fail_ts
    FROM message_touch
    WHERE log = 'smtp'
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
    JOIN host_policy AS p ON p.host = m.host AND p.log = m.log
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
    JOIN host_policy AS p ON p.host = m.host AND p.log = m.log
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

ranged AS (  -- every touch with its message's end, as far as touches tell it, and the touch before
    SELECT
        host, log, message, recipient, message_id, sender, what, ts, source_id, record, status_code, status,
        least(
            min(CASE WHEN what = 'ok' THEN ts END) OVER life,
            min(CASE WHEN what = 'ndr' THEN ts END) OVER life,
            min(CASE WHEN what = 'fail' THEN ts END) OVER life
        ) AS told_end,
        lag(ts) OVER in_order AS before_ts,
        row_number() OVER in_order AS n
    FROM message_touch
    WINDOW
        life AS (PARTITION BY host, log, message, recipient),
        in_order AS (PARTITION BY host, log, message, recipient ORDER BY ts, what, source_id, record)
),

kept AS (  -- what comes after the end is another story
    SELECT
        t.*,
        coalesce(t.told_end, d.ndr_ts) AS ended,
        d.ndr_source_id, d.ndr_record,
        lp_us(t.ts) - lp_us(t.before_ts) AS gap_us
    FROM ranged AS t
    LEFT JOIN report AS d
        ON d.host = t.host AND d.log = t.log AND d.message = t.message AND d.recipient = t.recipient
    WHERE coalesce(t.told_end, d.ndr_ts) IS NULL OR t.ts <= coalesce(t.told_end, d.ndr_ts)
),

summed AS (
    SELECT
        host, log, message, recipient,
        min(message_id) AS message_id,
        min(sender) AS sender,
        min(CASE WHEN what = 'enter' THEN ts END) AS enter_ts,
        min(ts) AS first_ts,
        max(ts) AS last_ts,
        min(told_end) AS told_end,
        min(ended) AS ended,
        min(CASE WHEN what = 'ok' THEN ts END) AS ok_ts,
        min(CASE WHEN what = 'ndr' THEN ts END) AS ndr_ts,
        min(ndr_source_id) AS ndr_source_id,
        min(ndr_record) AS ndr_record,
        count(*) FILTER (WHERE what = 'try') AS tries,
        max(gap_us) AS gap_us,
        -- of gaps of one length the first
        max_by(before_ts, CAST(gap_us AS DECIMAL(38, 0)) * 10000000 - n) AS gap_from,
        min_by(source_id, n) AS source_id,
        min_by(record, n) AS record,
        -- of ends in one second the one that the outcome names
        min_by(source_id, n + CASE what WHEN 'ok' THEN 0 WHEN 'ndr' THEN 1000000000 ELSE 2000000000 END)
            FILTER (WHERE what IN ('ok', 'ndr', 'fail')) AS end_source_id,
        min_by(record, n + CASE what WHEN 'ok' THEN 0 WHEN 'ndr' THEN 1000000000 ELSE 2000000000 END)
            FILTER (WHERE what IN ('ok', 'ndr', 'fail')) AS end_record,
        max(status_code) FILTER (WHERE what IN ('ndr', 'fail')) AS status_code,
        max(status) FILTER (WHERE what IN ('ndr', 'fail')) AS status
    FROM kept
    GROUP BY host, log, message, recipient
),

bounded AS (  -- the last gap reaches from the last touch to the end, or to the end of the log
    SELECT
        m.*,
        coalesce(m.enter_ts, m.first_ts) AS entered,
        coalesce(m.ended, s.last_ts) AS until_ts,
        lp_us(coalesce(m.ended, s.last_ts)) - lp_us(m.last_ts) AS tail_us,
        CASE
            WHEN m.told_end IS NULL AND m.ended IS NOT NULL THEN 'returned'
            WHEN m.ended IS NULL THEN 'open'
            WHEN m.ended = m.ok_ts THEN 'delivered'
            WHEN m.ended = m.ndr_ts THEN 'returned'
            ELSE 'failed'
        END AS outcome
    FROM summed AS m
    JOIN log_span AS s ON s.host = m.host AND s.log = m.log
),

gauged AS (
    SELECT *, gap_us IS NULL OR tail_us > gap_us AS tail_longest
    FROM bounded
)

SELECT
    host, log, message, message_id, sender, recipient,
    lp_domain(recipient) AS domain,
    entered, enter_ts IS NOT NULL AS entry_seen, ended, outcome,
    lp_hours(entered, until_ts) AS wait_h,
    tries,
    CASE WHEN tail_longest THEN last_ts ELSE gap_from END AS gap_from,
    CASE
        WHEN tail_longest THEN until_ts
        ELSE gap_from + to_microseconds(gap_us)
    END AS gap_until,
    CASE WHEN tail_longest THEN tail_us ELSE gap_us END / 3600000000.0 AS gap_h,
    status_code, status,
    source_id, record,
    coalesce(end_source_id, ndr_source_id) AS end_source_id,
    coalesce(end_record, ndr_record) AS end_record
FROM gauged;
