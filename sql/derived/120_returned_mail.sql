-- Messages that came back at or after expiry, and what that says. One row: one message and recipient.
-- judgement, the first that holds:
--   unknown      the log is silent for more than 20 hours of the wait: attempts may be missing
--   overdue      later than expiry plus one retry interval, without the time that the service was down after
--                expiry, which no working queue does
--   ordinary     2013 and later: the status names an attempt shortly before the return
--   unexplained  overtaken by other mail to its domain (table idle_wait)
--   ordinary     tried again and again, or events or connections show failures of its domain
--   untried      the event log would show failures, shows none, and this host has proven idle waits
--   unknown      a long wait without a touch, and nothing that says why
CREATE OR REPLACE TABLE returned_mail AS
WITH report AS (  -- messages returned at or after expiry
    SELECT m.*, p.expire_h, p.early_h, p.retry_min, p.slack_min, coalesce(d.down_h, 0) AS down_h
    FROM message AS m
    JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
    LEFT JOIN late_by_downtime AS d ON d.host = m.host AND d.log = m.log AND d.message = m.message AND d.recipient = m.recipient
    WHERE m.outcome = 'returned' AND m.entry_seen
      AND (m.wait_h >= p.expire_h - p.early_h OR m.status_code LIKE '_.4.7')
),

judged AS (
    SELECT
        r.*,
        CASE
            WHEN i.silent_h > 20 THEN 'unknown'
            WHEN r.wait_h - r.down_h > r.expire_h + r.retry_min / 60.0 THEN 'overdue'
            -- 2013 and later name the last attempt: one shortly before the return says it was tried
            WHEN r.log = 'tracking_2007' AND i.gap_until < r.ended
                 AND lp_us(r.ended) - lp_us(i.gap_until) <= lp_minutes(r.retry_min + r.slack_min)
            THEN 'ordinary'
            WHEN i.proof = 'overtaken' THEN 'unexplained'
            -- tried again and again, or known to fail: ordinary expiry
            WHEN i.message IS NULL OR i.failing THEN 'ordinary'
            -- the event log would tell of failed attempts to its domain, and tells of none
            WHEN i.watched AND bool_or(coalesce(i.proof IS NOT NULL, false)) OVER (PARTITION BY r.host, r.log)
            THEN 'untried'
            ELSE 'unknown'
        END AS judgement,
        i.others
    FROM report AS r
    LEFT JOIN idle_wait AS i
        ON i.host = r.host AND i.log = r.log AND i.message = r.message AND i.recipient = r.recipient
),

coded AS (  -- the status code that the event log gives for this report
    SELECT
        coalesce(e.host, s.host) AS host,
        lp_message_id(e.strings[3]) AS message_id,
        lower(e.strings[2]) AS recipient,
        min(e.strings[1]) AS status_code
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id = 3028
    GROUP BY coalesce(e.host, s.host), lp_message_id(e.strings[3]), lower(e.strings[2])
)

SELECT
    j.host, j.log, j.message, j.message_id, j.sender, j.recipient, j.domain, j.entered, j.ended, j.wait_h, j.expire_h,
    j.judgement, j.others, coalesce(j.status_code, c.status_code) AS status_code,
    coalesce(j.end_source_id, j.source_id) AS source_id,
    coalesce(j.end_record, j.record) AS record
FROM judged AS j
LEFT JOIN coded AS c ON c.host = j.host AND c.message_id = j.message_id AND c.recipient = j.recipient;
