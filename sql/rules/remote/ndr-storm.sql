/*
title = "Many delivery reports at $host"
severity = "low"
summary = "$reports reports for $addresses addresses within $hours hours; $strangers_pct percent of the addresses never had mail delivered from here."
needs = ["tracking_event (DSN, 1030, or mail from <>)", "or smtp_event of SMTPSVC"]
why = "Reports come in floods when a mailing meets dead addresses, when mail runs in a circle, or when somebody sends spam under addresses of others. If the reports go to addresses that never sent mail here, the originals were not theirs: backscatter. Taken in, it fills mailboxes; made here, it puts this server on block lists."
todo = "Backscatter made here: refuse unknown recipients during the SMTP session (recipient filtering), so that no report is ever made. Backscatter taken in: SPF and DMARC for the domain, and a filter that knows what was really sent. All to one or two addresses that did send: a mailing with a bad list, or a program that sends; talk to its owner."
references = ["RFC 3834 2", "RFC 5321 6.1"]

[params]
min_reports = 50      # reports within the span
within_min = 60       # minutes of the span; the storm lasts while reports stay that dense
times_usual = 5       # how often more than the same host has outside the storm
strangers_pct = 80    # percent of addresses that never sent, from which on it is backscatter
few_addresses = 2     # addresses that get all of a mailing's reports
after_start_min = 30  # minutes after a start of the service in which old mail is reported
*/

WITH counted AS (  -- a queue that was stuck reports all at once when a restart frees it: that is no storm
    SELECT
        *,
        count(*) OVER (
            PARTITION BY host, direction ORDER BY lp_us(ts) RANGE BETWEEN CURRENT ROW AND lp_minutes($within_min) FOLLOWING
        ) AS ahead_n,
        count(*) OVER (PARTITION BY host, direction) AS all_n
    FROM logged_report
    WHERE freed IS DISTINCT FROM true
),

dense AS (  -- the densest span that a report lies in
    SELECT
        *,
        max(ahead_n) OVER (
            PARTITION BY host, direction ORDER BY lp_us(ts) RANGE BETWEEN lp_minutes($within_min) PRECEDING AND CURRENT ROW
        ) AS densest
    FROM counted
),

spaced AS (
    SELECT *, lag(ts) OVER (PARTITION BY host, direction ORDER BY ts, source_id, record, address) AS before_ts
    FROM dense
    WHERE densest >= $min_reports
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR lp_us(ts) - lp_us(before_ts) > lp_minutes($within_min) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, direction ORDER BY ts, source_id, record, address) AS storm_no
    FROM spaced
),

stormy AS (
    SELECT host, direction, count(*) AS stormy_n FROM numbered GROUP BY host, direction
),

watched AS (  -- how long the logs of a host watch
    SELECT host, lp_hours(min(first_ts), max(last_ts)) AS hours FROM log_span GROUP BY host
),

known_sender AS (  -- addresses from which mail was delivered, and their domains
    SELECT DISTINCT host, sender, lp_domain(sender) AS domain
    FROM message
    WHERE outcome = 'delivered' AND sender IS NOT NULL AND sender <> '<>'
),

known_domain AS (
    SELECT DISTINCT host, domain FROM known_sender WHERE domain IS NOT NULL
),

storm AS (
    SELECT
        n.host, n.direction, n.storm_no, min(n.ts) AS began, max(n.ts) AS last_ts, count(*) AS reports, max(n.all_n) AS all_n,
        count(n.freed) AS about_known,
        count(DISTINCT n.address) AS addresses,
        count(DISTINCT CASE WHEN k.sender IS NULL THEN n.address END) AS strangers,
        -- where no mail of their domain goes out in these logs, who sent is not known
        count(DISTINCT CASE WHEN k.sender IS NULL AND d.domain IS NULL THEN n.address END) AS unknown
    FROM numbered AS n
    LEFT JOIN known_sender AS k ON k.host = n.host AND k.sender = n.address
    LEFT JOIN known_domain AS d ON d.host = n.host AND d.domain = lp_domain(n.address)
    GROUP BY n.host, n.direction, n.storm_no
),

after_start AS (  -- right after a start, reports about mail that the logs do not show may be about what the queue held
    SELECT DISTINCT s.host, s.direction, s.storm_no
    FROM storm AS s
    JOIN restart AS r
        ON r.host = s.host AND s.direction = 'made' AND r.mail AND 2 * s.about_known < s.reports
       AND lp_us(s.began) - lp_us(r.start_at) BETWEEN -60000000 AND lp_minutes($after_start_min)
),

judged AS (
    SELECT
        s.*,
        b.host IS NOT NULL AS after_start,
        (s.all_n - t.stormy_n) / nullif(greatest(w.hours - lp_hours(s.began, s.last_ts), 1.0), 0) AS usual_h,
        100.0 * s.strangers / nullif(s.addresses, 0) AS strangers_share,
        -- taken in: only addresses whose outgoing mail would be seen count
        CASE s.direction
            WHEN 'made' THEN 100.0 * s.strangers / nullif(s.addresses, 0) >= $strangers_pct
            ELSE 100.0 * (s.strangers - s.unknown) / nullif(s.addresses - s.unknown, 0) >= $strangers_pct
        END AS backscatter
    FROM storm AS s
    JOIN stormy AS t ON t.host = s.host AND t.direction = s.direction
    JOIN watched AS w ON w.host = s.host
    LEFT JOIN after_start AS b ON b.host = s.host AND b.direction = s.direction AND b.storm_no = s.storm_no
),

hit AS (
    SELECT
        *,
        direction || ' ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        CASE
            WHEN addresses <= $few_addresses OR after_start THEN 'info'
            WHEN backscatter THEN 'medium'
            ELSE 'low'
        END AS severity,
        CASE
            WHEN after_start THEN 'they came right after a start of the service, and are perhaps about what the queue held back'
            WHEN addresses <= $few_addresses THEN 'nearly all for one sender: a mailing with dead addresses, or a program that sends'
            WHEN backscatter AND direction = 'made' THEN 'backscatter: the reports go to addresses from which no mail was ever delivered here'
            WHEN backscatter THEN 'backscatter: the reports are about mail that these addresses did not send from here'
            WHEN backscatter IS NULL THEN 'whether these addresses sent the mail is not in the logs'
            ELSE 'many of the addresses did send mail'
        END AS judgement
    FROM judged
    WHERE reports * 60.0 / greatest(lp_hours(began, last_ts) * 60.0, $within_min) >= $times_usual * usual_h
),

hourly AS (
    SELECT
        h.host, h.incident_key, h.severity, h.direction, date_trunc('hour', n.ts) AS hour,
        min(n.ts) AS ts, max(n.ts) AS ts_end, count(*) AS reports, count(DISTINCT n.address) AS addresses, min(n.address) AS one
    FROM hit AS h
    JOIN numbered AS n ON n.host = h.host AND n.direction = h.direction AND n.storm_no = h.storm_no
    GROUP BY h.host, h.incident_key, h.severity, h.direction, date_trunc('hour', n.ts)
),

first_row AS (
    SELECT
        host, direction, storm_no, source_id, record, date_trunc('hour', ts) AS hour,
        row_number() OVER (PARTITION BY host, direction, storm_no ORDER BY ts, source_id, record, address) AS n,
        row_number() OVER (PARTITION BY host, direction, date_trunc('hour', ts) ORDER BY ts, source_id, record, address) AS hour_n
    FROM numbered
)

SELECT
    h.incident_key, 'sign' AS role, h.severity, h.began AS ts, h.last_ts AS ts_end, h.host,
    h.reports || ' reports ' || CASE h.direction WHEN 'made' THEN 'made here' ELSE 'taken in' END || ' for ' || h.addresses || ' addresses; '
        || round(h.usual_h, 1) || ' an hour are usual; ' || h.judgement AS text,
    'reports' AS measure, 1.0 * h.reports AS value,
    CASE WHEN h.backscatter IS NULL THEN 'logs of the server that sends mail of these addresses' END AS missing,
    f.source_id, f.record
FROM hit AS h
JOIN first_row AS f ON f.host = h.host AND f.direction = h.direction AND f.storm_no = h.storm_no AND f.n = 1
UNION ALL
SELECT
    h.incident_key, 'sign', h.severity, h.began, h.last_ts, h.host,
    h.strangers || ' of ' || h.addresses || ' addresses never had mail delivered from here',
    m.measure,
    CASE m.measure WHEN 'addresses' THEN 1.0 * h.addresses WHEN 'hours' THEN round(lp_hours(h.began, h.last_ts), 1) ELSE round(h.strangers_share, 0) END,
    NULL, f.source_id, f.record
FROM hit AS h
JOIN first_row AS f ON f.host = h.host AND f.direction = h.direction AND f.storm_no = h.storm_no AND f.n = 1
CROSS JOIN (VALUES ('addresses'), ('hours'), ('strangers_pct')) AS m (measure)
UNION ALL
SELECT
    y.incident_key, 'symptom', y.severity, y.ts, y.ts_end, y.host,
    y.reports || ' reports for ' || y.addresses || ' addresses, ' || y.one || ' among them',
    'reports_h', 1.0 * y.reports, NULL, f.source_id, f.record
FROM hourly AS y
JOIN first_row AS f ON f.host = y.host AND f.direction = y.direction AND f.hour = y.hour AND f.hour_n = 1
