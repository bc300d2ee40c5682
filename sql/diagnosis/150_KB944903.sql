-- Signs of KB944903: inetinfo of an Exchange 2003 front end grows when authentication with public folder servers fails.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH limits AS (
    SELECT
        max(value) FILTER (WHERE name = 'auth_failures') AS least_failures,
        max(value) FILTER (WHERE name = 'correlation_apart') AS apart
    FROM known_threshold
),

fact AS (
    SELECT
        host,
        max(value) FILTER (WHERE fact = 'os') AS os,
        max(value) FILTER (WHERE fact = 'exchange') AS exchange,
        max(known_by) FILTER (WHERE fact = 'exchange') AS exchange_by,
        max(value) FILTER (WHERE fact = 'has_exchange') AS has_exchange,
        max(value) FILTER (WHERE fact = 'role') AS role,
        max(known_by) FILTER (WHERE fact = 'role') AS role_by
    FROM product_fact
    GROUP BY host
),

joined AS (
    SELECT
        c.*, e.hangs, e.refused, e.imap4_events, e.imap4_runs, e.watched, e.source_id AS event_source_id, e.record AS event_record,
        f.os, f.exchange, f.exchange_by, f.has_exchange, f.role, f.role_by, x.state AS fix, x.why, l.least_failures, l.apart,
        greatest(coalesce(c.corr_imap, -1), coalesce(c.corr_auth, -1)) AS corr_clients
    FROM leak_case AS c
    JOIN leak_case_event AS e ON e.rule = c.rule AND e.host = c.host AND e.incident_key = c.incident_key
    CROSS JOIN limits AS l
    LEFT JOIN fact AS f ON f.host = c.host
    LEFT JOIN fix_state AS x ON x.host = c.host AND x.problem = 'KB944903'
    WHERE c.process = 'inetinfo'
),

judged AS (
    SELECT
        rule, host, incident_key, 'A' AS sign_id, 'present' AS state,
        counter || ' of inetinfo rose by ' || round(growth / 1048576.0, 0) || ' MiB in ' || round(hours, 0) || ' h' AS text,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'B',
        CASE
            WHEN imap_sessions > 0 OR imap4_events > 0 OR imap4_runs THEN 'present'
            WHEN imap_sessions = 0 OR NOT imap4_runs THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN imap_sessions IS NOT NULL THEN imap_sessions || ' IMAP4 sessions in the segment'
            WHEN imap4_events > 0 THEN imap4_events || ' events of IMAP4SVC'
            WHEN imap4_runs THEN 'the IMAP4 service runs'
            WHEN NOT imap4_runs THEN 'the IMAP4 service does not run'
            ELSE 'nothing tells of IMAP4'
        END,
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE
            WHEN auth_failures >= least_failures OR refused >= 3 THEN 'present'
            WHEN auth_failures IS NOT NULL THEN 'absent'
            ELSE 'unknown'
        END,
        coalesce(auth_failures || ' failed authentications', 'no Security log') || ', ' || refused || ' errors of IMAP4SVC or DSAccess',
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'D',
        CASE WHEN hangs > 0 THEN 'present' WHEN watched THEN 'absent' ELSE 'unknown' END,
        hangs || ' such events',
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
        rule, host, incident_key, 'F',
        CASE
            WHEN corr_clients = -1 OR corr_domains IS NULL THEN 'unknown'
            WHEN corr_domains >= corr_clients + apart THEN 'absent'
            WHEN corr_clients >= corr_domains + apart THEN 'present'
            ELSE 'unknown'
        END,
        coalesce('correlation with IMAP4 sessions ' || round(corr_imap, 2), 'IMAP4 sessions not known')
            || coalesce(', failed authentication ' || round(corr_auth, 2), '') || coalesce(', new domains ' || round(corr_domains, 2), ''),
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'R',
        CASE role WHEN 'front-end' THEN 'present' WHEN 'back-end' THEN 'absent' ELSE 'unknown' END,
        coalesce(role || ', by ' || role_by, 'the role is not known'),
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
        CASE
            WHEN exchange = '2003' THEN 'present'
            WHEN exchange IS NOT NULL OR has_exchange = 'no' OR os IN ('NT 4', 'later') THEN 'absent'
            ELSE 'unknown'
        END,
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
        CASE WHEN other_growth > growth THEN 'present' ELSE 'absent' END,
        coalesce(other_process || ' grows by ' || round(other_growth / 1048576.0, 0) || ' MiB', 'none grows'),
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'KB944903' AND k.sign_id = j.sign_id;
