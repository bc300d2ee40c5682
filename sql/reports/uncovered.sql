/*
title = "Files that are not covered, or not all"
grain = "One row: one file."
columns = ["state", "path", "note"]
empty = "No such file."
*/
-- Files that are not covered, or not all, for logpipe coverage.
SELECT state, path, note
FROM uncovered
ORDER BY state, path, source_id
