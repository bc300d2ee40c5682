-- Signs of KB910932: the SMTP service of Server 2003 grows in memory with the number of destination domains.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH limits AS (
    SELECT
        max(value) FILTER (WHERE name = 'new_domains') AS new_domains,
        max(value) FILTER (WHERE name = 'few_domains_share') AS few_share,
        max(value) FILTER (WHERE name = 'memory_ratio_from') AS ratio_from,
        max(value) FILTER (WHERE name = 'memory_ratio_to') AS ratio_to,
        max(value) FILTER (WHERE name = 'other_share') AS other_share,
        max(value) FILTER (WHERE name = 'correlation_apart') AS apart
    FROM known_threshold
),

fact AS (
    SELECT
        host,
        max(value) FILTER (WHERE fact = 'os') AS os,
        max(known_by) FILTER (WHERE fact = 'os') AS os_by,
        max(value) FILTER (WHERE fact = 'exchange') AS exchange,
        max(try_cast(value AS DOUBLE)) FILTER (WHERE fact = 'reg:zombiedomainentrythreshold') AS zombie
    FROM product_fact
    GROUP BY host
),

joined AS (
    SELECT
        c.*, f.os, f.os_by, f.exchange, x.state AS fix, x.why, l.ratio_from, l.ratio_to, l.other_share, l.apart, l.few_share,
        coalesce(nullif(f.zombie, 0), l.new_domains) AS domain_limit,
        c.fall / nullif(c.growth, 0) AS ratio
    FROM leak_case AS c
    CROSS JOIN limits AS l
    LEFT JOIN fact AS f ON f.host = c.host
    LEFT JOIN fix_state AS x ON x.host = c.host AND x.problem = 'KB910932'
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
            WHEN other_growth >= other_share * growth THEN 'absent'
            WHEN ratio BETWEEN ratio_from AND ratio_to THEN 'present'
            WHEN ratio < ratio_from THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN other_growth >= other_share * growth THEN other_process || ' grows too, by ' || round(other_growth / 1048576.0, 0) || ' MiB'
            WHEN fall IS NOT NULL THEN 'free memory fell by ' || round(fall / 1048576.0, 0) || ' MiB'
            ELSE 'no counter of free memory'
        END,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE WHEN new_domains IS NULL THEN 'unknown' WHEN new_domains >= domain_limit THEN 'present' ELSE 'absent' END,
        coalesce(new_domains || ' new domains in the segment, of ' || round(domain_limit, 0), 'no log of outbound mail'),
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'D',
        CASE WHEN gives_back IS NULL THEN 'unknown' WHEN gives_back THEN 'present' ELSE 'absent' END,
        CASE WHEN gives_back IS NULL THEN 'no restart in the counter log' WHEN gives_back THEN 'after ' || restarts || ' restarts' ELSE 'the value stayed after a restart' END,
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'E',
        CASE
            WHEN corr_domains IS NULL THEN 'unknown'
            WHEN greatest(coalesce(corr_imap, -1), coalesce(corr_auth, -1)) >= corr_domains + apart THEN 'absent'
            WHEN corr_domains >= greatest(coalesce(corr_imap, -1), coalesce(corr_auth, -1), coalesce(corr_messages, -1)) THEN 'present'
            ELSE 'unknown'
        END,
        coalesce('correlation with new domains ' || round(corr_domains, 2), 'not known')
            || coalesce(', messages ' || round(corr_messages, 2), '') || coalesce(', IMAP4 sessions ' || round(corr_imap, 2), '')
            || coalesce(', failed authentication ' || round(corr_auth, 2), ''),
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
        CASE WHEN exchange IN ('4.0', '5.0', '5.5', 'later') THEN 'absent' WHEN os = '2003' THEN 'present' WHEN os IS NOT NULL THEN 'absent' ELSE 'unknown' END,
        coalesce('Windows is ' || replace(os, 'later', '2008 or later') || ', by ' || os_by, 'the version of Windows is not known'),
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X1',
        CASE WHEN new_domains IS NULL THEN 'unknown' WHEN new_domains < few_share * domain_limit THEN 'present' ELSE 'absent' END,
        coalesce(new_domains || ' new domains', 'no log of outbound mail'),
        CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'KB910932' AND k.sign_id = j.sign_id;
