-- The books of a text export whose events a better source brought. Parameters $source_id, $count, $first_ts,
-- $last_ts.
UPDATE source
SET
    rows = rows - $count,
    duplicates = duplicates + $count,
    first_ts = CAST($first_ts AS TIMESTAMP),
    last_ts = CAST($last_ts AS TIMESTAMP),
    status = CASE WHEN rows = $count AND status = 'loaded' THEN 'duplicate' ELSE status END
WHERE source_id = $source_id
