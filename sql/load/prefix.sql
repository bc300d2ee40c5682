-- The loaded source with these bytes, and its last refused line. Parameters $sha256, $bytes, $format.
SELECT
    s.path,
    s.records,
    (SELECT max(r.record) FROM reject AS r WHERE r.source_id = s.source_id) AS last_refused
FROM source AS s
WHERE s.sha256 = $sha256 AND s.bytes = $bytes AND s.format = $format
  AND s.status IN ('loaded', 'partial')
ORDER BY s.source_id
LIMIT 1
