/*
title = "What the waiting of one incident's messages was made of"
grain = "One row: one cause."
columns = ["cause", "messages", "hours", "longest_h", "text"]
empty = "No message of this incident waited, or there is no incident of this id."

[params.incident]
required = true
text = "the whole id of an incident, see the query incidents"
*/
-- What the waiting of one incident's messages was made of. Parameter $incident. One row: one cause.
SELECT
    w.cause,
    count(DISTINCT w.message) AS messages,
    round(sum(lp_hours(w.from_ts, w.until_ts)), 1) AS hours,
    round(max(lp_hours(w.from_ts, w.until_ts)), 1) AS longest_h,
    min_by(w.text, (w.from_ts, w.message, w.recipient)) AS text
FROM wait_stretch AS w
JOIN (
    SELECT DISTINCT f.host, f.message
    FROM finding AS f
    JOIN incident AS i
        ON i.rule = f.rule AND i.host IS NOT DISTINCT FROM f.host AND i.incident_key = f.incident_key
    WHERE i.incident_id = $incident AND f.message IS NOT NULL
) AS m ON m.host = w.host AND m.message = w.message
GROUP BY w.cause
ORDER BY hours DESC, w.cause
