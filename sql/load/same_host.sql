-- Copies of an inventory that turned out to be of one host: the later ones, whose records are known.
-- Parameter $inventory (formats of such tables). One row: one later copy with its format.
SELECT later.source_id, later.format, min(first.path) AS path
FROM source AS later
JOIN source AS first
    ON first.sha256 = later.sha256 AND first.host IS NOT DISTINCT FROM later.host
   AND first.source_id < later.source_id
WHERE list_contains($inventory, later.format)
  AND first.status IN ('loaded', 'partial') AND later.status IN ('loaded', 'partial')
GROUP BY later.source_id, later.format
ORDER BY later.source_id
