-- Files that are not covered, or not all, for logpipe coverage.
SELECT state, path, note
FROM uncovered
ORDER BY state, path, source_id
