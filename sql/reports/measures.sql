-- Measures of every incident.
SELECT incident_id, measure, value
FROM incident_measure
ORDER BY incident_id, measure
