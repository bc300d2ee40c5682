-- Zones that logs tell of hosts. Grain: one host and text, the surest first. Rank 1 registry, 2 event
-- 6013, 3 counter log.
WITH registry AS (
    SELECT
        coalesce(r.host, s.host) AS host,
        max(r.value) FILTER (WHERE r.name_folded = 'timezonekeyname') AS key_name,
        max(r.value) FILTER (WHERE r.name_folded = 'standardname') AS standard_name,
        max(r.number) FILTER (WHERE r.name_folded = 'bias') AS bias
    FROM registry_value AS r
    JOIN source AS s ON s.source_id = r.source_id
    WHERE ends_with(r.key_folded, '\control\timezoneinformation') AND NOT r.deleted
    GROUP BY ALL
),

uptime AS (  -- 5: seconds, 6: 60, 7: -60 W. Europe Standard Time
    SELECT coalesce(e.host, s.host) AS host, e.strings[7] AS told, count(*) AS times
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.event_id = 6013 AND lower(e.provider) = 'eventlog' AND e.strings[7] <> ''
    GROUP BY ALL
)

SELECT
    host,
    CASE
        WHEN bias IS NULL THEN coalesce(key_name, standard_name)
        ELSE concat_ws(' ', CAST(bias AS BIGINT), coalesce(key_name, standard_name))
    END AS told,
    'registry' AS known_by, 1 AS rank, 1 AS times
FROM registry
WHERE host IS NOT NULL AND (bias IS NOT NULL OR key_name IS NOT NULL OR standard_name IS NOT NULL)
UNION ALL
SELECT host, told, 'event 6013', 2, times
FROM uptime
WHERE host IS NOT NULL
UNION ALL
SELECT host, zone, 'counter log', 3, count(*)
FROM source
WHERE format = 'pdh_csv' AND zone_known_by = 'header' AND host IS NOT NULL AND zone IS NOT NULL
GROUP BY host, zone
ORDER BY host, rank, times DESC, told
