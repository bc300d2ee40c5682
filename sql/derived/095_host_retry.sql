-- The same (table host_policy), with what the attempts in the logs say. One row: one host and kind of log.
-- observed_min: the interval that attempts are regularly apart, minutes, where that is beyond retry interval
-- and slack: at least five messages, no restart in between, four fifths of such gaps within a tenth of their
-- median; NULL where attempts come in time, or without any rule. retry_min: the longest of default,
-- configured and observed interval. source_id and record: an attempt that came so late, else the setting.
CREATE OR REPLACE TABLE host_retry AS
WITH long_gap AS (  -- from one attempt that failed to the next touch, longer than any regular interval
    SELECT m.host, m.log, m.message, m.recipient, m.gap_from, m.gap_until, m.gap_h * 60 AS gap_min
    FROM message AS m
    JOIN host_policy AS p ON p.host = m.host AND p.log = m.log
    WHERE m.ended IS NOT NULL AND m.tries > 0 AND m.gap_h * 60 > p.retry_min + p.slack_min
),

untouched AS (  -- a restart has mail tried at once: what it ends tells nothing about intervals
    SELECT g.host, g.log, g.message, g.gap_min, t.source_id, t.record
    FROM long_gap AS g
    JOIN message_touch AS t
        ON t.host = g.host AND t.log = g.log AND t.message = g.message
       AND t.recipient IS NOT DISTINCT FROM g.recipient AND t.what = 'try' AND t.ts = g.gap_from
    WHERE NOT EXISTS (
        SELECT 1
        FROM restart AS r
        WHERE r.host = g.host AND r.mail AND r.start_at > g.gap_from AND lp_us(r.start_at) <= lp_us(g.gap_until) + lp_minutes(1)
    )
),

middle AS (
    SELECT host, log, quantile_cont(gap_min, 0.5) AS median_min, count(*) AS gaps
    FROM untouched
    GROUP BY host, log
),

regular AS (
    SELECT
        u.host, u.log, m.median_min,
        min(u.source_id) AS source_id,
        min_by(u.record, u.source_id * 1000000000000 + u.record) AS record
    FROM untouched AS u
    JOIN middle AS m ON m.host = u.host AND m.log = u.log
    WHERE abs(u.gap_min - m.median_min) <= 0.1 * m.median_min
    GROUP BY u.host, u.log, m.median_min, m.gaps
    HAVING count(DISTINCT u.message) >= 5 AND 5 * count(*) >= 4 * m.gaps
)

SELECT
    p.host, p.log,
    greatest(p.retry_min, coalesce(CAST(round(r.median_min) AS INTEGER), 0)) AS retry_min,
    p.slack_min, p.delay_h, p.expire_h, p.early_h,
    p.default_min, p.configured_min,
    CAST(round(r.median_min) AS INTEGER) AS observed_min,
    coalesce(r.source_id, p.source_id) AS source_id,
    coalesce(r.record, p.record) AS record
FROM host_policy AS p
LEFT JOIN regular AS r ON r.host = p.host AND r.log = p.log;
