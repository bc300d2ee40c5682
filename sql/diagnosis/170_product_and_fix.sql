-- Signs that every known problem has: P, whether the host runs the product, and V, whether it is without the fix.
-- What is only told of a time after the incident, another product or a hotfix, rules nothing out.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH considered AS (
    SELECT DISTINCT
        s.rule, s.host, s.incident_key, s.problem, p.last_at, p.os, p.os_by, p.os_later,
        p.exchange, p.exchange_by, p.exchange_later, p.has_exchange, p.has_exchange_later
    FROM sign AS s
    LEFT JOIN incident_product AS p ON p.rule = s.rule AND p.host = s.host AND p.incident_key = s.incident_key
),

at_the_time AS (  -- what was so at the time
    SELECT
        rule, host, incident_key, problem, last_at, os_by, exchange_by,
        CASE WHEN os_later IS NULL THEN os END AS os,
        CASE WHEN exchange_later IS NULL THEN exchange END AS exchange,
        CASE WHEN has_exchange_later IS NULL THEN has_exchange END AS has_exchange,
        coalesce('; Windows ' || replace(os, 'later', '2008 or later') || ' is told by what begins on ' || os_later || ', after the incident', '')
            AS os_text,
        coalesce('; Exchange ' || replace(exchange, 'later', '2007 or later') || ' is told by what begins on ' || exchange_later || ', after the incident', '')
            AS exchange_text
    FROM considered
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
            ELSE 'the version of Windows is not known' || os_text
        END AS text
    FROM at_the_time
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
            ELSE 'the version of Exchange is not known' || exchange_text
        END
    FROM at_the_time
    WHERE problem IN ('KB941060', 'KB944903')
    UNION ALL
    SELECT  -- Exchange 5.0, and 5.5, whose store grows as well
        rule, host, incident_key, problem, 'product',
        CASE WHEN exchange IN ('5.0', '5.5') THEN 'present' WHEN exchange IS NOT NULL OR has_exchange = 'no' THEN 'absent' ELSE 'unknown' END,
        CASE
            WHEN exchange IS NOT NULL THEN 'Exchange is ' || replace(exchange, 'later', '2007 or later') || ', by ' || exchange_by
            WHEN has_exchange = 'no' THEN 'there is no Exchange on the host'
            ELSE 'the version of Exchange is not known' || exchange_text
        END
    FROM at_the_time
    WHERE problem = 'Q176708'
    UNION ALL
    SELECT
        c.rule, c.host, c.incident_key, c.problem, 'fix',
        CASE
            WHEN x.state = 'unfixed' THEN 'present'
            WHEN x.state = 'fixed' AND lp_us(x.since) > lp_us(c.last_at) + lp_minutes(l.later_h * 60) THEN 'unknown'
            WHEN x.state = 'fixed' THEN 'absent'
            ELSE 'unknown'
        END,
        CASE
            WHEN x.state = 'fixed' AND lp_us(x.since) > lp_us(c.last_at) + lp_minutes(l.later_h * 60)
                THEN 'the hotfix was installed on ' || strftime(x.since, '%Y-%m-%d %H:%M:%S') || ' UTC, after the incident'
            WHEN x.state = 'not-applicable'
             AND (p.os IS DISTINCT FROM c.os OR p.exchange IS DISTINCT FROM c.exchange OR p.has_exchange IS DISTINCT FROM c.has_exchange)
                THEN 'nothing tells of the file at that time; by what came after the incident ' || x.why
            ELSE x.why
        END
    FROM at_the_time AS c
    CROSS JOIN known_limit AS l
    LEFT JOIN host_product AS p ON p.host = c.host
    LEFT JOIN fix_state AS x ON x.host = c.host AND x.problem = c.problem
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, NULL, NULL
FROM judged AS j
JOIN known_sign AS k ON k.problem = j.problem AND k.kind = j.kind;
