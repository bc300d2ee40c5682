-- Exchange 2000/2003 tracking lines into tracking_event. Grain: one data line, which is one
-- recipient. Relations: line(record, text), segment(first_line, last_line, fields).
WITH place AS (
    SELECT
        first_line, last_line, fields,
        lp_positions(fields, [
            'date', 'time', 'client-ip', 'client-hostname', 'partner-name', 'server-hostname',
            'server-ip', 'recipient-address', 'event-id', 'msgid', 'recipient-report-status',
            'total-bytes', 'number-recipients', 'origination-time', 'service-version',
            'linked-msgid', 'message-subject', 'sender-address'
        ]) AS rest,
        list_position(fields, 'date') AS p_date,
        list_position(fields, 'time') AS p_time,
        list_position(fields, 'client-ip') AS p_client_ip,
        list_position(fields, 'client-hostname') AS p_client_host,
        list_position(fields, 'partner-name') AS p_partner,
        list_position(fields, 'server-hostname') AS p_server_host,
        list_position(fields, 'server-ip') AS p_server_ip,
        list_position(fields, 'recipient-address') AS p_recipient,
        list_position(fields, 'event-id') AS p_event,
        list_position(fields, 'msgid') AS p_message_id,
        list_position(fields, 'recipient-report-status') AS p_status,
        list_position(fields, 'total-bytes') AS p_bytes,
        list_position(fields, 'number-recipients') AS p_recipients,
        list_position(fields, 'origination-time') AS p_origin,
        list_position(fields, 'service-version') AS p_version,
        list_position(fields, 'linked-msgid') AS p_linked,
        list_position(fields, 'message-subject') AS p_subject,
        list_position(fields, 'sender-address') AS p_sender
    FROM segment
),

cell AS (
    SELECT l.record, l.text, p.*, string_split(l.text, chr(9)) AS f
    FROM line AS l
    LEFT JOIN place AS p ON l.record BETWEEN p.first_line AND p.last_line
    WHERE l.text IS NOT NULL
      AND NOT starts_with(l.text, '#')
      AND NOT starts_with(l.text, 'Date' || chr(9) || 'Time' || chr(9))
),

named AS (
    SELECT
        record, text, fields, f, rest,
        -- '2007-9-3' and '0:0:5 GMT', neither zero-padded
        try_cast(f[p_date] || ' ' || replace(f[p_time], ' GMT', '') AS TIMESTAMP) AS ts,
        lp_value(f[p_event]) AS event_id,
        lp_value(f[p_server_host]) AS server_host,
        lp_value(f[p_recipient]) AS recipient,
        lp_value(f[p_sender]) AS sender,
        lp_value(f[p_origin]) AS origin,
        f[p_client_ip] AS client_ip, f[p_client_host] AS client_host, f[p_partner] AS partner,
        f[p_server_ip] AS server_ip, f[p_message_id] AS message_id, f[p_status] AS status,
        lp_no_number(lp_value(f[p_recipients]), try_cast(lp_value(f[p_recipients]) AS INTEGER)) AS odd_recipients,
        lp_no_number(lp_value(f[p_bytes]), try_cast(lp_value(f[p_bytes]) AS BIGINT)) AS odd_bytes,
        lp_no_number(
            lp_value(f[p_origin]), try_cast(replace(lp_value(f[p_origin]), ' GMT', '') AS TIMESTAMP)
        ) AS odd_origin,
        f[p_bytes] AS bytes, f[p_recipients] AS recipients, f[p_version] AS version,
        f[p_linked] AS linked_id, f[p_subject] AS subject
    FROM cell
)

SELECT
    n.record,
    CAST(1 AS USMALLINT) AS recipient_no,
    n.ts,
    lp_host(n.server_host) AS host,
    n.event_id AS event,
    coalesce(c.class, 'other') AS class,
    lp_message_id(n.message_id) AS message_id,
    lp_value(n.linked_id) AS linked_id,
    lower(n.sender) AS sender,
    lower(n.recipient) AS recipient,
    try_cast(lp_value(n.recipients) AS INTEGER) AS recipients,
    lp_value(n.status) AS status,
    lp_status_code(n.status) AS status_code,
    try_cast(lp_value(n.bytes) AS BIGINT) AS bytes,
    lp_value(n.subject) AS subject,
    lp_value(n.client_ip) AS client_ip,
    lp_value(n.client_host) AS client_host,
    lp_value(n.server_ip) AS server_ip,
    n.server_host,
    lp_value(n.partner) AS partner,
    -- a date-time in real files, seconds in KB 246965: seconds are no time, and stay in extra
    try_cast(replace(n.origin, ' GMT', '') AS TIMESTAMP) AS origin_ts,
    nullif(replace(lp_value(n.version), 'Version: ', ''), '') AS version,
    CASE
        WHEN coalesce(n.odd_recipients, n.odd_bytes, n.odd_origin) IS NOT NULL
        THEN lp_kept(
            lp_extra(n.fields, n.f, n.rest),
            ['number-recipients', 'total-bytes', 'origination-time'],
            [n.odd_recipients, n.odd_bytes, n.odd_origin]
        )
        ELSE lp_extra(n.fields, n.f, n.rest)
    END AS extra,
    CASE
        WHEN lp_spoiled(n.text) IS NOT NULL THEN lp_spoiled(n.text)
        WHEN n.fields IS NULL THEN 'no column line governs this line'
        WHEN array_length(n.f) < array_length(n.fields)
        THEN 'cut short: ' || array_length(n.f) || ' of ' || array_length(n.fields) || ' columns'
        WHEN n.ts IS NULL OR n.ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
        WHEN n.event_id IS NULL THEN 'no event id'
    END AS reject,
    lp_excerpt(n.text) AS excerpt
FROM named AS n
LEFT JOIN tracking_class AS c ON c.event = n.event_id
