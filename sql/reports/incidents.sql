/*
title = "Every incident, the gravest first"
grain = "One row: one incident."
columns = ["severity", "incident_id", "host", "started_at", "ended_at", "messages", "title"]
empty = "No incident: run 'logpipe detect' or 'logpipe analyze' first, or nothing was found."
*/
-- Every incident, the gravest first, with its rule's words.
SELECT
    i.incident_id, i.rule, i.host, i.service, i.severity, i.started_at, i.ended_at,
    i.messages, i.findings, i.incident_key, r.title, r.summary, r.why, r.todo, r.reference
FROM incident AS i
JOIN rule AS r ON r.rule = i.rule
ORDER BY
    list_position(['critical', 'high', 'medium', 'low', 'info'], i.severity),
    coalesce(i.messages, 0) DESC, i.started_at, i.incident_id
