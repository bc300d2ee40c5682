-- A source whose records turned out to be another's. Parameters $source_id, $path (of the other).
UPDATE source
SET rows = 0, recovered = 0, rejects = 0, duplicates = records, status = 'duplicate',
    note = 'the same bytes as ' || $path
WHERE source_id = $source_id
