-- Loaded sources of one format that are shorter than a file, the longest first, with their last
-- refused line. Parameters $size, $format.
SELECT
    s.source_id, s.path, s.bytes, s.sha256, s.records,
    (SELECT max(r.record) FROM reject AS r WHERE r.source_id = s.source_id) AS last_refused
FROM source AS s
WHERE s.bytes < $size AND s.bytes > 0 AND s.format = $format AND s.status IN ('loaded', 'partial')
  -- one without rows of its own is itself an older copy: what it had stands in a longer one
  AND s.rows > 0
ORDER BY s.bytes DESC, s.source_id
