-- Loaded sources of one format and host of which a file may be an older copy (longer: their span holds
-- its span), or which may be older copies of it (older: their span lies within). Local times may have
-- been set right in one and not yet in the other. Grain: one source. Parameters $source_id, $format,
-- $host, $first_ts, $last_ts, $loose.
WITH near AS (
    SELECT
        source_id, path, first_ts, last_ts,
        CASE WHEN zone IS DISTINCT FROM 'UTC' THEN INTERVAL 15 HOUR ELSE INTERVAL 0 HOUR END AS slack
    FROM source
    WHERE source_id <> $source_id AND format = $format AND status IN ('loaded', 'partial') AND rows > 0
      -- the host of a mailbox is that of most of its mails, and may be another in a part of them
      AND (host IS NOT DISTINCT FROM $host OR host_known_by = 'neighbours' OR $loose)
),

compared AS (
    SELECT
        source_id, path, first_ts,
        first_ts <= CAST($first_ts AS TIMESTAMP) + slack AND last_ts >= CAST($last_ts AS TIMESTAMP) - slack AS longer,
        first_ts >= CAST($first_ts AS TIMESTAMP) - slack AND last_ts <= CAST($last_ts AS TIMESTAMP) + slack AS older
    FROM near
)

SELECT source_id, path, longer, older
FROM compared
WHERE longer OR older
-- a copy begins with the same record: others come last, and are many only where hosts write many logs
ORDER BY first_ts = CAST($first_ts AS TIMESTAMP) DESC, source_id
LIMIT 400
