/*
title = "Mail on $host is late: it is tried again only every $interval_min minutes"
severity = "info"
summary = "$messages messages waited for their next attempt, up to $longest_wait_h hours, while their destinations took mail."
needs = ["smtp_event or tracking_event", "host_setting (metabase) says whether it was meant so"]
why = "An attempt failed for now, as a greylist has it, and the next one came a long interval later, with the destination taking other mail meanwhile. The attempts come regularly: nothing is stuck, and no restart is needed. Waits within the product's own interval are ordinary and not told."
todo = "Where the metabase says so, set the retry intervals back: adsutil set SMTPSVC/1/SmtpRemoteProgressiveRetry \"15,30,60,240\" (the values of Windows), then restart the SMTP service. Where it says otherwise, ask why attempts come later than configured: too few connections for a long queue, or a service that is paused."
references = ["Microsoft: Configuring Retry Attempts and Intervals", "RFC 5321 4.5.4.1"]

[params]
min_messages = 2   # messages that were late for it on one host
cluster_h = 48     # hours between two such waits that still make one incident
*/

WITH slow AS (  -- hosts whose attempts are further apart than the product has them
    SELECT
        *,
        coalesce(observed_min, configured_min) AS interval_min,
        -- later than it was told to, as far as that is known
        coalesce(observed_min > coalesce(configured_min, default_min) + slack_min, false) AS unmeant
    FROM host_retry
    WHERE retry_min > default_min + slack_min
),

late AS (  -- waits for an attempt that are beyond the product's interval, and within this host's
    SELECT
        m.host, m.log, m.message, m.recipient, m.domain, m.entered, m.ended, m.outcome, m.gap_from, m.gap_until, m.gap_h,
        s.interval_min, t.source_id, t.record
    FROM message AS m
    JOIN slow AS s ON s.host = m.host AND s.log = m.log
    JOIN message_touch AS t
        ON t.host = m.host AND t.log = m.log AND t.message = m.message
       AND t.recipient IS NOT DISTINCT FROM m.recipient AND t.what = 'try' AND t.ts = m.gap_from
    WHERE m.ended IS NOT NULL AND m.tries > 0
      AND m.gap_h * 60 > s.default_min + s.slack_min AND m.gap_h * 60 <= s.retry_min + s.slack_min
),

passed AS (  -- while its destination took other mail
    SELECT l.host, l.log, l.message, l.recipient, count(*) AS others
    FROM late AS l
    JOIN message AS o
        ON o.host = l.host AND o.log = l.log AND o.domain = l.domain AND o.outcome = 'delivered'
       AND o.ended > l.gap_from AND o.ended < l.gap_until AND o.message <> l.message
    GROUP BY l.host, l.log, l.message, l.recipient
),

asked_again AS (  -- or had only asked it to come again
    SELECT DISTINCT source_id, record FROM delivery_failure WHERE kind = 'greylisting'
),

waited AS (
    SELECT
        l.*, coalesce(p.others, 0) AS others,
        max(l.gap_until) OVER (
            PARTITION BY l.host, l.log ORDER BY l.entered, l.message, l.recipient, l.source_id, l.record
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_until
    FROM late AS l
    LEFT JOIN passed AS p
        ON p.host = l.host AND p.log = l.log AND p.message = l.message AND p.recipient IS NOT DISTINCT FROM l.recipient
    LEFT JOIN asked_again AS g ON g.source_id = l.source_id AND g.record = l.record
    WHERE p.others > 0 OR g.source_id IS NOT NULL
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_until IS NULL OR lp_us(entered) - lp_us(before_until) > lp_minutes($cluster_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, log ORDER BY entered, message, recipient, source_id, record) AS cluster_no
    FROM waited
),

hit AS (
    SELECT
        n.host, n.log, n.cluster_no, min(n.entered) AS began, max(n.ended) AS last_ts, count(DISTINCT n.message) AS messages,
        n.log || ' ' || strftime(min(n.entered), '%Y-%m-%dT%H:%M:%SZ') AS incident_key
    FROM numbered AS n
    GROUP BY n.host, n.log, n.cluster_no
    HAVING count(DISTINCT n.message) >= $min_messages
)

SELECT
    h.incident_key, 'sign' AS role, CASE WHEN s.unmeant THEN 'low' ELSE 'info' END AS severity,
    h.began AS ts, h.last_ts AS ts_end, h.host,
    CASE h.log WHEN 'tracking_2007' THEN 'MSExchangeTransport' ELSE 'SMTPSVC' END AS service,
    CAST(NULL AS VARCHAR) AS message,
    CASE
        WHEN s.observed_min IS NULL THEN 'its settings have it try again after ' || s.configured_min || ' minutes; ' || s.default_min || ' are usual'
        WHEN s.configured_min IS NULL THEN 'attempts are regularly ' || s.observed_min || ' minutes apart; at most ' || s.default_min || ' are usual'
        WHEN s.unmeant THEN 'attempts are regularly ' || s.observed_min || ' minutes apart; its settings say ' || s.configured_min
        ELSE 'attempts are regularly ' || s.observed_min || ' minutes apart, as its settings say; at most ' || s.default_min || ' are usual'
    END AS text,
    'interval_min' AS measure, CAST(s.interval_min AS DOUBLE) AS value,
    CASE
        WHEN s.configured_min IS NULL AND h.log = 'tracking_2007'
            THEN 'retry intervals of ' || h.host || ' (Get-TransportService, Get-SendConnector)'
        WHEN s.configured_min IS NULL THEN 'metabase of ' || h.host || ' (SmtpRemoteProgressiveRetry)'
    END AS missing,
    s.source_id, s.record
FROM hit AS h
JOIN slow AS s ON s.host = h.host AND s.log = h.log
UNION ALL
SELECT
    h.incident_key, 'symptom', CASE WHEN s.unmeant THEN 'low' ELSE 'info' END, n.entered, n.ended, n.host,
    CASE n.log WHEN 'tracking_2007' THEN 'MSExchangeTransport' ELSE 'SMTPSVC' END,
    n.message,
    'message ' || n.message || ' to ' || coalesce(n.recipient, 'unknown') || ' waited ' || round(n.gap_h, 1)
        || ' h for its next attempt; '
        || CASE WHEN n.others > 0 THEN 'other mail to ' || n.domain || ' went through meanwhile (' || n.others || ')' ELSE n.domain || ' had asked it to come again' END,
    'longest_wait_h', round(n.gap_h, 1), NULL, n.source_id, n.record
FROM numbered AS n
JOIN hit AS h ON h.host = n.host AND h.log = n.log AND h.cluster_no = n.cluster_no
JOIN slow AS s ON s.host = n.host AND s.log = n.log
