-- SMTPSVC lines in Microsoft IIS format into smtp_event. Grain: one data line.
-- Relations: line(record, text), segment(first_line, last_line, fields, date_order).
WITH split AS (
    SELECT l.record, l.text, s.fields, s.date_order, string_split(rtrim(l.text), ',') AS f
    FROM line AS l
    LEFT JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL
),

placed AS (  -- commas in the name that a client gave move what stands behind it by k places
    SELECT
        *,
        array_length(f) AS n,
        CASE
            WHEN starts_with(ltrim(f[5]), 'SMTPSVC') THEN 0
            ELSE list_position(list_transform(f, LAMBDA v: starts_with(ltrim(v), 'SMTPSVC')), true) - 5
        END AS k
    FROM split
),

named AS (
    SELECT
        record, text, fields, n, k,
        lp_written_time(trim(f[3 + k]), trim(f[4 + k]), date_order) AS ts,
        lp_value(f[1]) AS peer,
        lp_value(CASE WHEN k = 0 THEN f[2] ELSE array_to_string(f[2:2 + k], ',') END) AS username,
        lp_value(f[5 + k]) AS site,
        lp_value(f[6 + k]) AS host,
        lp_value(f[7 + k]) AS local_ip,
        lp_value(f[8 + k]) AS taken,
        lp_value(f[9 + k]) AS received,
        lp_value(f[10 + k]) AS sent,
        lp_value(f[11 + k]) AS status,
        lp_value(f[12 + k]) AS win32,
        upper(lp_value(f[13 + k])) AS verb,
        lp_value(f[14 + k]) AS target,
        -- "+pc1," ends with a comma, and an argument may hold some
        lp_value(CASE
            WHEN n = 16 + k AND f[n] = '' THEN f[15 + k]
            WHEN f[n] = '' THEN array_to_string(f[15 + k:n - 1], ',')
            ELSE array_to_string(f[15 + k:n], ',')
        END) AS parameters
    FROM placed
),

typed AS (
    SELECT
        *,
        coalesce(parameters, target) AS argument,
        try_cast(status AS SMALLINT) AS status_no,
        try_cast(win32 AS BIGINT) AS win32_no,
        try_cast(received AS BIGINT) AS bytes_in,
        try_cast(sent AS BIGINT) AS bytes_out,
        try_cast(taken AS BIGINT) AS duration_ms
    FROM named
),

sided AS (  -- outbound rows name themselves
    SELECT
        *,
        CASE WHEN starts_with(username, 'OutboundConnection') THEN 'out' ELSE 'in' END AS direction,
        CASE
            WHEN username = 'OutboundConnectionCommand' THEN 'command'
            WHEN username = 'OutboundConnectionResponse' THEN 'reply'
            WHEN verb IS NULL THEN 'mark'
            WHEN verb IN ('TIMEOUT', 'XXXX') THEN 'mark'
            ELSE 'command'
        END AS kind
    FROM typed
)

SELECT
    record,
    ts,
    ts AS local_ts,
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
        WHEN direction = 'in' AND verb IN ('DATA', 'BDAT') AND status_no BETWEEN 200 AND 299
        THEN lp_message_id(argument)
    END AS message_id,
    CASE
        WHEN kind = 'reply' THEN try_cast(regexp_extract(argument, '^[+]?([0-9]{3})', 1) AS SMALLINT)
        WHEN direction = 'in' THEN status_no
    END AS reply_code,
    CASE WHEN kind = 'reply' THEN lp_status_code(argument) END AS enhanced,
    win32_no AS win32,
    bytes_in,
    bytes_out,
    duration_ms,
    local_ip,
    CASE
        WHEN (parameters IS NULL OR target IS NULL)
             AND (status IS NULL OR (status_no IS NOT NULL AND (direction = 'in' OR status_no = 0)))
             AND (win32 IS NULL OR win32_no IS NOT NULL) AND (received IS NULL OR bytes_in IS NOT NULL)
             AND (sent IS NULL OR bytes_out IS NOT NULL) AND (taken IS NULL OR duration_ms IS NOT NULL)
             AND NOT contains(host, '.')
        THEN NULL
        ELSE nullif(map_from_entries(list_filter([
            {'k': 'target', 'v': CASE WHEN parameters IS NOT NULL THEN target END},
            {'k': 'status', 'v': CASE WHEN status_no IS NULL OR (direction = 'out' AND status_no <> 0) THEN status END},
            {'k': 'win32 status', 'v': CASE WHEN win32_no IS NULL THEN win32 END},
            {'k': 'bytes received', 'v': CASE WHEN bytes_in IS NULL THEN received END},
            {'k': 'bytes sent', 'v': CASE WHEN bytes_out IS NULL THEN sent END},
            {'k': 'time taken', 'v': CASE WHEN duration_ms IS NULL THEN taken END},
            {'k': 'server', 'v': CASE WHEN contains(host, '.') THEN host END}
        ], LAMBDA e: e.v IS NOT NULL)), MAP {})
    END AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN n < 15 THEN 'cut short: ' || n || ' of 15 fields'
        WHEN k IS NULL OR k < 0 THEN 'no SMTPSVC site in its place'
        WHEN n < 15 + k THEN 'cut short: ' || (n - k) || ' of 15 fields'
        WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM sided
