-- Signs of KB934709: idle messages in the queue folder of a Server 2003 SMTP gateway.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH listing AS (  -- one that does not say when it was taken was not taken before the last time in it
    SELECT
        coalesce(q.host, s.host) AS host, q.queue, q.name, q.arrived_ts, q.written_ts, q.source_id, q.record,
        q.ts IS NOT NULL AS dated,
        coalesce(q.ts, max(greatest(q.arrived_ts, q.written_ts)) OVER (PARTITION BY q.source_id)) AS taken
    FROM queue_entry AS q
    JOIN source AS s ON s.source_id = q.source_id
    WHERE q.kind = 'file'
),

file AS (  -- of the queue folder; idle: older than expiry, or older than a retry interval and never written again
    SELECT
        f.host, f.dated, f.arrived_ts, f.source_id, f.record,
        lp_hours(f.arrived_ts, f.taken) > coalesce(h.expire_h, p.expire_h)
            OR (lp_hours(f.arrived_ts, f.taken) > coalesce(h.retry_min, p.retry_min) / 60.0 AND f.written_ts = f.arrived_ts) AS idle
    FROM listing AS f
    JOIN retry_policy AS p ON p.log = 'smtp'
    LEFT JOIN host_policy AS h ON h.host = f.host AND h.log = p.log
    WHERE f.arrived_ts IS NOT NULL AND (f.dated OR f.written_ts IS NOT NULL)
      AND ends_with(lower(coalesce(f.name, '.eml')), '.eml') AND contains(lower(coalesce(f.queue, 'queue')), 'queue')
),

folder AS (
    SELECT
        host,
        bool_or(dated) AS dated,
        count(*) FILTER (WHERE idle) AS files,
        min(arrived_ts) FILTER (WHERE idle) AS oldest,
        min(source_id) FILTER (WHERE idle) AS source_id,
        min_by(record, (source_id, record)) FILTER (WHERE idle) AS record
    FROM file
    GROUP BY host
),

joined AS (
    SELECT
        c.*, e.dns_messages, f.has_exchange_by, f.has_exchange_later,
        CASE WHEN f.has_exchange_later IS NULL THEN f.has_exchange END AS has_exchange,
        d.files, d.oldest, d.source_id AS folder_source_id, d.record AS folder_record,
        d.dated, d.host IS NOT NULL AS listed, l.burst_messages, l.freed_share, l.dns_share
    FROM queue_case_sum AS c
    JOIN queue_case_event AS e ON e.rule = c.rule AND e.host = c.host AND e.incident_key = c.incident_key
    LEFT JOIN incident_product AS f ON f.rule = c.rule AND f.host = c.host AND f.incident_key = c.incident_key
    LEFT JOIN folder AS d ON d.host = c.host
    CROSS JOIN known_limit AS l
),

judged AS (
    SELECT
        rule, host, incident_key, 'A' AS sign_id,
        CASE WHEN messages > 0 THEN 'present' ELSE 'unknown' END AS state,
        messages || ' messages, untried for up to ' || round(longest_h, 1) || ' h' AS text,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'B',
        CASE WHEN overtaken > 0 THEN 'present' WHEN peers > 0 AND others = 0 THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN overtaken > 0 THEN overtaken || ' of ' || messages || ' messages were overtaken by deliveries to their domain'
            WHEN peers > 0 AND others = 0 THEN 'all other mail to those domains waited too'
            ELSE 'no other mail to those domains is in the logs'
        END,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE
            WHEN all_smtp > 0 OR freed_smtp > 0 THEN 'present'
            WHEN ended > 0 AND watched AND freed = 0 AND all_store = 0 THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN all_smtp > 0 OR freed_smtp > 0 THEN 'started again at ' || strftime(freed_at, '%Y-%m-%d %H:%M:%S') || ' UTC'
            WHEN ended > 0 AND watched AND freed = 0 AND all_store = 0 THEN 'the System log shows no such restart'
            WHEN all_store > 0 THEN 'the store was restarted'
            ELSE 'no restart is seen'
        END,
        restart_source_id, restart_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'D',
        CASE WHEN all_smtp >= burst_messages THEN 'present' WHEN all_smtp > 0 THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN all_smtp > freed_smtp THEN all_smtp || ' messages of this host left with the restart, ' || freed_smtp || ' of them of this incident'
            WHEN all_smtp > 0 THEN all_smtp || ' messages left with the restart'
            ELSE 'no restart is seen with which messages left'
        END,
        restart_source_id, restart_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'E',
        CASE WHEN overdue > 0 THEN 'present' WHEN ended > 0 THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN overdue > 0 THEN overdue || ' messages ended later than that; the oldest after ' || round(oldest_h, 1) || ' h'
            WHEN ended > 0 THEN 'the oldest ended after ' || round(oldest_h, 1) || ' h'
            ELSE 'none has ended'
        END,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'F',
        CASE WHEN files > 0 THEN 'present' WHEN dated THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN files > 0 THEN files || ' such files, the oldest of ' || strftime(oldest, '%Y-%m-%d %H:%M:%S') || ' UTC'
            WHEN dated THEN 'a listing shows none'
            WHEN listed THEN 'a listing shows none that is surely so old; it does not say when it was taken'
            ELSE 'no listing of the queue folder'
        END,
        folder_source_id, folder_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X1',
        CASE has_exchange WHEN 'yes' THEN 'present' WHEN 'no' THEN 'absent' ELSE 'unknown' END,
        CASE has_exchange WHEN 'yes' THEN 'seen by ' || has_exchange_by WHEN 'no' THEN 'none, by ' || has_exchange_by
            ELSE 'nothing tells' || coalesce(' of that time; what ' || has_exchange_by || ' tells begins on ' || has_exchange_later || ', after the incident', '') END,
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT  -- most of those that ended did so without a restart, where the event log would show one
        rule, host, incident_key, 'X2',
        CASE
            WHEN ended = 0 THEN 'absent'
            WHEN freed < freed_share * ended AND all_smtp = 0 AND watched THEN 'present'
            WHEN freed < freed_share * ended AND all_smtp = 0 THEN 'unknown'
            ELSE 'absent'
        END,
        CASE
            WHEN ended = 0 THEN 'none has left'
            WHEN freed < freed_share * ended AND all_smtp = 0 AND NOT watched THEN 'whether there was a restart is not known'
            ELSE freed || ' of ' || ended || ' ended waits ended with a restart'
        END,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X3',
        CASE WHEN dns_messages >= dns_share * messages AND dns_messages > 0 THEN 'present' WHEN watched OR dns_messages > 0 THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN watched OR dns_messages > 0 THEN dns_messages || ' of ' || messages || ' messages go to domains for which that event was written'
            ELSE 'nothing tells: no event log spans the incident'
        END,
        NULL, NULL
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'KB934709' AND k.sign_id = j.sign_id;
