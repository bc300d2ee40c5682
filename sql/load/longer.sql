-- Loaded sources of one format and host that begin with a file and outlast it: it may be an older
-- copy of one of them. Parameters $source_id, $format, $host, $first_ts, $last_ts.
SELECT source_id, path
FROM source
WHERE source_id <> $source_id AND format = $format AND status IN ('loaded', 'partial')
  AND first_ts = $first_ts AND last_ts >= $last_ts AND host IS NOT DISTINCT FROM $host
-- more of one host that begin in the same second are no copies of one log
ORDER BY source_id
LIMIT 20
