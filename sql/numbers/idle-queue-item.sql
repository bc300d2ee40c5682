-- The waits of table idle_wait that are overtaken, still open or delivered, and that no restart freed. Left out is
-- what the log may hide: more than 6 hours of silence within the wait (edge_h), a gap of table log_gap in which the
-- message may have left or may have been tried, and in 2007+ tracking a message beyond expiry that is never seen again.
SELECT
    i.incident_id,
    min(w.entered) AS started_at,
    CASE WHEN NOT bool_or(w.outcome = 'open') THEN max(w.gap_until) END AS ended_at,
    count(DISTINCT w.message) AS messages,
    round(max(w.gap_h), 1) AS longest_wait_h
FROM incident AS i
JOIN idle_wait AS w
    ON w.host = i.host AND starts_with(i.incident_key, w.log || ' ')
   AND w.entered >= i.started_at AND (i.ended_at IS NULL OR w.gap_until <= i.ended_at)
JOIN host_retry AS p ON p.host = w.host AND p.log = w.log
WHERE i.rule = 'idle-queue-item'
  AND w.proof = 'overtaken' AND w.entry_seen AND w.silent_h <= 6 AND w.outcome IN ('open', 'delivered')
  AND NOT (w.outcome = 'open' AND w.log = 'tracking_2007' AND w.wait_h > p.expire_h + p.retry_min / 60.0)
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
GROUP BY i.incident_id;
