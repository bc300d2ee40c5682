-- Every file ever offered, with its books, by path.
SELECT
    path, format, host, records, rows, duplicates, rejects, status,
    generation, generation_known_by, host_known_by, zone, zone_known_by, first_ts, last_ts, bytes, recovered, note
FROM source
ORDER BY path, source_id
