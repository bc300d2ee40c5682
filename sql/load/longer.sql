-- Loaded sources of one format that cover the time of a file: it may be an older copy of one of
-- them. Parameters $source_id, $format, $first_ts, $last_ts.
SELECT source_id, path
FROM source
WHERE source_id <> $source_id AND format = $format AND status IN ('loaded', 'partial')
  AND first_ts <= $first_ts AND last_ts >= $last_ts
ORDER BY source_id
