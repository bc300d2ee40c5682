-- Sources whose times are local and were not told by the file itself. Parameter $final: the ways in
-- which a file tells its zone.
SELECT source_id, format, host, zone, zone_known_by
FROM source
WHERE format IS NOT NULL AND rows > 0
  AND (zone_known_by IS NULL OR NOT list_contains($final, zone_known_by))
ORDER BY source_id
