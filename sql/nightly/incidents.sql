-- What one night told of its incidents: what needs attention first. Parameter $night_id.
SELECT *
FROM night_incident
WHERE night_id = $night_id
ORDER BY
    suppressed IS NOT NULL,
    list_position(['new', 'reopened', 'worse', 'continuing', 'better', 'gone'], state),
    list_position(['critical', 'high', 'medium', 'low', 'info'], severity),
    coalesce(messages, 0) DESC, started_at, known_as
