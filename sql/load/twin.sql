-- Sources with the same bytes whose records are in the store. An inventory that names no host may be the
-- same on two of them: which host it is of shows only beside the other logs (settle, load/same_host).
-- Parameters $sha256, $path, $inventory (formats of such tables).
SELECT *
FROM source
WHERE sha256 = $sha256 AND status IN ('loaded', 'partial', 'duplicate')
  AND (
      path = $path OR NOT list_contains($inventory, format)
      OR (host IS NOT NULL AND host_known_by <> 'neighbours')
  )
ORDER BY path <> $path, source_id
LIMIT 1
