-- SmtpReceive and SmtpSend lines into smtp_event. Grain: one data line. Relations: line(record, text),
-- segment(first_line, last_line, fields, rest, half, mark, direction, p_<column>: where it stands).
WITH cell AS (
    SELECT l.record, l.text, s.*, lp_fields(l.text) AS f
    FROM line AS l
    JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#') AND NOT starts_with(l.text, s.mark)
),

named AS (
    SELECT
        record, text, fields, f, half,
        list_concat(
            rest, lp_not_numbers(f, [p_sequence]), lp_odd_ends(f, [p_local, p_remote]),
            CASE WHEN f[p_event] IN ('+', '-', '<', '>', '*') THEN [] ELSE [p_event] END
        ) AS rest,
        try_cast(f[p_ts] AS TIMESTAMP) AS ts,
        nullif(f[p_connector], '') AS connector,
        nullif(f[p_session], '') AS session,
        try_cast(f[p_sequence] AS INTEGER) AS sequence,
        f[p_local] AS local_end,
        f[p_remote] AS remote_end,
        f[p_event] AS event,
        nullif(f[p_data], '') AS data,
        -- <authentication response>, <Binary Data>: what was said is not in the log
        coalesce(f[p_event] IN ('<', '>') AND f[p_data] <> '' AND NOT starts_with(f[p_data], '<'), false) AS speaks,
        regexp_extract(f[p_data], '^([1-5][0-9]{2})(?:[ -]|$)', 1) AS code,
        direction AS told
    FROM cell
),

sided AS (  -- where the header does not tell: who sends replies was called, who sends commands called
    SELECT
        *,
        CASE
            WHEN told IS NOT NULL THEN told
            WHEN NOT speaks THEN NULL
            WHEN (event = '>') = (code <> '') THEN 'in'
            ELSE 'out'
        END AS direction
    FROM named
),

spoken AS (
    SELECT
        *,
        CASE
            WHEN NOT speaks THEN 'mark'
            WHEN (event = '>') = (direction = 'in') THEN 'reply'
            ELSE 'command'
        END AS kind
    FROM sided
),

worded AS (
    SELECT
        *,
        CASE
            WHEN kind = 'command' THEN nullif(upper(split_part(data, ' ', 1)), '')
            WHEN event = '+' THEN 'CONNECT'
            WHEN event = '-' THEN 'DISCONNECT'
            WHEN event = '*' THEN 'INFORMATION'
        END AS verb,
        CASE WHEN kind = 'command' THEN nullif(regexp_replace(data, '^[^ ]* *', ''), '') ELSE data END AS argument
    FROM spoken
)

SELECT
    record,
    ts,
    -- the connectors of a receive log begin with their server: EX1\Default Frontend EX1
    CASE WHEN direction = 'in' AND contains(connector, '\') THEN upper(split_part(connector, '\', 1)) END AS host,
    connector,
    session,
    sequence,
    direction,
    kind,
    lp_address(remote_end) AS peer,
    lp_port(remote_end) AS peer_port,
    CASE WHEN direction = 'in' AND verb IN ('EHLO', 'HELO') THEN argument END AS peer_name,
    verb,
    argument,
    CASE WHEN verb IN ('MAIL', 'RCPT') THEN lp_mailbox(argument) END AS address,
    -- 250 2.6.0 <id> [InternalId=1, Hostname=h] Queued mail for delivery; a mailbox server says 250 2.0.0 OK <id>
    CASE
        WHEN kind = 'reply' AND code = '250' AND contains(data, '<')
        THEN nullif(regexp_extract(data, '^250 2[.](?:6[.]0|0[.]0 OK) +<([^>]+)>', 1), '')
    END AS message_id,
    CASE WHEN kind = 'reply' THEN try_cast(code AS SMALLINT) END AS reply_code,
    CASE WHEN kind = 'reply' THEN lp_status_code(data) END AS enhanced,
    lp_address(local_end) AS local_ip,
    lp_port(local_end) AS local_port,
    lp_named(fields, f, rest) AS extra,
    coalesce(
        lp_fault(text, record, half, f, fields),
        CASE
            WHEN NOT lp_dated(ts) THEN 'no readable date and time'
            WHEN event IS NULL THEN 'cut short: ' || len(f) || ' of ' || len(fields) || ' fields'
        END
    ) AS reject,
    lp_excerpt(text) AS excerpt
FROM worded
