-- HttpProxy lines into client_event. Grain: one data line, which is one request. Relations:
-- line(record, text), segment(first_line, last_line, fields, rest, half, mark, p_<column>: its place).
WITH cell AS (
    SELECT l.record, l.text, s.*, lp_fields(l.text) AS f
    FROM line AS l
    JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#') AND NOT starts_with(l.text, s.mark)
),

named AS (
    SELECT
        *,
        try_cast(f[p_ts] AS TIMESTAMP) AS ts,
        list_concat(rest, lp_not_numbers(f, [p_in, p_out, p_duration])) AS others
    FROM cell
)

SELECT
    record,
    ts,
    lp_host(f[p_host]) AS host,
    nullif(lower(f[p_protocol]), '') AS protocol,
    nullif(f[p_session], '') AS session,
    nullif(f[p_client], '') AS client,
    nullif(f[p_server], '') AS server,
    nullif(f[p_user], '') AS username,
    nullif(f[p_method], '') AS command,
    nullif(f[p_target], '') AS target,
    nullif(f[p_parameters], '') AS parameters,
    nullif(f[p_status], '') AS status,
    try_cast(f[p_duration] AS BIGINT) AS duration_ms,
    try_cast(f[p_in] AS BIGINT) AS bytes_in,
    try_cast(f[p_out] AS BIGINT) AS bytes_out,
    nullif(concat_ws('; ', nullif(f[p_code], ''), nullif(f[p_errors], '')), '') AS error,
    lp_named(fields, f, others) AS extra,
    coalesce(
        lp_fault(text, record, half, f, fields),
        CASE
            WHEN NOT lp_dated(ts) THEN 'no readable date and time'
            WHEN p_method > len(f) THEN 'cut short: ' || len(f) || ' of ' || len(fields) || ' fields'
        END
    ) AS reject,
    lp_excerpt(text) AS excerpt
FROM named
