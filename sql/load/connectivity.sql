-- Connectivity lines into connection_event. Grain: one data line. Relations: line(record, text),
-- segment(first_line, last_line, fields, rest, half, mark, p_<column>: where it stands).
WITH cell AS (
    SELECT l.record, l.text, s.*, lp_fields(l.text) AS f
    FROM line AS l
    JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#') AND NOT starts_with(l.text, s.mark)
),

named AS (
    SELECT
        record, text, fields, f, rest, half,
        try_cast(f[p_ts] AS TIMESTAMP) AS ts,
        nullif(f[p_session], '') AS session,
        nullif(f[p_component], '') AS component,
        nullif(f[p_destination], '') AS destination,
        f[p_direction] AS direction,
        nullif(f[p_description], '') AS description,
        -- Messages: 0 Bytes: 0 (Retry : Service not active)
        regexp_extract(
            f[p_description],
            '^(?:Messages|RegularSubmissions): ([0-9]+)(?:.*? Bytes: ([0-9]+))?(?:[^(]*[(](.*)[)])?',
            ['messages', 'bytes', 'reason']
        ) AS told
    FROM cell
)

SELECT
    record,
    ts,
    session,
    component,
    destination,
    direction,
    description,
    try_cast(regexp_extract(description, ';QueueLength=(?:TQ=)?([0-9]+)', 1) AS BIGINT) AS queued,
    try_cast(told.messages AS BIGINT) AS messages,
    try_cast(told.bytes AS BIGINT) AS bytes,
    CASE
        WHEN told.messages <> '' THEN nullif(told.reason, '')
        WHEN regexp_matches(
            description,
            '(?i)^(?:the name|throttled|aborted|dns server returned)|\b(?:fail(?:ed|ure)?|error|timed ?out|unreachable|refused)\b'
        )
        THEN description
    END AS reason,
    lp_named(fields, f, rest) AS extra,
    coalesce(
        lp_fault(text, record, half, f, fields),
        CASE
            WHEN NOT lp_dated(ts) THEN 'no readable date and time'
            WHEN direction IS NULL THEN 'cut short: ' || len(f) || ' of ' || len(fields) || ' fields'
        END
    ) AS reject,
    lp_excerpt(text) AS excerpt
FROM named
