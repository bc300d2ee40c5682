/*
title = "Events behind the findings of an incident, in their own words"
grain = "One row: one event."
columns = ["words", "source", "record"]
empty = "No event of a Windows event log stands behind this incident, or there is no incident of this id."

[params.incident]
text = "the whole id of an incident, see the query incidents; without it all incidents above info"
*/
-- Events behind the findings of one incident, or of all above info, in their own words: event logs have no
-- lines to quote. Parameter $incident.
SELECT DISTINCT
    s.path AS source, e.record,
    coalesce(e.provider, 'unknown provider') || ' ' || coalesce(CAST(e.event_id AS VARCHAR), '?') || ': '
        || left(coalesce(array_to_string(e.strings, ' | '), ''), 400) AS words
FROM finding AS f
JOIN incident AS i
    ON i.rule = f.rule AND i.host IS NOT DISTINCT FROM f.host AND i.incident_key = f.incident_key
JOIN source AS s ON s.source_id = f.source_id
JOIN windows_event AS e ON e.source_id = f.source_id AND e.record = f.record
WHERE i.incident_id = $incident OR (CAST($incident AS VARCHAR) IS NULL AND i.severity <> 'info')
ORDER BY source, e.record, words
