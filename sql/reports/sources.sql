-- Every file ever offered, with its books, by path.
-- Local times without a known zone are said to be so, since all times here are told as UTC.
SELECT
    path, format, host, records, rows, duplicates, rejects, status,
    generation, generation_known_by, host_known_by, zone, zone_known_by, first_ts, last_ts, bytes, recovered,
    nullif(concat_ws(
        '; ',
        CASE WHEN zone IS NULL AND first_ts IS NOT NULL AND format IS NOT NULL THEN 'local times, zone unknown: give --tz ' || coalesce(host, '*') || '=ZONE' END,
        CASE WHEN zone_known_by = 'guess' THEN 'the zone is a guess: that of all hosts whose zone is known' END,
        note
    ), '') AS note
FROM source
ORDER BY path, source_id
