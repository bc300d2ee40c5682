-- Whether a host has the fix of each known problem, branch by branch. One row: one host and problem.
-- since: when the hotfix that fixed it was installed, where a list says so: before, the host was without it.
-- state: fixed, unfixed, unknown (missing says what would tell), not-applicable (another product).
-- Server 2003 (6.0.3790.n): below 1830 is RTM, 1830 to 3958 SP1, from 3959 on SP2; the fixes are in view known_fix. 934709: SP2's
-- own 3959 is not fixed, though above the 2950 of SP1. 910932 needs file and registry value: from 2619 on, or SP2.
CREATE OR REPLACE TABLE fix_state AS
WITH branched AS (  -- aqueue.dll: branch first, then build
    SELECT
        *,
        CASE
            WHEN aq < 1830 THEN 'RTM'
            WHEN aq < 3959 THEN 'SP1'
            WHEN aq >= 3959 THEN 'SP2'
            WHEN os = '2003' THEN os_sp
        END AS branch
    FROM (
        SELECT *, CASE WHEN aqueue LIKE '6.0.3790.%' THEN try_cast(split_part(aqueue, '.', 4) AS INTEGER) END AS aq
        FROM host_product
    )
),

relay AS (  -- with the fix of its branch
    SELECT b.*, k.problem, f.version AS fixed_from, try_cast(split_part(f.version, '.', 4) AS INTEGER) AS fixed_aq
    FROM branched AS b
    JOIN known_problem AS k ON k.problem IN ('KB934709', 'KB910932')
    LEFT JOIN known_fix AS f ON f.problem = k.problem AND f.branch = b.branch
),

library AS (  -- programme files of Exchange 2003 with a fix. 6.5 only; build and what follows as one number
    SELECT
        p.host, p.exchange, p.exchange_sp, p.has_exchange, k.problem, k.file, k.version AS fixed_from,
        v.value AS version, array_length(v.others) > 0 AS several, h.value AS hotfix, h.known_by AS hotfix_by,
        CASE WHEN v.value LIKE '6.5.%'
            THEN try_cast(split_part(v.value, '.', 3) AS INTEGER) * 100000 + try_cast(split_part(v.value, '.', 4) AS INTEGER) END AS number,
        try_cast(split_part(k.version, '.', 3) AS INTEGER) * 100000 + try_cast(split_part(k.version, '.', 4) AS INTEGER) AS fixed_number
    FROM host_product AS p
    JOIN known_fix AS k ON k.branch = '6.5'
    LEFT JOIN product_fact AS v ON v.host = p.host AND v.fact = 'file:' || k.file
    LEFT JOIN product_fact AS h ON h.host = p.host AND h.fact = 'hotfix:' || k.problem
),

judged AS (
    SELECT
        host, problem,
        CASE
            WHEN os <> '2003' OR (aqueue IS NOT NULL AND aq IS NULL) OR has_exchange = 'yes' THEN 'not-applicable'
            WHEN hotfix_934709 IS NOT NULL THEN 'fixed'
            WHEN aq IS NULL OR several_aqueue THEN 'unknown'
            WHEN aq >= fixed_aq THEN 'fixed'
            ELSE 'unfixed'
        END AS state,
        CASE
            WHEN os <> '2003' THEN 'Windows is ' || replace(os, 'later', '2008 or later')
            WHEN has_exchange = 'yes' THEN 'Exchange is on the host, which the article excludes'
            WHEN hotfix_934709 IS NOT NULL THEN 'KB934709 is installed, by the ' || hotfix_934709_by
            WHEN several_aqueue THEN 'several versions of aqueue.dll are told'
            WHEN aq IS NOT NULL THEN 'aqueue.dll is ' || aqueue || ', of the ' || branch || ' branch, which is fixed from '
                || fixed_from || ' on'
            WHEN aqueue IS NOT NULL THEN 'aqueue.dll is ' || aqueue || ', of another Windows'
            ELSE 'the version of aqueue.dll is not known' || coalesce('; the service pack is ' || branch, '')
        END AS why,
        CASE WHEN aq IS NULL OR several_aqueue THEN 'aqueue' END AS missing_id
    FROM relay
    WHERE problem = 'KB934709'
    UNION ALL
    SELECT
        host, problem,
        CASE
            WHEN os <> '2003' OR (aqueue IS NOT NULL AND aq IS NULL) THEN 'not-applicable'
            WHEN several_aqueue THEN 'unknown'
            WHEN branch = 'RTM' OR (branch = 'SP1' AND aq < fixed_aq) THEN 'unfixed'
            WHEN (branch = 'SP2' OR (branch = 'SP1' AND aq >= fixed_aq) OR hotfix_910932 IS NOT NULL) AND zombie > 0 THEN 'fixed'
            WHEN branch = 'SP2' THEN 'unknown'
            WHEN branch = 'SP1' AND (aq >= fixed_aq OR hotfix_910932 IS NOT NULL) AND smtpsvc_registry IS NOT NULL THEN 'unfixed'
            ELSE 'unknown'
        END,
        CASE
            WHEN os <> '2003' THEN 'Windows is ' || replace(os, 'later', '2008 or later')
            WHEN several_aqueue THEN 'several versions of aqueue.dll are told'
            WHEN branch = 'RTM' THEN 'Server 2003 without a service pack: there is no fix for it'
            WHEN branch = 'SP1' AND aq < fixed_aq THEN 'aqueue.dll is ' || aqueue || ', of the SP1 branch, which has the fix from ' || fixed_from || ' on'
            WHEN (branch = 'SP2' OR aq >= fixed_aq OR hotfix_910932 IS NOT NULL) AND zombie > 0
                THEN 'the fixed file is there, and ZombieDomainEntryThreshold is ' || zombie
            WHEN branch = 'SP2' AND smtpsvc_registry IS NOT NULL
                THEN 'fix present, switch not found: SP2 holds the fix, ZombieDomainEntryThreshold is not in the registry, and whether SP2 needs it is not documented'
            WHEN branch = 'SP2' THEN 'fix present (SP2), switch not known: the registry of SMTPSVC was not seen'
            WHEN branch = 'SP1' AND (aq >= fixed_aq OR hotfix_910932 IS NOT NULL) AND smtpsvc_registry IS NOT NULL
                THEN 'the fixed file is there, but ZombieDomainEntryThreshold is not in the registry: the hotfix alone does nothing'
            WHEN aq IS NOT NULL THEN 'aqueue.dll is ' || aqueue || ' and has the fix; whether ZombieDomainEntryThreshold is set is not known'
            ELSE 'the version of aqueue.dll is not known' || coalesce('; the service pack is ' || branch, '')
        END,
        CASE
            WHEN branch = 'RTM' OR (branch = 'SP1' AND aq < fixed_aq) THEN NULL
            WHEN branch = 'SP2' OR aq >= fixed_aq OR hotfix_910932 IS NOT NULL THEN CASE WHEN zombie IS NULL AND smtpsvc_registry IS NULL THEN 'smtpsvc-registry' END
            ELSE 'aqueue and registry'
        END
    FROM relay
    WHERE problem = 'KB910932'
    UNION ALL
    SELECT
        host, problem,
        CASE
            WHEN exchange <> '2003' OR (version IS NOT NULL AND number IS NULL) OR (has_exchange = 'no' AND version IS NULL) THEN 'not-applicable'
            WHEN hotfix IS NOT NULL THEN 'fixed'
            WHEN number IS NULL OR several THEN 'unknown'
            WHEN number >= fixed_number THEN 'fixed'
            ELSE 'unfixed'
        END,
        CASE
            WHEN exchange <> '2003' THEN 'Exchange is ' || exchange
            WHEN has_exchange = 'no' AND version IS NULL THEN 'there is no Exchange on the host'
            WHEN hotfix IS NOT NULL THEN problem || ' is installed, by the ' || hotfix_by
            WHEN several THEN 'several versions of ' || file || ' are told'
            WHEN number IS NOT NULL THEN file || ' is ' || version || ', fixed from ' || fixed_from || ' on'
                || CASE WHEN exchange_sp <> 'SP2' THEN '; the hotfix needs Exchange 2003 SP2, and this is ' || exchange_sp ELSE '' END
            WHEN version IS NOT NULL THEN file || ' is ' || version || ', of another Exchange'
            ELSE 'the version of ' || file || ' is not known' || coalesce('; Exchange 2003 is ' || exchange_sp, '')
        END,
        CASE WHEN number IS NULL OR several THEN split_part(file, '.', 1) END
    FROM library
    UNION ALL
    SELECT
        host, 'Q176708',
        CASE
            WHEN exchange <> '5.0' OR has_exchange = 'no' THEN 'not-applicable'
            WHEN exchange IS NULL OR exchange_sp IS NULL THEN 'unknown'
            WHEN exchange_sp = 'SP2' THEN 'fixed'
            ELSE 'unfixed'
        END,
        CASE
            WHEN exchange <> '5.0' THEN 'Exchange is ' || exchange
            WHEN has_exchange = 'no' THEN 'there is no Exchange on the host'
            WHEN exchange IS NULL THEN 'the version of Exchange is not known'
            WHEN exchange_sp IS NULL THEN 'Exchange is 5.0, its service pack is not known'
            ELSE 'Exchange 5.0 is ' || exchange_sp || ', fixed from SP2 on'
        END,
        CASE WHEN exchange IS NULL OR exchange_sp IS NULL THEN 'exchange-5-build' END
    FROM host_product
)

SELECT
    j.host, j.problem, j.state, j.why,
    CASE WHEN j.state IN ('unknown', 'unfixed', 'fixed') THEN c.text END AS missing,
    CASE WHEN j.state = 'fixed' THEN h.since END AS since
FROM judged AS j
LEFT JOIN product_fact AS h ON h.host = j.host AND h.fact = 'hotfix:' || j.problem
LEFT JOIN collect_next AS c ON c.id = j.missing_id;
