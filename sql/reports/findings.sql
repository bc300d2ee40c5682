/*
title = "Every finding of every incident, with its place"
grain = "One row: one finding."
columns = ["ts", "host", "role", "text", "source", "record", "incident_id"]
empty = "No finding: run 'logpipe detect' or 'logpipe analyze' first, or nothing was found."
*/
-- Every finding with its incident and its place, in time order.
SELECT
    i.incident_id, f.ts, f.ts_end, f.role, f.host, f.text, f.missing, s.path AS source, f.record
FROM finding AS f
JOIN incident AS i
    ON i.rule = f.rule AND i.host IS NOT DISTINCT FROM f.host AND i.incident_key = f.incident_key
LEFT JOIN source AS s ON s.source_id = f.source_id
ORDER BY i.incident_id, f.ts, f.role, f.text, s.path, f.record
