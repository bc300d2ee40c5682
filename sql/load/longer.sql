-- Loaded sources of one format and host whose span holds that of a file: it may be an older copy of
-- one of them. Local times may have been set right in one and not yet in the other. Parameters
-- $source_id, $format, $host, $first_ts, $last_ts, $loose.
WITH near AS (
    SELECT
        *,
        CASE WHEN zone IS DISTINCT FROM 'UTC' THEN INTERVAL 15 HOUR ELSE INTERVAL 0 HOUR END AS slack
    FROM source
    WHERE source_id <> $source_id AND format = $format AND status IN ('loaded', 'partial') AND rows > 0
)

SELECT source_id, path
FROM near
WHERE first_ts <= CAST($first_ts AS TIMESTAMP) + slack AND last_ts >= CAST($last_ts AS TIMESTAMP) - slack
  -- the host of a mailbox is that of most of its mails, and may be another in a part of them
  AND (host IS NOT DISTINCT FROM $host OR host_known_by = 'neighbours' OR $loose)
-- a copy begins with the same record: others come last, and are many only where hosts write many logs
ORDER BY first_ts = CAST($first_ts AS TIMESTAMP) DESC, source_id
LIMIT 200
