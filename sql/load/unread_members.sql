-- Members of an archive that could not be read by the logpipe of that time, where another one runs
-- now. Parameters $source_id, $prefix (the archive's path and !), $version.
SELECT m.source_id
FROM source AS a
JOIN run AS r ON r.run_id = a.run_id AND r.version <> $version
JOIN source AS m ON starts_with(m.path, $prefix) AND m.status IN ('unknown', 'failed')
WHERE a.source_id = $source_id
LIMIT 1
