-- Exchange CSV lines into log_row. Grain: one data line. Relations: line(record, text),
-- segment(first_line, last_line, fields, rest, half, mark, log_type, p_ts, p_host).
WITH cell AS (
    SELECT l.record, l.text, s.*, lp_fields(l.text) AS f
    FROM line AS l
    JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#') AND NOT starts_with(l.text, s.mark)
),

dated AS (
    SELECT
        *,
        try_cast(f[p_ts] AS TIMESTAMP) - CASE  -- a cast reads over an offset
            WHEN regexp_matches(f[p_ts], '[0-9][+-][0-9]{2}:[0-9]{2}$')
            THEN to_minutes(
                CASE WHEN left(right(f[p_ts], 6), 1) = '-' THEN -1 ELSE 1 END
                * (CAST(left(right(f[p_ts], 5), 2) AS INTEGER) * 60 + CAST(right(f[p_ts], 2) AS INTEGER))
            )
            ELSE to_minutes(0)
        END AS told
    FROM cell
)

SELECT
    record,
    CASE WHEN lp_dated(told) THEN told END AS ts,
    lp_host(f[p_host]) AS host,
    nullif(log_type, '') AS log_type,
    lp_named(
        fields, f,
        -- times that became a column, and hosts, are not told twice; what no column took is kept
        list_filter(range(1, len(fields) + 1), LAMBDA i: NOT coalesce(i = p_ts AND lp_dated(told), false))
    ) AS data,
    coalesce(
        lp_fault(text, record, half, f, fields),
        -- a line of another width without a time is no row of this log
        CASE WHEN NOT lp_dated(told) AND len(f) <> len(fields) THEN 'no readable date and time' END
    ) AS reject,
    lp_excerpt(text) AS excerpt
FROM dated
