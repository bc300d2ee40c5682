-- Whether sources of some formats have times within the span of a file, so that they may hold events
-- of it. A file without any believable time is compared with all. Parameters $source_id, $formats,
-- $first_ts, $last_ts.
SELECT 1
FROM source
WHERE source_id <> $source_id
  AND list_contains($formats, format)
  AND rows + recovered > 0
  AND (
      first_ts IS NULL
      OR CAST($first_ts AS TIMESTAMP) IS NULL
      OR (first_ts <= CAST($last_ts AS TIMESTAMP) AND last_ts >= CAST($first_ts AS TIMESTAMP))
  )
LIMIT 1
