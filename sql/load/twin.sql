-- Sources with the same bytes whose records are in the store. Parameters $sha256, $path.
SELECT *
FROM source
WHERE sha256 = $sha256 AND status IN ('loaded', 'partial', 'duplicate')
ORDER BY path <> $path, source_id
LIMIT 1
