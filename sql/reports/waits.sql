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
-- A stretch counts where a finding names its recipient or the recipient's domain is what the finding is about; of a
-- message whose findings name none of its recipients, every stretch does.
WITH told AS (
    SELECT DISTINCT f.host, f.message, lower(f.text) AS text, lower(f.service) AS service
    FROM finding AS f
    JOIN incident AS i
        ON i.rule = f.rule AND i.host IS NOT DISTINCT FROM f.host AND i.incident_key = f.incident_key
    WHERE i.incident_id = $incident AND f.message IS NOT NULL
),

life AS (
    SELECT
        m.host, m.log, m.message, m.recipient,
        coalesce(bool_or(contains(t.text, lower(m.recipient)) OR t.service = m.domain), false) AS named
    FROM told AS t
    JOIN message AS m ON m.host = t.host AND m.message = t.message
    GROUP BY m.host, m.log, m.message, m.recipient
),

meant AS (
    SELECT *, bool_or(named) OVER (PARTITION BY host, message) AS any_named
    FROM life
)

SELECT
    w.cause,
    count(DISTINCT w.message) AS messages,
    round(sum(lp_hours(w.from_ts, w.until_ts)), 1) AS hours,
    round(max(lp_hours(w.from_ts, w.until_ts)), 1) AS longest_h,
    min_by(w.text, (w.from_ts, w.message, w.recipient)) AS text
FROM wait_stretch AS w
JOIN meant AS m
    ON m.host = w.host AND m.log = w.log AND m.message = w.message
   AND m.recipient IS NOT DISTINCT FROM w.recipient
WHERE m.named OR NOT m.any_named
GROUP BY w.cause
ORDER BY hours DESC, w.cause
