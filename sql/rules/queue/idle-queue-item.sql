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
*/

WITH hole AS (  -- what the log lacks: there a message may have been tried, or have left
    SELECT host, log, least(from_ts, until_ts) AS from_ts, greatest(from_ts, until_ts) AS until_ts
    FROM log_gap
    WHERE reason IN ('missing file', 'no file', 'silent')
),

idle AS (
    SELECT i.*
    FROM idle_wait AS i
    JOIN retry_policy AS p ON p.log = i.log
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

sized AS (
    SELECT host, log, cluster_no, min(entered) AS began, count(DISTINCT message) AS messages, count(DISTINCT domain) AS domains,
        count(DISTINCT recipient) AS recipients
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
