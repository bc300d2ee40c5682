/*
title = "Hours that logs cover, gaps, and files that are not covered"
grain = "One row: one hour of one log, one gap, or one file."
columns = ["host", "log", "what", "from_ts", "until_ts", "rows", "text"]
empty = "No log with dated rows."
*/
-- Hours that logs cover, gaps, and files that are not covered, in one shape: for logpipe coverage in its
-- machine formats.
SELECT host, log, 'rows' AS what, hour AS from_ts, hour + INTERVAL 1 HOUR AS until_ts, rows, NULL AS text, NULL AS weakens
FROM coverage
UNION ALL
SELECT host, log, reason, from_ts, until_ts, missing, what, weakens
FROM log_gap
UNION ALL
SELECT host, log, state, first_ts, last_ts, rows, concat_ws(': ', path, note), NULL
FROM uncovered
ORDER BY host, log, what, from_ts, until_ts, text
