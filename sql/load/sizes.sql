-- Lengths of loaded sources shorter than a file: one of them may be its beginning. Parameter $size.
SELECT DISTINCT bytes
FROM source
WHERE bytes < $size AND bytes > 0 AND status IN ('loaded', 'partial')
