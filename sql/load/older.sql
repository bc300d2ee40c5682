-- Loaded sources of one format and host whose span lies within that of a file: they may be older copies
-- of it, in another encoding, with other line ends, or of records that span lines. Parameters
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
WHERE first_ts >= CAST($first_ts AS TIMESTAMP) - slack AND last_ts <= CAST($last_ts AS TIMESTAMP) + slack
  AND (host IS NOT DISTINCT FROM $host OR host_known_by = 'neighbours' OR $loose)
ORDER BY first_ts = CAST($first_ts AS TIMESTAMP) DESC, source_id
LIMIT 200
