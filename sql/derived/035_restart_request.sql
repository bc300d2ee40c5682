-- Who asked for a restart, and updates that were installed. One row: one request or installation.
-- kind: asked, or update (also a request whose reason or program is an installation: both rows).
-- service: the service asked for, host for Windows, IISADMIN for iisreset, which takes all of inetinfo.
-- Daily definitions of virus scanners are no updates here. Words are matched beside the reason code of
-- 1074, as they are localized: operating system with service pack, hotfix, security fix, or upgrade.
CREATE OR REPLACE TABLE restart_request AS
WITH spoken AS (
    SELECT
        coalesce(e.host, s.host) AS host, lower(e.provider) AS provider, e.event_id, e.ts, e.user_sid,
        e.strings, lower(array_to_string(e.strings, ' ')) AS words, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) = 'user32' AND e.event_id = 1074)
       OR (lower(e.provider) = 'iisctls' AND e.event_id BETWEEN 1 AND 4)
       OR (lower(e.provider) IN ('iis-iisreset', 'microsoft-windows-iis-iisreset') AND e.event_id BETWEEN 3201 AND 3206)
       OR (starts_with(lower(e.provider), 'service control manager') AND e.event_id = 7035)
       OR (lower(e.provider) IN ('windows update agent', 'microsoft-windows-windowsupdateclient') AND e.event_id IN (19, 22, 4377))
       OR (lower(e.provider) IN ('ntservicepack', 'windows update') AND e.event_id = 4377)
),

display_name AS (  -- each display name of a service, as the events that start and stop it have it
    SELECT DISTINCT host, display, service
    FROM service_event
    WHERE service <> 'host'
),

asked AS (
    SELECT
        k.host,
        CASE
            WHEN k.provider = 'user32' OR (k.provider = 'iisctls' AND k.event_id = 4) THEN 'host'
            WHEN k.event_id = 7035 THEN d.service
            ELSE 'IISADMIN'
        END AS service,
        k.ts,
        CASE
            WHEN k.provider = 'user32'
            THEN coalesce(k.strings[7], 'unknown') || ' with ' || coalesce(k.strings[1], 'an unknown program')
                || ', ' || coalesce(nullif(k.strings[3], ''), 'no reason given') || ' (USER32 1074)'
            WHEN k.event_id = 7035
            THEN coalesce(k.user_sid, 'unknown') || ', ' || coalesce(k.strings[2], '') || ' (Service Control Manager 7035)'
            WHEN k.provider = 'iisctls'
            THEN coalesce(nullif(k.strings[1], ''), k.user_sid, 'unknown') || ' with iisreset (IISCTLS ' || k.event_id || ')'
            ELSE coalesce(k.user_sid, nullif(k.strings[1], ''), 'unknown') || ' with iisreset (IIS-IISReset ' || k.event_id || ')'
        END AS text,
        k.source_id, k.record
    FROM spoken AS k
    LEFT JOIN display_name AS d ON k.event_id = 7035 AND d.host = k.host AND d.display = k.strings[1]
    WHERE k.provider IN ('user32', 'iisctls', 'iis-iisreset', 'microsoft-windows-iis-iisreset') OR d.service IS NOT NULL
),

updated AS (
    SELECT
        host, 'host' AS service, ts,
        CASE
            WHEN provider = 'user32' THEN 'restart for an installation (USER32 1074)'
            ELSE 'update installed: ' || coalesce(left(array_to_string(strings, ' '), 120), '') || ' (' || provider || ' ' || event_id || ')'
        END AS text,
        source_id, record
    FROM spoken
    WHERE (
        provider = 'user32' AND (
            regexp_matches(coalesce(lower(strings[4]), ''), '^0x[0-9a-f]{0,3}20*(0003|0010|0011|0012|0016|0017|0018)$')
            OR regexp_matches(words, 'hotfix|service pack|security fix|windows update|trustedinstaller|tiworker|wuauclt|usocore|update[.]exe')
        )
    ) OR (
        provider NOT IN ('user32', 'iisctls', 'iis-iisreset', 'microsoft-windows-iis-iisreset') AND event_id IN (19, 22, 4377)
        AND NOT regexp_matches(words, 'kb2267602|kb915597|kb2461484|definition update|security intelligence')
    )
)

SELECT DISTINCT host, service, 'asked' AS kind, ts, text, source_id, record
FROM asked
WHERE host IS NOT NULL
UNION ALL
SELECT DISTINCT host, service, 'update' AS kind, ts, text, source_id, record
FROM updated
WHERE host IS NOT NULL;
