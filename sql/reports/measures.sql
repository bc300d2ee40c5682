/*
title = "Measures of every incident"
grain = "One row: one measure of one incident."
columns = ["incident_id", "measure", "value"]
empty = "No incident: run 'logpipe detect' or 'logpipe analyze' first, or nothing was found."
*/
-- Measures of every incident.
SELECT incident_id, measure, value
FROM incident_measure
ORDER BY incident_id, measure
