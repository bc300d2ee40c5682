-- Whether a host has the fix of each known problem, branch by branch. One row: one host and problem.
-- state: fixed, unfixed, unknown (missing says what would tell), not-applicable (another product).
-- Server 2003 (6.0.3790.n): below 1830 is RTM, 1830 to 3958 SP1, from 3959 on SP2. 934709 is fixed from 2950 on in SP1 and
-- from 4094 on in SP2, so SP2's own 3959 is not. 910932 needs file and registry value: from 2619 on, or SP2.
CREATE OR REPLACE TABLE fix_state AS
WITH every_host AS (
    SELECT DISTINCT host FROM source WHERE host IS NOT NULL
),

pivoted AS (  -- one row per host
    SELECT
        h.host,
        max(f.value) FILTER (WHERE f.fact = 'os') AS os,
        max(f.value) FILTER (WHERE f.fact = 'os_sp') AS os_sp,
        max(f.value) FILTER (WHERE f.fact = 'exchange') AS exchange,
        max(f.value) FILTER (WHERE f.fact = 'exchange_sp') AS exchange_sp,
        max(f.value) FILTER (WHERE f.fact = 'has_exchange') AS has_exchange,
        max(f.value) FILTER (WHERE f.fact = 'file:aqueue.dll') AS aqueue,
        max(f.value) FILTER (WHERE f.fact = 'file:exmime.dll') AS exmime,
        max(f.value) FILTER (WHERE f.fact = 'file:imap4fe.dll') AS imap4fe,
        max(array_length(f.others)) FILTER (WHERE f.fact = 'file:aqueue.dll') AS aqueue_others,
        max(array_length(f.others)) FILTER (WHERE f.fact = 'file:exmime.dll') AS exmime_others,
        max(array_length(f.others)) FILTER (WHERE f.fact = 'file:imap4fe.dll') AS imap4fe_others,
        max(f.value) FILTER (WHERE f.fact = 'hotfix:KB910932') AS kb910932,
        max(f.value) FILTER (WHERE f.fact = 'hotfix:KB934709') AS kb934709,
        max(f.value) FILTER (WHERE f.fact = 'hotfix:KB941060') AS kb941060,
        max(f.value) FILTER (WHERE f.fact = 'hotfix:KB944903') AS kb944903,
        max(f.value) FILTER (WHERE f.fact = 'reg:zombiedomainentrythreshold') AS zombie,
        max(f.value) FILTER (WHERE f.fact = 'reg:smtpsvc') AS smtpsvc_exported
    FROM every_host AS h
    LEFT JOIN product_fact AS f ON f.host = h.host
    GROUP BY h.host
),

numbered AS (  -- aqueue.dll: branch first, then build. The others: 6.5 only, build and fix as one number
    SELECT
        *,
        CASE WHEN aqueue LIKE '6.0.3790.%' THEN try_cast(split_part(aqueue, '.', 4) AS INTEGER) END AS aq,
        CASE WHEN exmime LIKE '6.5.%' THEN try_cast(split_part(exmime, '.', 3) AS INTEGER) * 100000 + try_cast(split_part(exmime, '.', 4) AS INTEGER) END AS mime,
        CASE WHEN imap4fe LIKE '6.5.%' THEN try_cast(split_part(imap4fe, '.', 3) AS INTEGER) * 100000 + try_cast(split_part(imap4fe, '.', 4) AS INTEGER) END AS imap
    FROM pivoted
),

branched AS (
    SELECT
        *,
        CASE
            WHEN aq < 1830 THEN 'RTM'
            WHEN aq < 3959 THEN 'SP1'
            WHEN aq >= 3959 THEN 'SP2'
            WHEN os = '2003' THEN os_sp
        END AS branch
    FROM numbered
),

judged AS (
    SELECT
        host, 'KB934709' AS problem,
        CASE
            WHEN os <> '2003' OR (aqueue IS NOT NULL AND aq IS NULL) OR has_exchange = 'yes' THEN 'not-applicable'
            WHEN kb934709 IS NOT NULL THEN 'fixed'
            WHEN aq IS NULL OR aqueue_others > 0 THEN 'unknown'
            WHEN branch = 'SP2' AND aq >= 4094 THEN 'fixed'
            WHEN branch = 'SP1' AND aq >= 2950 THEN 'fixed'
            ELSE 'unfixed'
        END AS state,
        CASE
            WHEN os <> '2003' THEN 'Windows is ' || os
            WHEN has_exchange = 'yes' THEN 'Exchange is on the host, which the article excludes'
            WHEN kb934709 IS NOT NULL THEN 'the hotfix list names KB934709'
            WHEN aqueue_others > 0 THEN 'several versions of aqueue.dll are told'
            WHEN aq IS NOT NULL THEN 'aqueue.dll is ' || aqueue || ', of the ' || branch || ' branch, which is fixed from '
                || CASE branch WHEN 'SP2' THEN '6.0.3790.4094' ELSE '6.0.3790.2950' END || ' on'
            WHEN aqueue IS NOT NULL THEN 'aqueue.dll is ' || aqueue || ', of another Windows'
            ELSE 'the version of aqueue.dll is not known' || coalesce('; the service pack is ' || branch, '')
        END AS why,
        CASE WHEN aq IS NULL OR aqueue_others > 0 THEN 'aqueue' END AS missing_id
    FROM branched
    UNION ALL
    SELECT
        host, 'KB910932',
        CASE
            WHEN os <> '2003' OR (aqueue IS NOT NULL AND aq IS NULL) THEN 'not-applicable'
            WHEN aqueue_others > 0 THEN 'unknown'
            WHEN branch = 'RTM' OR (branch = 'SP1' AND aq < 2619) THEN 'unfixed'
            WHEN (branch = 'SP2' OR (branch = 'SP1' AND aq >= 2619) OR kb910932 IS NOT NULL) AND try_cast(zombie AS BIGINT) > 0 THEN 'fixed'
            WHEN branch = 'SP2' THEN 'unknown'
            WHEN branch = 'SP1' AND (aq >= 2619 OR kb910932 IS NOT NULL) AND smtpsvc_exported IS NOT NULL THEN 'unfixed'
            ELSE 'unknown'
        END,
        CASE
            WHEN os <> '2003' THEN 'Windows is ' || os
            WHEN aqueue_others > 0 THEN 'several versions of aqueue.dll are told'
            WHEN branch = 'RTM' THEN 'Server 2003 without a service pack: there is no fix for it'
            WHEN branch = 'SP1' AND aq < 2619 THEN 'aqueue.dll is ' || aqueue || ', of the SP1 branch, which has the fix from 6.0.3790.2619 on'
            WHEN (branch = 'SP2' OR aq >= 2619 OR kb910932 IS NOT NULL) AND try_cast(zombie AS BIGINT) > 0
                THEN 'the fixed file is there, and ZombieDomainEntryThreshold is ' || zombie
            WHEN branch = 'SP2' AND smtpsvc_exported IS NOT NULL
                THEN 'fix present, switch not found: SP2 holds the fix, ZombieDomainEntryThreshold is not in the registry, and whether SP2 needs it is not documented'
            WHEN branch = 'SP2' THEN 'fix present (SP2), switch not known: the registry of SMTPSVC was not seen'
            WHEN branch = 'SP1' AND (aq >= 2619 OR kb910932 IS NOT NULL) AND smtpsvc_exported IS NOT NULL
                THEN 'the fixed file is there, but ZombieDomainEntryThreshold is not in the registry: the hotfix alone does nothing'
            WHEN aq IS NOT NULL THEN 'aqueue.dll is ' || aqueue || ' and has the fix; whether ZombieDomainEntryThreshold is set is not known'
            ELSE 'the version of aqueue.dll is not known' || coalesce('; the service pack is ' || branch, '')
        END,
        CASE
            WHEN branch = 'RTM' OR (branch = 'SP1' AND aq < 2619) THEN NULL
            WHEN branch = 'SP2' OR aq >= 2619 OR kb910932 IS NOT NULL THEN CASE WHEN zombie IS NULL AND smtpsvc_exported IS NULL THEN 'smtpsvc-registry' END
            ELSE 'aqueue and registry'
        END
    FROM branched
    UNION ALL
    SELECT
        host, 'KB941060',
        CASE
            WHEN exchange <> '2003' OR (exmime IS NOT NULL AND mime IS NULL) OR (has_exchange = 'no' AND exmime IS NULL) THEN 'not-applicable'
            WHEN kb941060 IS NOT NULL THEN 'fixed'
            WHEN mime IS NULL OR exmime_others > 0 THEN 'unknown'
            WHEN mime >= 765300020 THEN 'fixed'
            ELSE 'unfixed'
        END,
        CASE
            WHEN exchange <> '2003' THEN 'Exchange is ' || exchange
            WHEN has_exchange = 'no' AND exmime IS NULL THEN 'there is no Exchange on the host'
            WHEN kb941060 IS NOT NULL THEN 'the hotfix list names KB941060'
            WHEN exmime_others > 0 THEN 'several versions of exmime.dll are told'
            WHEN mime IS NOT NULL THEN 'exmime.dll is ' || exmime || ', fixed from 6.5.7653.20 on'
                || CASE WHEN exchange_sp <> 'SP2' THEN '; the hotfix needs Exchange 2003 SP2, and this is ' || exchange_sp ELSE '' END
            WHEN exmime IS NOT NULL THEN 'exmime.dll is ' || exmime || ', of another Exchange'
            ELSE 'the version of exmime.dll is not known' || coalesce('; Exchange 2003 is ' || exchange_sp, '')
        END,
        CASE WHEN mime IS NULL OR exmime_others > 0 THEN 'exmime' END
    FROM branched
    UNION ALL
    SELECT
        host, 'KB944903',
        CASE
            WHEN exchange <> '2003' OR (imap4fe IS NOT NULL AND imap IS NULL) OR (has_exchange = 'no' AND imap4fe IS NULL) THEN 'not-applicable'
            WHEN kb944903 IS NOT NULL THEN 'fixed'
            WHEN imap IS NULL OR imap4fe_others > 0 THEN 'unknown'
            WHEN imap >= 765300023 THEN 'fixed'
            ELSE 'unfixed'
        END,
        CASE
            WHEN exchange <> '2003' THEN 'Exchange is ' || exchange
            WHEN has_exchange = 'no' AND imap4fe IS NULL THEN 'there is no Exchange on the host'
            WHEN kb944903 IS NOT NULL THEN 'the hotfix list names KB944903'
            WHEN imap4fe_others > 0 THEN 'several versions of imap4fe.dll are told'
            WHEN imap IS NOT NULL THEN 'imap4fe.dll is ' || imap4fe || ', fixed from 6.5.7653.23 on'
                || CASE WHEN exchange_sp <> 'SP2' THEN '; the hotfix needs Exchange 2003 SP2, and this is ' || exchange_sp ELSE '' END
            WHEN imap4fe IS NOT NULL THEN 'imap4fe.dll is ' || imap4fe || ', of another Exchange'
            ELSE 'the version of imap4fe.dll is not known' || coalesce('; Exchange 2003 is ' || exchange_sp, '')
        END,
        CASE WHEN imap IS NULL OR imap4fe_others > 0 THEN 'imap4fe' END
    FROM branched
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
    FROM branched
)

SELECT j.host, j.problem, j.state, j.why, CASE WHEN j.state IN ('unknown', 'unfixed', 'fixed') THEN c.text END AS missing
FROM judged AS j
LEFT JOIN collect_next AS c ON c.id = j.missing_id;
