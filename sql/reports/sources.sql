/*
title = "Every file ever offered, with its books"
grain = "One row: one file."
columns = ["path", "format", "host", "status", "records", "rows", "duplicates", "rejects", "note", "first_ts", "last_ts"]
empty = "No file: run 'logpipe ingest' first."
*/
-- Every file ever offered, with its books, by path, and the commonest reasons of what was refused.
-- Local times without a known zone are said to be so, since all times here are told as UTC.
WITH reason AS (  -- one row: one reason of one file
    SELECT
        source_id, reason,
        count(DISTINCT record) AS records,
        min(record) AS first_record,
        row_number() OVER (
            PARTITION BY source_id ORDER BY count(DISTINCT record) DESC, min(record), reason
        ) AS place
    FROM reject
    GROUP BY source_id, reason
),

refused AS (  -- one row: one file
    SELECT
        source_id,
        'rejects: ' || array_to_string(list(
            reason || ' (' || records || CASE WHEN records = 1 THEN ', record ' ELSE ', first record ' END
                || first_record || ')'
            ORDER BY place
        ) FILTER (WHERE place <= 3), ', ')
        || CASE WHEN max(place) > 3 THEN ', and ' || (max(place) - 3) || ' more reasons in table reject' ELSE '' END AS reasons
    FROM reason
    GROUP BY source_id
)

SELECT
    s.path, s.format, s.host, s.records, s.rows, s.duplicates, s.rejects, s.status,
    s.generation, s.generation_known_by, s.host_known_by, s.zone, s.zone_known_by,
    s.first_ts, s.last_ts, s.bytes, s.recovered,
    nullif(concat_ws(
        '; ',
        CASE WHEN s.zone IS NULL AND s.first_ts IS NOT NULL AND s.format IS NOT NULL THEN 'local times, zone unknown: give --tz "' || CASE WHEN regexp_matches(s.host, '^[A-Za-z0-9._-]+$') THEN s.host ELSE '*' END || '=Europe/Berlin", or which it is' END,
        CASE WHEN s.zone_known_by = 'guess' THEN 'the zone is a guess: that of all hosts whose zone is known' END,
        CASE WHEN s.rejects > 0 THEN r.reasons END,
        s.note
    ), '') AS note
FROM source AS s
LEFT JOIN refused AS r ON r.source_id = s.source_id
ORDER BY s.path, s.source_id
