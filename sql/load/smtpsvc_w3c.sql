-- SMTPSVC W3C lines into smtp_event. Grain: one data line. Relations: line(record, text), segment.
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

cell AS (  -- the line in pieces; a space inside a value is written as +
    SELECT l.record, l.text, p.*, string_split(rtrim(l.text), ' ') AS f
    FROM line AS l
    LEFT JOIN place AS p ON l.record BETWEEN p.first_line AND p.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#')
),

named AS (
    SELECT
        record, text, fields, f, rest, p_user, p_status,
        CASE
            WHEN p_date > 0 AND p_time > 0 THEN try_cast(f[p_date] || ' ' || f[p_time] AS TIMESTAMP)
            WHEN p_time > 0 THEN try_cast(CAST(day AS VARCHAR) || ' ' || f[p_time] AS TIMESTAMP)
            WHEN p_date > 0 THEN try_cast(f[p_date] AS TIMESTAMP)
            ELSE CAST(day AS TIMESTAMP)
        END AS ts,
        lp_value(f[p_host]) AS host,
        lp_value(f[p_site]) AS site,
        lp_value(f[p_ip]) AS peer,
        lp_value(f[p_local_ip]) AS local_ip,
        try_cast(lp_value(f[p_local_port]) AS INTEGER) AS local_port,
        lp_value(f[p_protocol]) AS protocol,
        lp_value(f[p_user]) AS username,
        upper(lp_value(f[p_verb])) AS verb,
        -- some services put the argument into the stem and leave the query out
        coalesce(lp_value(f[p_query]), lp_value(f[p_stem])) AS argument,
        try_cast(lp_value(f[p_status]) AS SMALLINT) AS status,
        try_cast(lp_value(f[p_win32]) AS BIGINT) AS win32,
        try_cast(lp_value(f[p_in]) AS BIGINT) AS bytes_in,
        try_cast(lp_value(f[p_out]) AS BIGINT) AS bytes_out,
        try_cast(lp_value(f[p_taken]) AS BIGINT) AS duration_ms
    FROM cell
),

sided AS (  -- outbound rows name themselves; without a user name only a status other than 0 tells
    SELECT
        *,
        CASE
            WHEN starts_with(username, 'OutboundConnection') THEN 'out'
            WHEN p_user > 0 THEN 'in'
            WHEN status > 0 THEN 'in'
        END AS direction,
        CASE
            WHEN username = 'OutboundConnectionCommand' THEN 'command'
            WHEN username = 'OutboundConnectionResponse' THEN 'reply'
            WHEN verb IS NULL THEN 'mark'
            WHEN verb IN ('TIMEOUT', 'XXXX') THEN 'mark'
            ELSE 'command'
        END AS kind
    FROM named
)

SELECT
    record,
    ts,
    lp_host(host) AS host,
    site,
    direction,
    kind,
    peer,
    CASE WHEN direction = 'in' THEN username END AS peer_name,
    verb,
    argument,
    CASE WHEN verb IN ('MAIL', 'RCPT') THEN lp_mailbox(argument) END AS address,
    CASE
        WHEN direction = 'in' AND verb IN ('DATA', 'BDAT') AND status BETWEEN 200 AND 299
        THEN lp_message_id(argument)
    END AS message_id,
    CASE
        WHEN kind = 'reply' THEN try_cast(regexp_extract(argument, '^[+]?([0-9]{3})', 1) AS SMALLINT)
        WHEN direction = 'in' THEN status
    END AS reply_code,
    CASE WHEN kind = 'reply' THEN lp_status_code(argument) END AS enhanced,
    win32,
    bytes_in,
    bytes_out,
    duration_ms,
    local_ip,
    local_port,
    protocol,
    lp_extra(fields, f, rest) AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN fields IS NULL THEN 'no header block governs this line'
        WHEN array_length(f) < array_length(fields)
        THEN 'cut short: ' || array_length(f) || ' of ' || array_length(fields) || ' fields'
        WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM sided
