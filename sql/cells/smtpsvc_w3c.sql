-- The fields of SMTPSVC W3C lines, read line by line. Grain: one data line.
-- Relations: line(record, text), segment(first_line, last_line, fields, day).
WITH place AS (  -- where each wanted field stands, one row per segment
    SELECT
        first_line, last_line, fields, day,
        lp_positions(fields, [
            'date', 'time', 'c-ip', 'cs-username', 's-sitename', 's-computername', 's-ip',
            's-port', 'cs-method', 'cs-uri-query', 'sc-status', 'sc-win32-status', 'sc-bytes',
            'cs-bytes', 'time-taken', 'cs-version'
        ]) AS rest,
        list_position(fields, 'date') AS p_date,
        list_position(fields, 'time') AS p_time,
        list_position(fields, 'c-ip') AS p_ip,
        list_position(fields, 'cs-username') AS p_user,
        list_position(fields, 's-sitename') AS p_site,
        list_position(fields, 's-computername') AS p_host,
        list_position(fields, 's-ip') AS p_local_ip,
        list_position(fields, 's-port') AS p_local_port,
        list_position(fields, 'cs-version') AS p_protocol,
        list_position(fields, 'cs-method') AS p_verb,
        list_position(fields, 'cs-uri-query') AS p_query,
        list_position(fields, 'cs-uri-stem') AS p_stem,
        list_position(fields, 'sc-status') AS p_status,
        list_position(fields, 'sc-win32-status') AS p_win32,
        list_position(fields, 'sc-bytes') AS p_out,
        list_position(fields, 'cs-bytes') AS p_in,
        list_position(fields, 'time-taken') AS p_taken
    FROM segment
),

split AS (  -- the line in pieces; a space inside a value is written as +
    SELECT l.record, l.text, p.*, string_split(rtrim(l.text), ' ') AS f
    FROM line AS l
    LEFT JOIN place AS p ON l.record BETWEEN p.first_line AND p.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#')
)

SELECT
    record,
    fields,
    CASE WHEN p_date > 0 THEN f[p_date] ELSE CAST(day AS VARCHAR) END AS "date",
    f[p_time] AS "time",
    lp_value(f[p_ip]) AS "c-ip",
    lp_value(f[p_user]) AS "cs-username",
    lp_value(f[p_site]) AS "s-sitename",
    lp_value(f[p_host]) AS "s-computername",
    lp_value(f[p_local_ip]) AS "s-ip",
    lp_value(f[p_local_port]) AS "s-port",
    lp_value(f[p_verb]) AS "cs-method",
    lp_value(f[p_stem]) AS "cs-uri-stem",
    lp_value(f[p_query]) AS "cs-uri-query",
    lp_value(f[p_status]) AS "sc-status",
    lp_value(f[p_win32]) AS "sc-win32-status",
    lp_value(f[p_out]) AS "sc-bytes",
    lp_value(f[p_in]) AS "cs-bytes",
    lp_value(f[p_taken]) AS "time-taken",
    lp_value(f[p_protocol]) AS "cs-version",
    lp_extra(fields, f, rest) AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN fields IS NULL THEN 'no header block governs this line'
        -- an empty value at the end leaves a blank, which is a value's place
        WHEN array_length(string_split(text, ' ')) < array_length(fields)
        THEN 'cut short: ' || array_length(f) || ' of ' || array_length(fields) || ' fields'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM split
