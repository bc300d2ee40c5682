-- Findings that belong together. One row: one incident, with its window, severity and measures.
CREATE OR REPLACE VIEW incident AS
WITH graded AS (
    SELECT
        f.*,
        list_position(
            ['info', 'low', 'medium', 'high', 'critical'], coalesce(f.severity, r.severity)
        ) AS grade
    FROM finding AS f
    JOIN rule AS r ON r.rule = f.rule
),

bounded AS (
    SELECT
        rule, host, incident_key,
        -- context does not stretch the incident
        min(ts) FILTER (WHERE role <> 'context') AS started_at,
        max(coalesce(ts_end, ts)) FILTER (WHERE role <> 'context') AS last_at,
        coalesce(bool_or(ongoing), false) AS ongoing,
        min(service) AS service,
        max(grade) AS grade,
        count(DISTINCT message) AS messages,
        count(*) AS findings
    FROM graded
    GROUP BY rule, host, incident_key
)

SELECT
    rule || '-' || left(md5(rule || '|' || coalesce(host, '') || '|' || incident_key), 10) AS incident_id,
    rule,
    host,
    incident_key,
    service,
    (['info', 'low', 'medium', 'high', 'critical'])[grade] AS severity,
    started_at,
    CASE WHEN ongoing THEN NULL ELSE last_at END AS ended_at,
    messages,
    findings
FROM bounded;

-- Measures of incidents. One row: one measure of one incident, the largest of its findings.
CREATE OR REPLACE VIEW incident_measure AS
SELECT
    i.incident_id,
    f.measure,
    max(f.value) AS value
FROM incident AS i
JOIN finding AS f
    ON f.rule = i.rule AND f.host IS NOT DISTINCT FROM i.host AND f.incident_key = i.incident_key
WHERE f.measure IS NOT NULL AND isfinite(f.value)
GROUP BY i.incident_id, f.measure
UNION ALL
SELECT incident_id, 'messages' AS measure, messages AS value
FROM incident
WHERE messages > 0;
