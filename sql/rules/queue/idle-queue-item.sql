/*
title = "Messages lie idle in the queue of $host"
severity = "medium"
summary = "$messages messages lay untried, up to $longest_wait_h hours, while other mail to the same domains went through."
needs = ["smtp_event or tracking_event"]
why = "Other mail to the same domain was delivered while these waited longer than a retry interval after it: the remote host was reachable, so an attempt was due and did not come."
todo = "List the queue folder twice, at least one retry interval apart, before anything is restarted (formats: see docs/rules.md). Then restart the SMTP or transport service in a quiet hour and see whether the messages leave at once."
references = ["KB 934709", "KB 950757"]

[params]
min_messages = 2     # messages on one host
min_recipients = 2   # recipients they go to: a single full mailbox is not the queue's fault
min_domains = 2      # domains they go to in 2007+ tracking, where a refused attempt leaves no row
cluster_h = 24       # hours between two such waits that still make one incident
edge_h = 6           # hours of silence in the log within a wait that hide what happened
hush_min = 5         # minutes of silence that may hide the end of a message, where the log is busy
hush_messages = 4    # messages that such a silence would have to lack, by the traffic of the hours around
hush_within_min = 30 # minutes after the last touch within which it begins
around_h = 3         # hours before and after that tell how busy the log is
*/

WITH hole AS (  -- what the log lacks: there a message may have been tried, or have left
    SELECT host, log, least(from_ts, until_ts) AS from_ts, greatest(from_ts, until_ts) AS until_ts
    FROM log_gap
    WHERE reason IN ('missing file', 'no file', 'silent')
),

overtaken AS (
    SELECT i.*, p.retry_min, p.slack_min, p.expire_h
    FROM idle_wait AS i
    JOIN host_retry AS p ON p.host = i.host AND p.log = i.log
    WHERE i.proof = 'overtaken' AND i.entry_seen
      AND i.silent_h <= $edge_h
      AND i.outcome IN ('open', 'delivered')
      AND NOT EXISTS (
          SELECT 1
          FROM freed AS f
          WHERE f.host = i.host AND f.log = i.log AND f.message = i.message AND f.recipient = i.recipient
      )
      AND NOT EXISTS (
          SELECT 1
          FROM hole AS h
          WHERE h.host = i.host AND h.log = CASE i.log WHEN 'smtp' THEN 'smtp' ELSE 'tracking' END
            -- a message whose end is seen was there all along: only the attempt that was due may be hidden
            AND h.until_ts > CASE i.outcome WHEN 'open' THEN i.gap_from ELSE i.overtaken_at END
            AND lp_us(h.from_ts) < CASE i.outcome
                WHEN 'open' THEN lp_us(i.gap_until)
                ELSE lp_us(i.overtaken_at) + lp_minutes(p.retry_min + p.slack_min)
            END
      )
      -- the queue of 2007 and later returns what expires: a message that is older has an end that is missing
      AND NOT (i.outcome = 'open' AND i.log = 'tracking_2007' AND i.wait_h > p.expire_h + p.retry_min / 60.0)
),

vanished AS (  -- messages that are never seen again, with the hours around their last touch
    SELECT host, log, message, recipient, gap_from, date_trunc('hour', gap_from) AS hour
    FROM overtaken
    WHERE outcome = 'open'
),

nearby AS (
    SELECT DISTINCT v.host, v.log, v.hour + to_hours(CAST(n.n AS INTEGER)) AS hour
    FROM vanished AS v
    CROSS JOIN (SELECT unnest(range(-$around_h, $around_h + 2)) AS n) AS n
),

life AS (  -- every touch in those hours
    SELECT t.host, t.log, t.ts, max(CASE WHEN t.what = 'enter' THEN 1 ELSE 0 END) AS enters
    FROM message_touch AS t
    JOIN nearby AS n ON n.host = t.host AND n.log = t.log AND n.hour = date_trunc('hour', t.ts)
    GROUP BY t.host, t.log, t.ts
),

pause AS (
    SELECT
        host, log, ts AS from_ts,
        lp_us(lead(ts) OVER (PARTITION BY host, log ORDER BY ts)) - lp_us(ts) AS length_us
    FROM life
),

busy AS (
    SELECT v.host, v.log, v.gap_from, sum(l.enters) AS entered_n
    FROM (SELECT DISTINCT host, log, gap_from FROM vanished) AS v
    JOIN life AS l
        ON l.host = v.host AND l.log = v.log
       AND lp_us(l.ts) BETWEEN lp_us(v.gap_from) - lp_minutes(60 * $around_h) AND lp_us(v.gap_from) + lp_minutes(60 * $around_h)
    GROUP BY v.host, v.log, v.gap_from
),

hushed AS (  -- the log falls silent right after, for longer than its traffic explains: rows are missing, perhaps the message's end
    SELECT DISTINCT b.host, b.log, b.gap_from
    FROM busy AS b
    JOIN pause AS p
        ON p.host = b.host AND p.log = b.log
       AND lp_us(p.from_ts) BETWEEN lp_us(b.gap_from) AND lp_us(b.gap_from) + lp_minutes($hush_within_min)
       AND p.length_us >= lp_minutes($hush_min)
    WHERE b.entered_n * (p.length_us + 0.0) / nullif(lp_minutes(120 * $around_h), 0) >= $hush_messages
),

idle AS (
    SELECT o.*, h.host IS NOT NULL AS doubtful
    FROM overtaken AS o
    LEFT JOIN hushed AS h ON o.outcome = 'open' AND h.host = o.host AND h.log = o.log AND h.gap_from = o.gap_from
),

spaced AS (
    SELECT
        *,
        max(gap_until) OVER (
            PARTITION BY host, log ORDER BY entered, message, recipient
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_until
    FROM idle
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_until IS NULL OR lp_us(entered) - lp_us(before_until) > lp_minutes($cluster_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, log ORDER BY entered, message, recipient) AS cluster_no
    FROM spaced
),

sized AS (  -- doubtful ones join others, and make no incident by themselves
    SELECT host, log, cluster_no, min(entered) AS began,
        count(DISTINCT CASE WHEN NOT doubtful THEN message END) AS messages,
        count(DISTINCT CASE WHEN NOT doubtful THEN domain END) AS domains,
        count(DISTINCT CASE WHEN NOT doubtful THEN recipient END) AS recipients
    FROM numbered
    GROUP BY host, log, cluster_no
)

SELECT
    n.log || ' ' || strftime(z.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'symptom' AS role,
    n.entered AS ts,
    CASE WHEN n.outcome = 'open' THEN NULL ELSE n.gap_until END AS ts_end,
    n.outcome = 'open' AS ongoing,
    n.host,
    CASE n.log WHEN 'tracking_2007' THEN 'MSExchangeTransport' ELSE 'SMTPSVC' END AS service,
    n.message,
    'message ' || n.message || ' to ' || coalesce(n.recipient, 'unknown') || ' was not tried for '
        || round(n.gap_h, 1) || ' h; ' || n.others || ' other deliveries to ' || n.domain || ' overtook it'
        || CASE WHEN n.outcome = 'open' THEN '; it was still waiting when the log ended' ELSE '' END AS text,
    'longest_wait_h' AS measure,
    round(n.gap_h, 1) AS value,
    CASE WHEN n.log = 'smtp' THEN 'listing of the queue folder of ' || n.host || ', taken twice' END AS missing,
    n.source_id, n.record
FROM numbered AS n
JOIN sized AS z ON z.host = n.host AND z.log = n.log AND z.cluster_no = n.cluster_no
WHERE z.messages >= $min_messages AND z.recipients >= $min_recipients
  AND (z.domains >= $min_domains OR n.log <> 'tracking_2007')
