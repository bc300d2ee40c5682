-- Signs of KB941060: Exchange 2003 messages stuck, 4.4.7, the store's property cache full.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH returned AS (  -- reports at expiry in the uptime of the incident, by tracking
    SELECT
        c.rule, c.host, c.incident_key,
        count(DISTINCT r.message) AS messages,
        min_by(r.source_id, (r.ended, r.source_id, r.record)) AS source_id,
        min_by(r.record, (r.ended, r.source_id, r.record)) AS record
    FROM queue_case AS c
    CROSS JOIN known_limit AS l
    JOIN returned_mail AS r
        ON r.host = c.host AND r.ended >= c.from_ts AND r.ended <= c.until_ts AND r.judgement <> 'ordinary'
       AND (r.wait_h BETWEEN l.expiry_from_h AND l.expiry_to_h OR (r.status_code LIKE '_.4.7' AND r.judgement <> 'overdue'))
    GROUP BY c.rule, c.host, c.incident_key
),

bounced AS (  -- and by the reports themselves
    SELECT c.rule, c.host, c.incident_key, count(*) AS reports
    FROM queue_case AS c
    JOIN bounce AS b ON b.host = c.host AND b.expired AND b.reported >= c.started_at AND b.reported <= c.until_ts
    GROUP BY c.rule, c.host, c.incident_key
),

store_before AS (  -- the store's last start before the first message stuck
    SELECT c.rule, c.host, c.incident_key, max(r.start_at) AS start_at
    FROM queue_case AS c
    JOIN restart AS r ON r.host = c.host AND r.service IN ('MSExchangeIS', 'host') AND r.start_at <= c.started_at
    GROUP BY c.rule, c.host, c.incident_key
),

store_after AS (  -- its last start in the incident or right after it
    SELECT
        c.rule, c.host, c.incident_key, max(r.start_at) AS start_at,
        max_by(r.source_id, r.start_at) AS source_id, max_by(r.record, r.start_at) AS record
    FROM queue_case AS c
    JOIN restart AS r
        ON r.host = c.host AND r.service IN ('MSExchangeIS', 'host') AND r.start_at >= c.started_at AND r.start_at <= c.until_ts
    GROUP BY c.rule, c.host, c.incident_key
),

stuck_after AS (  -- messages that entered in the day after that start and waited idle
    SELECT a.rule, a.host, a.incident_key, count(DISTINCT i.message) AS messages
    FROM store_after AS a
    CROSS JOIN known_limit AS l
    JOIN idle_wait AS i
        ON i.host = a.host AND i.proof IS NOT NULL
       AND lp_us(i.entered) BETWEEN lp_us(a.start_at) + lp_minutes(l.store_start_min) AND lp_us(a.start_at) + lp_minutes(l.store_day_h * 60)
    GROUP BY a.rule, a.host, a.incident_key
),

went_after AS (
    SELECT a.rule, a.host, a.incident_key, count(DISTINCT m.message) AS messages
    FROM store_after AS a
    CROSS JOIN known_limit AS l
    JOIN message AS m
        ON m.host = a.host AND m.outcome = 'delivered'
       AND lp_us(m.entered) BETWEEN lp_us(a.start_at) AND lp_us(a.start_at) + lp_minutes(l.store_day_h * 60)
    GROUP BY a.rule, a.host, a.incident_key
),

everywhere AS (  -- which restarts freed mail on the host at any time
    SELECT
        host,
        count(DISTINCT message) FILTER (WHERE service IN ('SMTPSVC', 'IISADMIN')) AS smtp_alone,
        count(DISTINCT message) FILTER (WHERE service IN ('MSExchangeIS', 'host')) AS store
    FROM freed
    WHERE sure
    GROUP BY host
),

joined AS (
    SELECT
        c.*, coalesce(v.smtp_alone, 0) AS ever_smtp_alone, coalesce(v.store, 0) AS ever_store, e.dns_messages, e.quota, e.quota_reports, e.categorizer_hours, e.expired, e.application,
        coalesce(r.messages, 0) AS returned, coalesce(b.reports, 0) AS reports, r.source_id AS report_source_id, r.record AS report_record,
        s.start_at AS store_before,
        lp_hours(s.start_at, c.started_at) AS up_h,
        a.start_at AS store_after, a.source_id AS after_source_id, a.record AS after_record,
        coalesce(i.messages, 0) AS stuck_after, coalesce(w.messages, 0) AS went_after,
        l.store_up_h, l.expiry_to_h, l.clean_h, l.dns_share, l.categorizer_h, l.categorizer_share
    FROM queue_case_sum AS c
    JOIN queue_case_event AS e ON e.rule = c.rule AND e.host = c.host AND e.incident_key = c.incident_key
    CROSS JOIN known_limit AS l
    LEFT JOIN everywhere AS v ON v.host = c.host
    LEFT JOIN returned AS r ON r.rule = c.rule AND r.host = c.host AND r.incident_key = c.incident_key
    LEFT JOIN bounced AS b ON b.rule = c.rule AND b.host = c.host AND b.incident_key = c.incident_key
    LEFT JOIN store_before AS s ON s.rule = c.rule AND s.host = c.host AND s.incident_key = c.incident_key
    LEFT JOIN store_after AS a ON a.rule = c.rule AND a.host = c.host AND a.incident_key = c.incident_key
    LEFT JOIN stuck_after AS i ON i.rule = c.rule AND i.host = c.host AND i.incident_key = c.incident_key
    LEFT JOIN went_after AS w ON w.rule = c.rule AND w.host = c.host AND w.incident_key = c.incident_key
),

judged AS (
    SELECT
        rule, host, incident_key, 'A' AS sign_id,
        CASE WHEN overtaken > 0 THEN 'present' WHEN peers > 0 AND others = 0 THEN 'absent' ELSE 'unknown' END AS state,
        CASE
            WHEN overtaken > 0 THEN overtaken || ' of ' || messages || ' messages waited up to ' || round(longest_h, 1) || ' h while mail to their domain completed'
            WHEN peers > 0 AND others = 0 THEN 'all other mail to those domains waited too'
            ELSE 'no other mail to those domains is in the logs'
        END AS text,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'B',
        CASE
            WHEN returned > 0 OR reports > 0 OR expired > 0 THEN 'present'
            WHEN oldest_h > expiry_to_h THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN returned > 0 THEN returned || ' messages were returned at expiry'
            WHEN reports > 0 THEN reports || ' reports of expiry were collected'
            WHEN expired > 0 THEN expired || ' events 3028 with 4.4.7'
            WHEN oldest_h > expiry_to_h THEN 'mail of ' || round(oldest_h, 1) || ' h was not returned'
            ELSE 'no message grew old enough'
        END,
        report_source_id, report_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE
            WHEN ended > 0 AND rule = 'idle-queue-item' AND watched AND freed = 0 THEN 'absent'
            WHEN up_h >= store_up_h THEN 'present'
            WHEN up_h < store_up_h THEN 'absent'
            WHEN watched AND lp_hours(log_from, started_at) >= store_up_h THEN 'present'
            ELSE 'unknown'
        END,
        CASE
            WHEN ended > 0 AND rule = 'idle-queue-item' AND watched AND freed = 0 THEN 'the messages left by themselves'
            WHEN up_h IS NOT NULL THEN 'the store had been up for ' || round(up_h, 1) || ' h'
            WHEN watched AND lp_hours(log_from, started_at) >= store_up_h THEN 'the logs show no start of the store in the ' || round(lp_hours(log_from, started_at), 1) || ' h before'
            ELSE 'when the store started is not known'
        END,
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'D',
        CASE
            WHEN store_after IS NULL THEN 'unknown'
            WHEN stuck_after > 0 THEN 'absent'
            WHEN went_after > 0 AND lp_hours(store_after, log_until) >= clean_h THEN 'present'
            ELSE 'unknown'
        END,
        CASE
            WHEN store_after IS NULL AND watched THEN 'the System log shows no restart of the store'
            WHEN store_after IS NULL THEN 'nothing tells of a restart of the store: no event log spans the incident'
            WHEN stuck_after > 0 THEN stuck_after || ' messages stuck in the day after the restart'
            ELSE went_after || ' messages completed in the day after the start at ' || strftime(store_after, '%Y-%m-%d %H:%M:%S') || ' UTC, none stuck'
        END,
        after_source_id, after_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X1',
        CASE
            WHEN all_smtp_alone > all_store THEN 'present'
            WHEN all_store > 0 THEN 'absent'
            WHEN ever_smtp_alone > ever_store THEN 'present'  -- not these messages, but others like them
            ELSE 'unknown'
        END,
        CASE
            WHEN all_smtp_alone > all_store THEN all_smtp_alone || ' messages of this host left with a restart of SMTPSVC or IIS Admin, and the store did not restart'
            WHEN all_store > 0 THEN all_store || ' messages of this host left with a restart of the store'
            WHEN ever_smtp_alone > ever_store THEN 'at another time ' || ever_smtp_alone || ' messages left with a restart of SMTPSVC or IIS Admin, and the store did not restart'
            WHEN watched THEN 'no restart freed messages'
            ELSE 'nothing tells: no restart is seen, and no event log spans the incident'
        END,
        restart_source_id, restart_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X3',
        CASE WHEN dns_messages >= dns_share * messages AND dns_messages > 0 THEN 'present' WHEN watched OR application OR dns_messages > 0 THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN watched OR application OR dns_messages > 0 THEN dns_messages || ' of ' || messages || ' messages go to domains for which that event was written'
            ELSE 'nothing tells: no event log spans the incident'
        END,
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X4',
        CASE WHEN quota > 0 AND quota_reports > 0 THEN 'present' WHEN quota > 0 OR NOT application THEN 'unknown' ELSE 'absent' END,
        CASE
            WHEN application OR quota > 0 THEN quota || ' events 9667, ' || quota_reports || ' reports 5.2.x'
            ELSE 'nothing tells: no Application log with Exchange in it was read'
        END,
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X5',
        CASE
            WHEN categorizer_hours >= greatest(categorizer_h, categorizer_share * lp_hours(started_at, last_at)) THEN 'present'
            WHEN application THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN application OR categorizer_hours > 0 THEN 'such events in ' || categorizer_hours || ' hours of ' || round(lp_hours(started_at, last_at), 0)
            ELSE 'nothing tells: no Application log with Exchange in it was read'
        END,
        NULL, NULL
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'KB941060' AND k.sign_id = j.sign_id;
