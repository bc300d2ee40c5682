-- Signs of KB910932: the SMTP service of Server 2003 grows in memory with the number of destination domains.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH joined AS (
    SELECT
        c.*, l.memory_ratio_from, l.memory_ratio_to, l.other_share, l.correlation_apart, l.few_domains_share,
        CAST(coalesce(nullif(f.zombie, 0), l.least_domains) AS DOUBLE) AS domain_limit,
        c.fall / nullif(c.growth, 0) AS ratio
    FROM leak_case AS c
    CROSS JOIN known_limit AS l
    LEFT JOIN host_product AS f ON f.host = c.host
    WHERE c.process = 'inetinfo'
),

judged AS (
    SELECT
        rule, host, incident_key, 'B' AS sign_id,
        CASE
            WHEN other_growth >= other_share * growth THEN 'absent'
            WHEN ratio BETWEEN memory_ratio_from AND memory_ratio_to THEN 'present'
            WHEN ratio < memory_ratio_from THEN 'absent'
            ELSE 'unknown'
        END AS state,
        CASE
            WHEN other_growth >= other_share * growth THEN other_process || ' grows too, by ' || round(other_growth / 1048576.0, 0) || ' MiB'
            WHEN fall IS NOT NULL THEN 'free memory fell by ' || round(fall / 1048576.0, 0) || ' MiB'
            ELSE 'no counter of free memory'
        END AS text,
        source_id, record
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'C',
        CASE WHEN new_domains IS NULL THEN 'unknown' WHEN new_domains >= domain_limit THEN 'present' ELSE 'absent' END,
        coalesce(new_domains || ' new domains in the segment; from ' || CAST(domain_limit AS BIGINT) || ' on it counts', 'no log of outbound mail'),
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'E',
        CASE
            WHEN corr_domains IS NULL THEN 'unknown'
            WHEN greatest(coalesce(corr_imap, -1), coalesce(corr_auth, -1)) >= corr_domains + correlation_apart THEN 'absent'
            WHEN corr_domains >= greatest(coalesce(corr_imap, -1), coalesce(corr_auth, -1), coalesce(corr_messages, -1)) + correlation_apart THEN 'present'
            ELSE 'unknown'
        END,
        coalesce('correlation with new domains ' || round(corr_domains, 2), 'not known')
            || coalesce(', messages ' || round(corr_messages, 2), '') || coalesce(', IMAP4 sessions ' || round(corr_imap, 2), '')
            || coalesce(', failed authentication ' || round(corr_auth, 2), '')
            || CASE
                WHEN abs(corr_domains - greatest(coalesce(corr_imap, -1), coalesce(corr_auth, -1), coalesce(corr_messages, -1))) < correlation_apart
                    THEN ': they grow alike, and none speaks for itself'
                ELSE ''
            END,
        NULL, NULL
    FROM joined
    UNION ALL
    SELECT
        rule, host, incident_key, 'X1',
        CASE WHEN new_domains IS NULL THEN 'unknown' WHEN new_domains < few_domains_share * domain_limit THEN 'present' ELSE 'absent' END,
        coalesce(new_domains || CASE WHEN new_domains = 1 THEN ' new domain' ELSE ' new domains' END, 'no log of outbound mail'),
        NULL, NULL
    FROM joined
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = 'KB910932' AND k.sign_id = j.sign_id;
