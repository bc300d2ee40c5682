-- Signs of KB944903: inetinfo of an Exchange 2003 front end grows when authentication with public folder servers fails.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH joined AS (
    SELECT
        c.*, e.hangs, e.refused, e.imap4_events, e.imap4_runs, e.watched, e.source_id AS event_source_id, e.record AS event_record,
        f.role, f.role_by, l.least_auth_failures, l.least_refusals, l.correlation_apart,
        greatest(coalesce(c.corr_imap, -1), coalesce(c.corr_auth, -1)) AS corr_clients
    FROM leak_case AS c
    JOIN leak_case_event AS e ON e.rule = c.rule AND e.host = c.host AND e.incident_key = c.incident_key
    CROSS JOIN known_limit AS l
    LEFT JOIN host_product AS f ON f.host = c.host
    WHERE c.process = 'inetinfo'
),

judged AS (
    SELECT
        rule, host, incident_key, 'B' AS sign_id,
        CASE
            WHEN imap_sessions > 0 OR imap4_events > 0 OR imap4_runs THEN 'present'
            WHEN imap_sessions = 0 OR NOT imap4_runs THEN 'absent'
            ELSE 'unknown'
        END AS state,
        CASE
            WHEN imap_sessions IS NOT NULL THEN imap_sessions || ' IMAP4 sessions in the segment'
            WHEN imap4_events > 0 THEN imap4_events || ' events of IMAP4SVC'
            WHEN imap4_runs THEN 'the IMAP4 service runs'
            WHEN NOT imap4_runs THEN 'the IMAP4 service does not run'
            ELSE 'no log, counter, event or list of services tells of IMAP4'
        END AS text,
        CAST(NULL AS INTEGER) AS source_id, CAST(NULL AS UBIGINT) AS record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE
            WHEN auth_failures >= least_auth_failures OR refused >= least_refusals THEN 'present'
            WHEN auth_failures IS NOT NULL THEN 'absent'
            ELSE 'unknown'
        END,
        coalesce(auth_failures || ' failed authentications', 'no Security log') || ', ' || refused || ' errors of IMAP4SVC or DSAccess',
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'D',
        CASE WHEN hangs > 0 THEN 'present' WHEN watched THEN 'absent' ELSE 'unknown' END,
        CASE WHEN hangs > 0 OR watched THEN hangs || ' such events' ELSE 'no event log tells of it' END,
        event_source_id, event_record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'F',
        CASE
            WHEN corr_clients = -1 OR corr_domains IS NULL THEN 'unknown'
            WHEN corr_domains >= corr_clients + correlation_apart THEN 'absent'
            WHEN corr_clients >= corr_domains + correlation_apart THEN 'present'
            ELSE 'unknown'
        END,
        coalesce('correlation with IMAP4 sessions ' || round(corr_imap, 2), 'IMAP4 sessions not known')
            || coalesce(', failed authentication ' || round(corr_auth, 2), ', failed authentication not known')
            || coalesce(', new domains ' || round(corr_domains, 2), ', new domains not known'),
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'R',
        CASE role WHEN 'front-end' THEN 'present' WHEN 'back-end' THEN 'absent' ELSE 'unknown' END,
        coalesce(role || ', by ' || role_by, 'the role is not known: no Application log and no list of services tells it'),
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X1',
        CASE WHEN other_growth > growth THEN 'present' ELSE 'absent' END,
        coalesce(other_process || ' grows by ' || round(other_growth / 1048576.0, 0) || ' MiB', 'none grows'),
        NULL, NULL
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'KB944903' AND k.sign_id = j.sign_id;
