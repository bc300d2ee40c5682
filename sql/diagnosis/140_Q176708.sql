-- Signs of Q176708 and its twin Q176709: the store of Exchange 5.0 grows without end.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH joined AS (
    SELECT
        c.*, e.exhausted, e.watched, e.source_id AS event_source_id, e.record AS event_record,
        f.exchange, l.store_days_h, l.other_share
    FROM leak_case AS c
    JOIN leak_case_event AS e ON e.rule = c.rule AND e.host = c.host AND e.incident_key = c.incident_key
    CROSS JOIN known_limit AS l
    LEFT JOIN host_product AS f ON f.host = c.host
    WHERE c.process = 'store'
),

judged AS (
    SELECT
        rule, host, incident_key, 'B' AS sign_id,
        CASE WHEN hours >= store_days_h THEN 'present' ELSE 'unknown' END AS state,
        'the segment lasts ' || round(hours, 0) || ' h' AS text,
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
        rule, host, incident_key, 'X1',
        CASE WHEN exchange IN ('5.5', '2000', '2003', 'later') THEN 'present' WHEN exchange IS NOT NULL THEN 'absent' ELSE 'unknown' END,
        CASE WHEN exchange IS NOT NULL THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') ELSE 'the version of Exchange is not known' END,
        NULL, NULL
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'Q176708' AND k.sign_id = j.sign_id;
