-- Exchange 2007 to SE tracking lines into tracking_event. Grain: one recipient of one data line.
-- Relations: line(record, text), segment(first_line, last_line, fields, half: number of a last line
-- that has no line end, else 0).
WITH place AS (
    SELECT
        first_line, last_line, fields, half,
        lp_positions(fields, [
            'date-time', 'client-ip', 'client-hostname', 'server-ip', 'server-hostname',
            'source-context', 'connector-id', 'source', 'event-id', 'internal-message-id',
            'message-id', 'network-message-id', 'recipient-address', 'recipient-status',
            'total-bytes', 'recipient-count', 'related-recipient-address', 'reference',
            'message-subject', 'sender-address', 'return-path'
        ]) AS rest,
        list_position(fields, 'date-time') AS p_ts,
        list_position(fields, 'client-ip') AS p_client_ip,
        list_position(fields, 'client-hostname') AS p_client_host,
        list_position(fields, 'server-ip') AS p_server_ip,
        list_position(fields, 'server-hostname') AS p_server_host,
        list_position(fields, 'source-context') AS p_context,
        list_position(fields, 'connector-id') AS p_connector,
        list_position(fields, 'source') AS p_source,
        list_position(fields, 'event-id') AS p_event,
        list_position(fields, 'internal-message-id') AS p_internal,
        list_position(fields, 'message-id') AS p_message_id,
        list_position(fields, 'network-message-id') AS p_network,
        list_position(fields, 'recipient-address') AS p_recipient,
        list_position(fields, 'recipient-status') AS p_status,
        list_position(fields, 'total-bytes') AS p_bytes,
        list_position(fields, 'recipient-count') AS p_recipients,
        list_position(fields, 'related-recipient-address') AS p_related,
        list_position(fields, 'reference') AS p_reference,
        list_position(fields, 'message-subject') AS p_subject,
        list_position(fields, 'sender-address') AS p_sender,
        list_position(fields, 'return-path') AS p_return_path,
        list_position(fields, 'message-info') AS p_info
    FROM segment
),

cell AS (
    SELECT l.record, l.text, p.*, lp_csv(l.text) AS f
    FROM line AS l
    LEFT JOIN place AS p ON l.record BETWEEN p.first_line AND p.last_line
    WHERE l.text IS NOT NULL
      AND NOT starts_with(l.text, '#')
      AND NOT starts_with(l.text, 'date-time,')
),

named AS (
    SELECT
        record, text, fields, f, rest, half,
        try_cast(lp_unquote(f[p_ts]) AS TIMESTAMP) AS ts,
        upper(lp_unquote(f[p_event])) AS event_id,
        lp_unquote(f[p_server_host]) AS server_host,
        lp_unquote(f[p_client_host]) AS client_host,
        upper(lp_unquote(f[p_source])) AS component,
        lp_unquote(f[p_status]) AS status,
        lp_unquote(f[p_info]) AS info,
        -- recipients of one line are divided by ;
        coalesce(string_split(rtrim(lower(lp_unquote(f[p_recipient])), ';'), ';'), [NULL]) AS recipient_list,
        f[p_client_ip] AS client_ip, f[p_server_ip] AS server_ip, f[p_context] AS context,
        f[p_connector] AS connector, f[p_internal] AS internal_id, f[p_message_id] AS message_id,
        f[p_network] AS network_id, f[p_bytes] AS bytes, f[p_recipients] AS recipients,
        f[p_related] AS related, f[p_reference] AS reference, f[p_subject] AS subject,
        f[p_sender] AS sender, f[p_return_path] AS return_path
    FROM cell
),

told AS (
    SELECT *, lp_statuses(status, array_length(recipient_list)) AS statuses
    FROM named
),

worded AS (  -- one row per recipient; what is as long as the line is not carried along
    SELECT
        * EXCLUDE (text, fields, f, rest, half, status, info, recipient_list, statuses),
        unnest(recipient_list) AS recipient,
        generate_subscripts(recipient_list, 1) AS recipient_no,
        unnest(
            CASE
                WHEN array_length(statuses) = array_length(recipient_list) THEN statuses
                WHEN statuses IS NULL THEN list_transform(recipient_list, LAMBDA r: status)
                ELSE list_transform(recipient_list, LAMBDA r: NULL)
            END
        ) AS own_status,
        statuses IS NOT NULL AS status_split,
        try_cast(regexp_extract(info, '^([0-9T:.-]{19,})Z', 1) AS TIMESTAMP) AS origin_ts,
        lp_extra(fields, f, rest) AS extra,
        CASE
            WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
            WHEN fields IS NULL THEN 'no #Fields governs this line'
            WHEN lp_csv_open(text) THEN 'a quote is never closed'
            -- a short line may have empty values at its end, but not where its own end is missing
            WHEN record = half AND array_length(f) < array_length(fields)
            THEN 'cut short: ' || array_length(f) || ' of ' || array_length(fields) || ' fields'
            WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
            THEN 'no readable date and time'
            WHEN array_length(recipient_list) > 65535 THEN 'more than 65,535 recipients'
            WHEN event_id IS NULL THEN 'no event id'
        END AS reject,
        lp_excerpt(text) AS excerpt
    FROM told
)

SELECT
    w.record,
    CAST(least(w.recipient_no, 65535) AS USMALLINT) AS recipient_no,
    w.ts,
    -- the writing server is the client of what it sends, the server of what it gets
    lp_host(
        CASE
            WHEN w.event_id IN ('SEND', 'SENDEXTERNAL', 'HAREDIRECT', 'SUBMIT', 'NOTIFYMAPI')
                 AND w.client_host IS NOT NULL
            THEN w.client_host
            ELSE coalesce(w.server_host, w.client_host)
        END
    ) AS host,
    w.event_id AS event,
    coalesce(c.class, 'other') AS class,
    w.component,
    lp_message_id(lp_unquote(w.message_id)) AS message_id,
    lp_unquote(w.internal_id) AS internal_id,
    lower(lp_unquote(w.network_id)) AS network_id,
    lower(lp_unquote(w.sender)) AS sender,
    lower(lp_unquote(w.return_path)) AS return_path,
    nullif(trim(w.recipient), '') AS recipient,
    try_cast(lp_unquote(w.recipients) AS INTEGER) AS recipients,
    w.own_status AS status,
    w.status_split,
    lp_status_code(w.own_status) AS status_code,
    try_cast(lp_unquote(w.bytes) AS BIGINT) AS bytes,
    lp_unquote(w.subject) AS subject,
    lp_unquote(w.client_ip) AS client_ip,
    w.client_host,
    lp_unquote(w.server_ip) AS server_ip,
    w.server_host,
    lp_unquote(w.connector) AS connector,
    lp_unquote(w.context) AS context,
    lp_unquote(w.reference) AS reference,
    lower(lp_unquote(w.related)) AS related,
    w.origin_ts,
    w.extra,
    w.reject,
    w.excerpt
FROM worded AS w
LEFT JOIN tracking_class AS c ON c.event = w.event_id
