-- Signs of Q176708 and its twin Q176709: the store of Exchange 5.0 grows without end.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH limits AS (
    SELECT
        max(value) FILTER (WHERE name = 'store_leak_h') AS leak_h,
        max(value) FILTER (WHERE name = 'store_days_h') AS days_h,
        max(value) FILTER (WHERE name = 'other_share') AS other_share
    FROM known_threshold
),

fact AS (
    SELECT
        host,
        max(value) FILTER (WHERE fact = 'exchange') AS exchange,
        max(known_by) FILTER (WHERE fact = 'exchange') AS exchange_by,
        max(value) FILTER (WHERE fact = 'has_exchange') AS has_exchange
    FROM product_fact
    GROUP BY host
),

joined AS (
    SELECT c.*, e.exhausted, e.watched, e.source_id AS event_source_id, e.record AS event_record,
        f.exchange, f.exchange_by, f.has_exchange, x.state AS fix, x.why, l.leak_h, l.days_h, l.other_share
    FROM leak_case AS c
    JOIN leak_case_event AS e ON e.rule = c.rule AND e.host = c.host AND e.incident_key = c.incident_key
    CROSS JOIN limits AS l
    LEFT JOIN fact AS f ON f.host = c.host
    LEFT JOIN fix_state AS x ON x.host = c.host AND x.problem = 'Q176708'
    WHERE c.process = 'store'
),

judged AS (
    SELECT
        rule, host, incident_key, 'A' AS sign_id,
        CASE WHEN hours >= leak_h THEN 'present' ELSE 'unknown' END AS state,
        counter || ' of store rose by ' || round(growth / 1048576.0, 0) || ' MiB in ' || round(hours, 0) || ' h' AS text,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'B',
        CASE WHEN hours >= days_h THEN 'present' ELSE 'unknown' END,
        'the segment lasts ' || round(hours, 0) || ' h',
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE WHEN mta_growth IS NULL THEN 'unknown' WHEN mta_growth >= other_share * growth THEN 'absent' ELSE 'present' END,
        coalesce('emsmta grew by ' || round(mta_growth / 1048576.0, 0) || ' MiB', 'no counter of emsmta'),
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'D',
        CASE WHEN exhausted > 0 THEN 'present' WHEN watched THEN 'absent' ELSE 'unknown' END,
        exhausted || ' such events',
        event_source_id, event_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'E',
        CASE WHEN gives_back IS NULL THEN 'unknown' WHEN gives_back THEN 'present' ELSE 'absent' END,
        CASE WHEN gives_back IS NULL THEN 'no restart in the counter log' WHEN gives_back THEN 'after ' || restarts || ' restarts' ELSE 'the value stayed after a restart' END,
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'V',
        CASE fix WHEN 'unfixed' THEN 'present' WHEN 'fixed' THEN 'absent' ELSE 'unknown' END,
        why, CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'P',
        CASE WHEN exchange IN ('5.0', '5.5') THEN 'present' WHEN exchange IS NOT NULL OR has_exchange = 'no' THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN exchange IS NOT NULL THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') || ', by ' || exchange_by
            WHEN has_exchange = 'no' THEN 'there is no Exchange on the host'
            ELSE 'the version of Exchange is not known'
        END,
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X1',
        CASE WHEN exchange IN ('5.5', '2000', '2003', 'later') THEN 'present' WHEN exchange IS NOT NULL THEN 'absent' ELSE 'unknown' END,
        CASE WHEN exchange IS NOT NULL THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') ELSE 'the version of Exchange is not known' END,
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'Q176708' AND k.sign_id = j.sign_id;
