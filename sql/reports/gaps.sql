/*
title = "What is missing in the logs"
grain = "One row: one gap."
columns = ["host", "log", "reason", "from_ts", "until_ts", "missing", "what", "weakens"]
empty = "No gap is known."
*/
-- What is missing, for logpipe coverage.
SELECT host, log, reason, from_ts, until_ts, missing, what, weakens, sure
FROM log_gap
WHERE from_ts IS NOT NULL AND until_ts IS NOT NULL
ORDER BY host, log, reason, from_ts, until_ts, what
