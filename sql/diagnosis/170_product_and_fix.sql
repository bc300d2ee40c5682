-- Signs that every known problem has: P, whether the host runs the product, and V, whether it is without the fix.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH considered AS (
    SELECT DISTINCT s.rule, s.host, s.incident_key, s.problem, p.os, p.os_by, p.exchange, p.exchange_by, p.has_exchange
    FROM sign AS s
    LEFT JOIN host_product AS p ON p.host = s.host
),

judged AS (
    SELECT  -- the SMTP service of Server 2003; Exchange 5.5 and older, 2007 and later have a transport of their own
        rule, host, incident_key, problem, 'product' AS kind,
        CASE
            WHEN exchange IN ('4.0', '5.0', '5.5', 'later') THEN 'absent'
            WHEN os = '2003' THEN 'present'
            WHEN os IS NOT NULL THEN 'absent'
            ELSE 'unknown'
        END AS state,
        CASE
            WHEN exchange IN ('4.0', '5.0', '5.5', 'later') THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') || ', with a transport of its own'
            WHEN os IS NOT NULL THEN 'Windows is ' || replace(os, 'later', '2008 or later') || ', by ' || os_by
            ELSE 'the version of Windows is not known'
        END AS text
    FROM considered
    WHERE problem IN ('KB934709', 'KB910932')
    UNION ALL
    SELECT  -- Exchange 2003
        rule, host, incident_key, problem, 'product',
        CASE
            WHEN exchange = '2003' THEN 'present'
            WHEN exchange IS NOT NULL OR has_exchange = 'no' OR os IN ('NT 4', 'later') THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN exchange IS NOT NULL THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') || ', by ' || exchange_by
            WHEN has_exchange = 'no' THEN 'there is no Exchange on the host'
            WHEN os IN ('NT 4', 'later') THEN 'Exchange 2003 does not run on this Windows'
            ELSE 'the version of Exchange is not known'
        END
    FROM considered
    WHERE problem IN ('KB941060', 'KB944903')
    UNION ALL
    SELECT  -- Exchange 5.0, and 5.5, whose store grows as well
        rule, host, incident_key, problem, 'product',
        CASE WHEN exchange IN ('5.0', '5.5') THEN 'present' WHEN exchange IS NOT NULL OR has_exchange = 'no' THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN exchange IS NOT NULL THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') || ', by ' || exchange_by
            WHEN has_exchange = 'no' THEN 'there is no Exchange on the host'
            ELSE 'the version of Exchange is not known'
        END
    FROM considered
    WHERE problem = 'Q176708'
    UNION ALL
    SELECT
        c.rule, c.host, c.incident_key, c.problem, 'fix',
        CASE x.state WHEN 'unfixed' THEN 'present' WHEN 'fixed' THEN 'absent' ELSE 'unknown' END,
        x.why
    FROM considered AS c
    LEFT JOIN fix_state AS x ON x.host = c.host AND x.problem = c.problem
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, NULL, NULL
FROM judged AS j
JOIN known_sign AS k ON k.problem = j.problem AND k.kind = j.kind;
