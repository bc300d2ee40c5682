-- What the files and logs tell of what runs on each host. A fact that nobody tells has no row: it is unknown, not false.
--   os              NT 4, 2000, 2003, later             os_sp         RTM, SP1, SP2 of that Windows
--   exchange        4.0, 5.0, 5.5, 2000, 2003, later    exchange_sp   RTM, SP1, SP2 of that Exchange
--   has_exchange    yes, no                             role          front-end, back-end (Exchange 2003)
--   smtp_service    6.0.3790.3959: smtpsvc.dll, which tells the service pack and nothing of hotfixes
--   file:NAME       version of a programme file as four numbers: aqueue.dll, exmime.dll, imap4fe.dll
--   hotfix:KBn      installed                           reg:zombiedomainentrythreshold    its value
--   reg:smtpsvc     exported: the registry of the SMTP service was seen, so a value that is not there is absent
-- Every piece of evidence for them, the better the greater weight. One row: one host, fact, value and way of knowing it, with its
-- latest place. since: the first time it was so, where that is told: of a hotfix its installation, of a log its first line, since
-- what a log tells of its host holds for all of it; NULL: undated, as inventories are.
CREATE OR REPLACE TABLE product_evidence AS
WITH file AS (  -- the copy in use: a copy in a folder of backups, of an update or of the setup files runs nowhere
    SELECT
        coalesce(f.host, s.host) AS host, f.name, f.major, f.minor, f.build, f.private, 3 AS weight, f.ts, f.source_id, f.record
    FROM file_version AS f
    JOIN source AS s ON s.source_id = f.source_id
    WHERE f.major IS NOT NULL AND f.minor IS NOT NULL AND f.build IS NOT NULL AND f.private IS NOT NULL
      AND NOT regexp_matches(
          lower(coalesce(f.path, '')),
          '(^|[\\/])([$][^\\/]*|dllcache|servicepackfiles|softwaredistribution|i386|amd64|ia64|winsxs|backups?|[^\\/]*([.]bak|[.]old|_[0-9]{3}))([\\/]|$)'
      )
),

uninstall AS (  -- what a hotfix replaced is kept in a folder of its own as long as the hotfix is installed: $NtUninstallKB934709$
    SELECT
        coalesce(f.host, s.host) AS host,
        upper(regexp_extract(f.path, '(?i)[$][a-z]*uninstall(kb[0-9]+)', 1)) AS hotfix,
        f.ts, f.source_id, f.record
    FROM file_version AS f
    JOIN source AS s ON s.source_id = f.source_id
),

banner AS (  -- how the host itself greets a caller; on the way out it logs how others greet: "220 gw1.corp.example
    -- Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready"
    SELECT
        coalesce(e.host, s.host) AS host,
        regexp_extract(e.argument, 'Version:[ +]([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)', 1) AS version,
        'greeting of the SMTP service' AS known_by, e.ts, e.source_id, e.record
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'in' AND e.kind = 'reply'
      AND regexp_matches(e.argument, 'Microsoft[ +]ESMTP') AND contains(e.argument, 'Version:')
),

own_name AS (  -- how the host calls itself in full where it calls others: elsewhere a server may have the same first name
    SELECT coalesce(e.host, s.host) AS host, list(DISTINCT lower(trim(e.argument, ' +'))) AS names
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'out' AND e.kind = 'command' AND e.verb IN ('EHLO', 'HELO') AND contains(e.argument, '.')
    GROUP BY coalesce(e.host, s.host)
),

smtp_version AS (  -- versions of smtpsvc.dll
    SELECT b.host, b.version, b.known_by, b.ts, b.source_id, b.record
    FROM banner AS b
    UNION ALL
    SELECT
        coalesce(d.host, s.host), d.smtp_version, 'Received line of a delivery report', d.ts, d.source_id, d.record
    FROM delivery_report AS d
    JOIN source AS s ON s.source_id = d.source_id
    LEFT JOIN own_name AS o ON o.host = coalesce(d.host, s.host)
    WHERE d.smtp_version IS NOT NULL
      AND (o.host IS NULL OR NOT contains(coalesce(d.reporting_mta, ''), '.') OR list_contains(o.names, lower(d.reporting_mta)))
    UNION ALL
    SELECT
        coalesce(t.host, s.host), regexp_extract(t.version, '([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+)', 1),
        'service-Version in tracking', t.ts, t.source_id, t.record
    FROM (
        SELECT host, source_id, version, max(ts) AS ts, min(record) AS record
        FROM tracking_event
        WHERE version IS NOT NULL
        GROUP BY host, source_id, version
    ) AS t
    JOIN source AS s ON s.source_id = t.source_id
),

numbered AS (
    SELECT
        host, version, known_by, ts, source_id, record,
        try_cast(split_part(version, '.', 1) AS INTEGER) AS major,
        try_cast(split_part(version, '.', 2) AS INTEGER) AS minor,
        try_cast(split_part(version, '.', 3) AS INTEGER) AS build,
        try_cast(split_part(version, '.', 4) AS INTEGER) AS private
    FROM smtp_version
    WHERE version <> ''
),

windows AS (  -- version, build and service pack of Windows where they are told in words
    SELECT
        coalesce(e.host, s.host) AS host,
        rtrim(e.strings[1], '.') AS number, e.strings[2] AS build, coalesce(e.strings[3], '') AS pack,
        'EventLog 6009' AS known_by, e.ts, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.event_id = 6009 AND lower(e.provider) = 'eventlog' AND array_length(e.strings) >= 2
    UNION ALL
    SELECT
        coalesce(f.host, s.host),
        regexp_extract(f.value, '^([0-9]+[.][0-9]+)', 1),
        regexp_extract(f.value, '^[0-9]+[.][0-9]+[.]([0-9]+)', 1),
        regexp_extract(f.value, 'Service Pack [0-9]+', 0),
        'systeminfo', f.ts, f.source_id, f.record
    FROM host_fact AS f
    JOIN source AS s ON s.source_id = f.source_id
    WHERE f.kind = 'system' AND f.name = 'os_version'
),

provider AS (  -- one row per host and provider of mail, its latest event, and whether it says a version
    SELECT
        coalesce(e.host, s.host) AS host, lower(e.provider) AS provider,
        max(e.ts) AS ts,
        max_by(e.source_id, (e.ts, e.source_id, e.record)) AS source_id,
        max_by(e.record, (e.ts, e.source_id, e.record)) AS record,
        count(*) FILTER (WHERE e.event_id = 9523) AS mounts
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE starts_with(lower(e.provider), 'msexchange') OR lower(e.provider) IN ('imap4svc', 'pop3svc', 'resvc')
    GROUP BY coalesce(e.host, s.host), lower(e.provider)
),

spoken AS (  -- Exchange services name their version when they start: 6.5.7638.2, Version 5.0 (Build 1457.7: Service Pack 1)
    SELECT
        coalesce(e.host, s.host) AS host,
        regexp_extract(array_to_string(e.strings, ' '), '\b(4[.]0|5[.]0|5[.]5|6[.]0|6[.]5)(?:[.]|[ ,(]+(?:[Bb]uild|[Vv]ersion) )([0-9]{3,4})\b', 1) AS number,
        regexp_extract(array_to_string(e.strings, ' '), '\b(4[.]0|5[.]0|5[.]5|6[.]0|6[.]5)(?:[.]|[ ,(]+(?:[Bb]uild|[Vv]ersion) )([0-9]{3,4})\b', 2) AS build,
        e.provider || ' ' || e.event_id AS known_by, e.ts, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE starts_with(lower(e.provider), 'msexchange') AND e.event_id BETWEEN 1000 AND 1003
),

exchange_number AS (  -- Exchange by the numbers of its version
    SELECT host, number, try_cast(build AS INTEGER) AS build, known_by, 4 AS weight, ts, source_id, record
    FROM spoken
    WHERE number <> ''
    UNION ALL
    SELECT
        host, regexp_extract(generation, '[(]([0-9]+[.][0-9]+)', 1),
        try_cast(regexp_extract(generation, '[(][0-9]+[.][0-9]+[.]([0-9]+)', 1) AS INTEGER),
        'header of the tracking log', 5, last_ts, source_id, CAST(1 AS UBIGINT)
    FROM source
    WHERE format = 'tracking_2003' AND generation_known_by = 'header'
    UNION ALL
    SELECT
        host, major || '.' || minor, build, 'version of ' || name, 3, ts, source_id, record
    FROM file
    WHERE name IN ('exmime.dll', 'imap4fe.dll', 'store.exe', 'drviis.dll', 'emsmta.exe', 'mad.exe', 'mdbmsg.dll') AND major BETWEEN 4 AND 15
    UNION ALL
    SELECT
        coalesce(r.host, s.host), regexp_extract(r.value, '^([0-9]+[.][0-9]+)', 1),
        try_cast(regexp_extract(r.value, '^[0-9]+[.][0-9]+[.]([0-9]+)', 1) AS INTEGER),
        'registry, ' || r.name, 4, r.ts, r.source_id, r.record
    FROM registry_value AS r
    JOIN source AS s ON s.source_id = r.source_id
    WHERE contains(r.key_folded, '\microsoft\exchange') AND r.name_folded IN ('newestversion', 'services version', 'version', 'productversion')
      AND NOT r.deleted AND regexp_matches(r.value, '^[0-9]+[.][0-9]+[.][0-9]+')
    UNION ALL
    SELECT
        coalesce(r.host, s.host), CASE WHEN r.number BETWEEN 1400 AND 1459 OR r.number = 1460 THEN '5.0' WHEN r.number BETWEEN 1960 AND 2700 THEN '5.5' WHEN r.number BETWEEN 6944 AND 7999 THEN '6.5' WHEN r.number BETWEEN 4400 AND 6700 THEN '6.0' END,
        CAST(r.number AS INTEGER), 'registry, ' || r.name, 4, r.ts, r.source_id, r.record
    FROM registry_value AS r
    JOIN source AS s ON s.source_id = r.source_id
    WHERE contains(r.key_folded, '\microsoft\exchange\setup') AND r.name_folded = 'newestbuild' AND NOT r.deleted
),

engine AS (  -- the store's database engine names its version at start: the branch of Exchange, not the service pack of the store
    SELECT
        coalesce(e.host, s.host) AS host,
        regexp_replace(regexp_extract(e.strings[3], '^0*([0-9]+[.][0-9]+)', 1), '[.]0+$', '.0', 'g') AS number,
        e.provider || ' 100' AS known_by, e.ts, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('edb', 'ese97', 'ese98', 'ese') AND e.event_id = 100
      AND regexp_matches(lower(e.strings[1]), 'exchange|information store')
),

engine_name AS (  -- and its provider tells as much: EDB up to 5.0, ESE97 5.5, ESE98 2000
    SELECT
        coalesce(e.host, s.host) AS host, lower(e.provider) AS provider, max(e.ts) AS ts,
        max_by(e.source_id, (e.ts, e.source_id, e.record)) AS source_id,
        max_by(e.record, (e.ts, e.source_id, e.record)) AS record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('edb', 'ese97', 'ese98') AND regexp_matches(lower(e.strings[1]), 'exchange|information store')
    GROUP BY coalesce(e.host, s.host), lower(e.provider)
),

since_5 AS (  -- hosts whose tracking has events that came with Exchange 5.0 (4.0 had none of 1010 to 1018)
    SELECT DISTINCT coalesce(e.host, s.host) AS host
    FROM tracking_event AS e
    JOIN source AS s ON s.source_id = e.source_id AND s.format = 'tracking_5x'
    WHERE e.event BETWEEN '1010' AND '1018' AND length(e.event) = 4
),

kind_of_exchange AS (  -- Exchange by files that only one generation writes
    SELECT
        host,
        CASE
            WHEN format = 'ims_log' OR generation = 'Exchange 5.5' THEN '5.5'
            WHEN starts_with(generation, 'Exchange 5.0') THEN '5.0'
            WHEN starts_with(generation, 'Exchange 2000 (') THEN '2000'
            WHEN starts_with(generation, 'Exchange 2003') THEN '2003'
            WHEN regexp_matches(generation, '^Exchange (2007|2010|2013|2016|2019|SE|Subscription)') THEN 'later'
        END AS value,
        'format of ' || format AS known_by, last_ts AS ts, source_id
    FROM source
    WHERE host IS NOT NULL AND rows > 0
),

listed AS (  -- service lists: complete enough to miss a service in
    SELECT
        coalesce(f.host, s.host) AS host, f.source_id,
        count(DISTINCT f.subject) AS services,
        bool_or(regexp_matches(lower(f.subject), '^(msexchange|resvc|imap4svc)')) AS exchange,
        bool_or(lower(f.subject) = 'imap4svc' AND (f.kind = 'process_service' OR f.number = 4)) AS imap4,
        bool_or(lower(f.subject) = 'msexchangeis' AND (f.kind = 'process_service' OR f.number = 4)) AS store,
        min(f.record) AS record, max(f.ts) AS ts
    FROM host_fact AS f
    JOIN source AS s ON s.source_id = f.source_id
    WHERE f.kind = 'process_service' OR (f.kind = 'service' AND f.name = 'state')
    GROUP BY coalesce(f.host, s.host), f.source_id
),

started AS (  -- services that the System log saw start around a boot
    SELECT
        host,
        bool_or(state = 'boot') AS boot,
        count(DISTINCT service) FILTER (WHERE state = 'start') AS services,
        bool_or(starts_with(service, 'MSExchange') OR service IN ('RESvc', 'IMAP4Svc')) AS exchange,
        max(ts) AS ts,
        min_by(source_id, (ts, source_id, record)) AS source_id,
        min_by(record, (ts, source_id, record)) AS record
    FROM service_event
    GROUP BY host
),

counted AS (  -- objects of performance counters
    SELECT
        c.host,
        bool_or(starts_with(lower(c.object), 'msexchangeimap4')) AS imap4,
        bool_or(starts_with(lower(c.object), 'msexchangeis')) AS store,
        bool_or(starts_with(lower(c.object), 'msexchange')) AS exchange
    FROM counter AS c
    GROUP BY c.host
),

seen AS (  -- what points to IMAP4, to a store, to Exchange at all
    SELECT host, true AS exchange, provider = 'imap4svc' AS imap4, starts_with(provider, 'msexchangeis') AS store, mounts > 0 AS mounts,
        'events of ' || provider AS known_by, ts, source_id, record
    FROM provider
    UNION ALL
    SELECT host, exchange, imap4, store, store, 'list of services', ts, source_id, record FROM listed WHERE exchange
    UNION ALL
    SELECT
        host, true, service = 'IMAP4Svc', false, false, 'System log, service ' || service, max(ts),
        min_by(source_id, (ts, source_id, record)), min_by(record, (ts, source_id, record))
    FROM service_event
    WHERE starts_with(service, 'MSExchange') OR service IN ('RESvc', 'IMAP4Svc')
    GROUP BY host, service
    UNION ALL
    SELECT host, true, imap4, store, false, 'performance counters', CAST(NULL AS TIMESTAMP), CAST(NULL AS INTEGER), CAST(NULL AS UBIGINT)
    FROM counted
    WHERE exchange
    UNION ALL
    SELECT host, true, false, false, false, 'log of format ' || format, last_ts, source_id, CAST(1 AS UBIGINT)
    FROM source
    WHERE rows > 0 AND (format IN ('tracking_5x', 'tracking_2003', 'tracking_2007', 'tracking_export', 'ims_log', 'imap_pop', 'http_proxy', 'connectivity', 'smtp_protocol', 'exchange_log', 'queue_export'))
    UNION ALL
    SELECT host, true, false, false, false, 'file ' || name, ts, source_id, record
    FROM file
    WHERE name IN ('exmime.dll', 'drviis.dll', 'imap4fe.dll', 'store.exe', 'emsmta.exe', 'mad.exe')
),

role AS (  -- a front end speaks IMAP4 and has no store; seen only where the Application log is there
    SELECT
        host,
        bool_or(imap4) AS imap4, bool_or(store) AS store, bool_or(mounts) AS mounts,
        bool_or(starts_with(known_by, 'events of ') OR known_by = 'list of services') AS told,
        min(source_id) AS source_id,
        min_by(record, (source_id, record)) AS record
    FROM seen
    GROUP BY host
),

every AS (
    SELECT
        host, 'os' AS fact,
        CASE
            WHEN number IN ('4.0', '4.00') THEN 'NT 4'
            WHEN number IN ('5.0', '5.00') THEN '2000'
            WHEN number IN ('5.2', '5.02') THEN '2003'
            WHEN regexp_matches(number, '^(6|10)[.]') THEN 'later'
        END AS value,
        known_by, 5 AS weight, ts, source_id, record
    FROM windows
    UNION ALL
    SELECT
        host, 'os_sp',
        CASE WHEN pack = '' THEN 'RTM' ELSE 'SP' || regexp_extract(pack, '([0-9]+)', 1) END,
        known_by, 5, ts, source_id, record
    FROM windows
    UNION ALL
    SELECT
        host, 'os',
        CASE WHEN major = 6 AND build = 3790 THEN '2003' WHEN major = 5 AND build = 2195 THEN '2000' WHEN major >= 7 THEN 'later' END,
        known_by, 4, ts, source_id, record
    FROM numbered
    UNION ALL
    SELECT
        host, 'os_sp',
        CASE WHEN private < 1830 THEN 'RTM' WHEN private < 3959 THEN 'SP1' ELSE 'SP2' END,
        known_by, 4, ts, source_id, record
    FROM numbered
    WHERE major = 6 AND build = 3790
    UNION ALL
    SELECT
        host, 'os',
        CASE
            WHEN generation = 'Microsoft Internet Information Services 6.0' THEN '2003'
            WHEN generation = 'Microsoft Internet Information Services 5.0' THEN '2000'
            WHEN regexp_matches(generation, '^Microsoft Internet Information Services ([7-9]|10)') THEN 'later'
            WHEN format = 'evtx' THEN 'later'
            WHEN format = 'nt4_perfmon' THEN 'NT 4'
        END,
        CASE WHEN format IN ('evtx', 'nt4_perfmon') THEN 'format of ' || format ELSE 'header of the SMTP log' END,
        2, last_ts, source_id, CAST(1 AS UBIGINT)
    FROM source
    WHERE rows > 0
    UNION ALL
    SELECT host, 'os', '2003', 'version of aqueue.dll', 3, ts, source_id, record
    FROM file
    WHERE name = 'aqueue.dll' AND major = 6 AND minor = 0 AND build = 3790
    UNION ALL
    SELECT
        host, 'exchange',
        CASE number WHEN '4.0' THEN '4.0' WHEN '5.0' THEN '5.0' WHEN '5.5' THEN '5.5' WHEN '6.0' THEN '2000' WHEN '6.5' THEN '2003'
            ELSE CASE WHEN regexp_matches(number, '^(8|14|15)[.]') THEN 'later' END END,
        known_by, weight, ts, source_id, record
    FROM exchange_number
    UNION ALL
    SELECT
        host, 'exchange_sp',
        CASE
            WHEN number = '5.0' THEN CASE WHEN build >= 1460 THEN 'SP2' WHEN build = 1458 OR build = 1459 THEN 'SP1' WHEN build >= 1457 THEN 'RTM' END
            WHEN number = '6.5' THEN CASE WHEN build >= 7638 THEN 'SP2' WHEN build >= 7226 THEN 'SP1' WHEN build >= 6944 THEN 'RTM' END
        END,
        known_by, weight, ts, source_id, record
    FROM exchange_number
    UNION ALL
    SELECT
        host, 'exchange',
        CASE number WHEN '4.0' THEN '4.0' WHEN '5.0' THEN '5.0' WHEN '5.5' THEN '5.5' WHEN '6.0' THEN '2000' WHEN '6.5' THEN '2003' END,
        known_by, 2, ts, source_id, record
    FROM engine
    UNION ALL
    SELECT
        n.host, 'exchange', CASE n.provider WHEN 'ese97' THEN '5.5' WHEN 'ese98' THEN '2000' WHEN 'edb' THEN CASE WHEN f.host IS NOT NULL THEN '5.0' END END,
        'events of ' || upper(n.provider), 1, n.ts, n.source_id, n.record
    FROM engine_name AS n
    LEFT JOIN since_5 AS f ON f.host = n.host
    UNION ALL
    SELECT host, 'exchange', value, known_by, 3, ts, source_id, CAST(1 AS UBIGINT) FROM kind_of_exchange
    UNION ALL
    -- Exchange that runs on Server 2003's SMTP service and writes that tracking is no other
    SELECT n.host, 'exchange', '2003', n.known_by, 1, n.ts, n.source_id, n.record
    FROM numbered AS n
    WHERE n.known_by = 'service-Version in tracking' AND n.major = 6 AND n.build = 3790
    UNION ALL
    SELECT host, 'has_exchange', 'yes', known_by, 5, ts, source_id, record FROM seen
    UNION ALL
    SELECT host, 'has_exchange', 'no', 'list of services', 2, ts, source_id, record FROM listed, known_limit WHERE services >= services_listed AND NOT exchange
    UNION ALL
    SELECT host, 'has_exchange', 'no', 'System log over a boot', 1, ts, source_id, record FROM started, known_limit WHERE boot AND services >= services_started AND NOT exchange
    UNION ALL
    SELECT
        host, 'role', CASE WHEN mounts THEN 'back-end' WHEN imap4 AND NOT store THEN 'front-end' WHEN store THEN 'back-end' END,
        CASE WHEN mounts OR store THEN 'a mailbox store' ELSE 'IMAP4 without any sign of a store' END,
        1, CAST(NULL AS TIMESTAMP), source_id, record
    FROM role
    WHERE told
    UNION ALL
    SELECT host, 'smtp_service', version, known_by, 3, ts, source_id, record FROM numbered
    UNION ALL
    SELECT host, 'file:' || name, major || '.' || minor || '.' || build || '.' || private, 'file inventory', weight, ts, source_id, record
    FROM file
    WHERE name IN ('aqueue.dll', 'exmime.dll', 'imap4fe.dll', 'smtpsvc.dll', 'store.exe', 'emsmta.exe')
    UNION ALL
    SELECT coalesce(f.host, s.host), 'hotfix:' || upper(f.subject), 'installed', 'hotfix list', 3, f.ts, f.source_id, f.record
    FROM host_fact AS f
    JOIN source AS s ON s.source_id = f.source_id
    WHERE f.kind = 'hotfix' AND upper(f.subject) IN ('KB910932', 'KB934709', 'KB941060', 'KB944903')
    UNION ALL
    SELECT host, 'hotfix:' || hotfix, 'installed', 'folder to uninstall it', 2, ts, source_id, record
    FROM uninstall
    WHERE hotfix IN ('KB910932', 'KB934709', 'KB941060', 'KB944903')
    UNION ALL
    SELECT
        coalesce(r.host, s.host), 'reg:zombiedomainentrythreshold', CAST(r.number AS VARCHAR), 'registry export',
        CASE WHEN r.control_set IS NULL THEN 5 ELSE 4 END, r.ts, r.source_id, r.record
    FROM registry_value AS r
    JOIN source AS s ON s.source_id = r.source_id
    WHERE r.name_folded = 'zombiedomainentrythreshold' AND ends_with(r.key_folded, '\services\smtpsvc\queuing')
      AND NOT r.deleted AND r.number IS NOT NULL
    UNION ALL
    SELECT coalesce(r.host, s.host), 'reg:smtpsvc', 'exported', 'registry export', 3, max(r.ts), r.source_id, min(r.record)
    FROM registry_value AS r
    JOIN source AS s ON s.source_id = r.source_id
    WHERE regexp_matches(r.key_folded, '\\services\\smtpsvc(\\queuing)?$') AND NOT r.deleted
    GROUP BY coalesce(r.host, s.host), r.source_id
),

dated AS (
    SELECT
        e.*,
        CASE
            WHEN e.ts IS NULL OR e.fact LIKE 'hotfix:%' THEN e.ts
            WHEN s.first_ts < e.ts THEN s.first_ts
            ELSE e.ts
        END AS since,
        row_number() OVER (
            PARTITION BY e.host, e.fact, e.value, e.known_by, e.weight ORDER BY e.ts DESC NULLS LAST, e.source_id, e.record
        ) AS turn
    FROM every AS e
    LEFT JOIN source AS s ON s.source_id = e.source_id
    WHERE e.host IS NOT NULL AND e.value IS NOT NULL AND e.value <> ''
)

SELECT
    host, fact, value, known_by, weight,
    min(since) AS since,
    max(ts) AS ts,
    max(source_id) FILTER (WHERE turn = 1) AS source_id,
    max(record) FILTER (WHERE turn = 1) AS record
FROM dated
GROUP BY host, fact, value, known_by, weight;

-- What runs on each host by the best of that evidence. One row: one host and fact.
-- since: the first time it was so, where evidence as good tells.
-- others: what else is told for the same fact by evidence as good, where that differs.
CREATE OR REPLACE TABLE product_fact AS
WITH ranked AS (  -- the best evidence first; of equals what was true last
    SELECT
        *,
        max(weight) OVER (PARTITION BY host, fact) AS best,
        row_number() OVER (
            PARTITION BY host, fact ORDER BY weight DESC, ts DESC NULLS LAST, value, source_id, record
        ) AS choice
    FROM product_evidence
)

SELECT
    host, fact,
    max(value) FILTER (WHERE choice = 1) AS value,
    max(known_by) FILTER (WHERE choice = 1) AS known_by,
    min(since) FILTER (WHERE weight = best AND value = first_value) AS since,
    coalesce(list_sort(list(DISTINCT value) FILTER (WHERE weight = best AND value <> first_value)), CAST([] AS VARCHAR[])) AS others,
    max(source_id) FILTER (WHERE choice = 1) AS source_id,
    max(record) FILTER (WHERE choice = 1) AS record
FROM (SELECT *, first_value(value) OVER (PARTITION BY host, fact ORDER BY choice) AS first_value FROM ranked)
GROUP BY host, fact;
