-- The waits of table idle_wait that are overtaken, still open or delivered, and that no restart freed. Left out is
-- what the log may hide: more than 6 hours of silence within the wait (edge_h), a gap of table log_gap in which the
-- message may have left or may have been tried, in 2007+ tracking a message beyond expiry that is never seen again,
-- and one after whose last touch, within 30 minutes (hush_within_min), a busy log falls silent for 5 minutes
-- (hush_min) that would have had 4 messages (hush_messages) by the 3 hours before and after (around_h).
WITH overtaken AS (
    SELECT w.*, date_trunc('hour', w.gap_from) AS hour
    FROM idle_wait AS w
    JOIN host_retry AS p ON p.host = w.host AND p.log = w.log
    WHERE w.proof = 'overtaken' AND w.entry_seen AND w.silent_h <= 6 AND w.outcome IN ('open', 'delivered')
      AND NOT EXISTS (
          SELECT 1
          FROM freed AS f
          WHERE f.host = w.host AND f.log = w.log AND f.message = w.message AND f.recipient = w.recipient
      )
      AND NOT EXISTS (
          SELECT 1
          FROM log_gap AS g
          WHERE g.host = w.host AND g.log = CASE w.log WHEN 'smtp' THEN 'smtp' ELSE 'tracking' END
            AND g.reason IN ('missing file', 'no file', 'silent')
            AND greatest(g.from_ts, g.until_ts) > CASE w.outcome WHEN 'open' THEN w.gap_from ELSE w.overtaken_at END
            AND lp_us(least(g.from_ts, g.until_ts)) < CASE w.outcome
                WHEN 'open' THEN lp_us(w.gap_until)
                ELSE lp_us(w.overtaken_at) + lp_minutes(p.retry_min + p.slack_min)
            END
      )
      AND NOT (w.outcome = 'open' AND w.log = 'tracking_2007' AND w.wait_h > p.expire_h + p.retry_min / 60.0)
),

moment AS (  -- one row: one time of the log in the hours around such a message's last touch
    SELECT
        t.host, t.log, t.ts, max(CASE WHEN t.what = 'enter' THEN 1 ELSE 0 END) AS enters,
        lp_us(lead(t.ts) OVER (PARTITION BY t.host, t.log ORDER BY t.ts)) - lp_us(t.ts) AS pause_us
    FROM message_touch AS t
    WHERE EXISTS (
        SELECT 1
        FROM overtaken AS w
        WHERE w.outcome = 'open' AND w.host = t.host AND w.log = t.log
          AND date_trunc('hour', t.ts) BETWEEN w.hour - INTERVAL 3 HOUR AND w.hour + INTERVAL 4 HOUR
    )
    GROUP BY t.host, t.log, t.ts
),

idle AS (
    SELECT w.*
    FROM overtaken AS w
    WHERE w.outcome <> 'open' OR NOT EXISTS (
        SELECT 1
        FROM moment AS p
        WHERE p.host = w.host AND p.log = w.log AND p.pause_us >= lp_minutes(5)
          AND lp_us(p.ts) - lp_us(w.gap_from) BETWEEN 0 AND lp_minutes(30)
          AND p.pause_us / lp_minutes(360) * (
              SELECT sum(m.enters)
              FROM moment AS m
              WHERE m.host = w.host AND m.log = w.log AND abs(lp_us(m.ts) - lp_us(w.gap_from)) <= lp_minutes(180)
          ) >= 4
    )
)

SELECT
    i.incident_id,
    min(w.entered) AS started_at,
    CASE WHEN NOT bool_or(w.outcome = 'open') THEN max(w.gap_until) END AS ended_at,
    count(DISTINCT w.message) AS messages,
    round(max(w.gap_h), 1) AS longest_wait_h
FROM incident AS i
JOIN idle AS w
    ON w.host = i.host AND starts_with(i.incident_key, w.log || ' ')
   AND w.entered >= i.started_at AND (i.ended_at IS NULL OR w.gap_until <= i.ended_at)
WHERE i.rule = 'idle-queue-item'
GROUP BY i.incident_id;
