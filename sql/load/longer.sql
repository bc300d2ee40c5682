-- Loaded sources of one format and host that begin with a file and outlast it: it may be an older
-- copy of one of them. Local times may have been set right in one and not yet in the other. Parameters
-- $source_id, $format, $host, $first_ts, $last_ts, $loose.
SELECT source_id, path
FROM source
WHERE source_id <> $source_id AND format = $format AND status IN ('loaded', 'partial')
  AND (
      (first_ts = $first_ts AND last_ts >= $last_ts)
      OR (zone IS DISTINCT FROM 'UTC' AND first_ts BETWEEN CAST($first_ts AS TIMESTAMP) - INTERVAL 15 HOUR AND CAST($first_ts AS TIMESTAMP) + INTERVAL 15 HOUR)
  )
  -- the host of a mailbox is that of most of its mails, and may be another in a part of them
  AND (host IS NOT DISTINCT FROM $host OR host_known_by = 'neighbours' OR $loose)
-- more of one host that begin in the same second are no copies of one log
ORDER BY first_ts = $first_ts DESC, source_id
LIMIT 20
