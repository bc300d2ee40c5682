-- IMAP4 and POP3 lines into client_event. Grain: one data line. Relations: line(record, text),
-- segment(first_line, last_line, fields, rest, half, mark, protocol, p_<column>: where it stands).
WITH cell AS (
    SELECT l.record, l.text, s.*, lp_fields(l.text) AS f
    FROM line AS l
    JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#') AND NOT starts_with(l.text, s.mark)
),

named AS (
    SELECT
        record, text, fields, f, half, p_command, p_event,
        list_concat(
            rest, lp_not_numbers(f, [p_sequence, p_duration, p_in, p_out]), lp_odd_ends(f, [p_server, p_client]),
            -- of the older layout: a command with its tag is in no column
            CASE WHEN p_command > 0 THEN [] WHEN f[p_event] = '<' THEN [p_event, p_data, p_context] ELSE [p_event, p_context] END
        ) AS rest,
        try_cast(f[p_ts] AS TIMESTAMP) AS ts,
        nullif(f[p_session], '') AS session,
        try_cast(f[p_sequence] AS INTEGER) AS sequence,
        f[p_server] AS server,
        f[p_client] AS client,
        nullif(f[p_user], '') AS username,
        try_cast(f[p_duration] AS BIGINT) AS duration_ms,
        try_cast(f[p_in] AS BIGINT) AS bytes_in,
        try_cast(f[p_out] AS BIGINT) AS bytes_out,
        nullif(f[p_command], '') AS command,
        nullif(f[p_parameters], '') AS parameters,
        nullif(f[p_context], '') AS context,
        f[p_event] AS event,
        nullif(f[p_data], '') AS data,
        protocol AS told
    FROM cell
),

served AS (
    SELECT
        *,
        lp_port(server) AS server_port,
        coalesce(told, CASE
            WHEN regexp_matches(server, ':[19]?(?:143|993)$') THEN 'imap4'
            WHEN regexp_matches(server, ':[19]?(?:110|995)$') THEN 'pop3'
        END) AS protocol
    FROM named
),

talked AS (  -- the older layout: a1 LOGIN ..., a1 OK ...; * and + are answers without a tag of their own
    SELECT
        *,
        CASE WHEN p_command > 0 THEN context WHEN event = '>' THEN data END AS reply,
        CASE WHEN event = '<' THEN CASE WHEN protocol = 'pop3' THEN data ELSE regexp_replace(data, '^[^ ]+ +', '') END END AS said,
        CASE
            -- R=OK, R="a2 NO LOGIN failed.", R="-ERR Logon failure"
            WHEN p_command > 0 THEN regexp_extract(context, '(?:^|;)R="?(?:[^ ";]+ )??(OK|NO|BAD|[+]OK|-ERR)(?:[ ";]|$)', 1)
            WHEN event = '>' THEN regexp_extract(data, '^(?:[^ ]+ )??(OK|NO|BAD|[+]OK|-ERR)(?: |$)', 1)
        END AS status
    FROM served
)

SELECT
    record,
    ts,
    protocol,
    session,
    sequence,
    lp_address(client) AS client,
    lp_port(client) AS client_port,
    lp_address(server) AS server,
    server_port,
    username,
    CASE
        WHEN p_command > 0 THEN command
        WHEN event = '+' THEN 'OpenSession'
        WHEN event = '-' THEN 'CloseSession'
        ELSE lower(regexp_extract(said, '^[^ ]+'))
    END AS command,
    coalesce(parameters, nullif(regexp_replace(said, '^[^ ]* *', ''), ''), CASE WHEN event NOT IN ('<', '>') THEN data END) AS parameters,
    nullif(status, '') AS status,
    reply,
    duration_ms,
    bytes_in,
    bytes_out,
    CASE
        WHEN status IN ('NO', 'BAD', '-ERR') OR contains(reply, 'ErrMsg=')
        THEN coalesce(
            nullif(regexp_extract(reply, 'ErrMsg="?([^";]+)', 1), ''),
            nullif(regexp_extract(reply, '(?:^|;)R="([^"]*)"', 1), ''),
            reply
        )
    END AS error,
    lp_named(fields, f, rest) AS extra,
    coalesce(
        lp_fault(text, record, half, f, fields),
        CASE
            WHEN NOT lp_dated(ts) THEN 'no readable date and time'
            WHEN coalesce(p_command, p_event) > len(f)
            THEN 'cut short: ' || len(f) || ' of ' || len(fields) || ' fields'
        END
    ) AS reject,
    lp_excerpt(text) AS excerpt
FROM talked
