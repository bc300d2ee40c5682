-- The fields of Exchange 2007 to SE tracking lines, read line by line. Grain: one data line.
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
            'message-subject', 'sender-address', 'return-path', 'message-info', 'directionality',
            'tenant-id', 'original-client-ip', 'original-server-ip', 'custom-data',
            'transport-traffic-type', 'log-id', 'schema-version'
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
        list_position(fields, 'message-info') AS p_info,
        list_position(fields, 'directionality') AS p_direction,
        list_position(fields, 'tenant-id') AS p_tenant,
        list_position(fields, 'original-client-ip') AS p_first_client,
        list_position(fields, 'original-server-ip') AS p_first_server,
        list_position(fields, 'custom-data') AS p_custom,
        list_position(fields, 'transport-traffic-type') AS p_traffic,
        list_position(fields, 'log-id') AS p_log_id,
        list_position(fields, 'schema-version') AS p_schema
    FROM segment
),

split AS (
    SELECT l.record, l.text, p.*, lp_csv(l.text) AS f
    FROM line AS l
    LEFT JOIN place AS p ON l.record BETWEEN p.first_line AND p.last_line
    WHERE l.text IS NOT NULL
      AND NOT starts_with(l.text, '#')
      AND NOT starts_with(l.text, 'date-time,')
)

SELECT
    record,
    lp_unquote(f[p_ts]) AS "date-time",
    lp_unquote(f[p_client_ip]) AS "client-ip",
    lp_unquote(f[p_client_host]) AS "client-hostname",
    lp_unquote(f[p_server_ip]) AS "server-ip",
    lp_unquote(f[p_server_host]) AS "server-hostname",
    lp_unquote(f[p_context]) AS "source-context",
    lp_unquote(f[p_connector]) AS "connector-id",
    lp_unquote(f[p_source]) AS "source",
    lp_unquote(f[p_event]) AS "event-id",
    lp_unquote(f[p_internal]) AS "internal-message-id",
    lp_unquote(f[p_message_id]) AS "message-id",
    lp_unquote(f[p_network]) AS "network-message-id",
    lp_unquote(f[p_recipient]) AS "recipient-address",
    lp_unquote(f[p_status]) AS "recipient-status",
    lp_unquote(f[p_bytes]) AS "total-bytes",
    lp_unquote(f[p_recipients]) AS "recipient-count",
    lp_unquote(f[p_related]) AS "related-recipient-address",
    lp_unquote(f[p_reference]) AS reference,
    lp_unquote(f[p_subject]) AS "message-subject",
    lp_unquote(f[p_sender]) AS "sender-address",
    lp_unquote(f[p_return_path]) AS "return-path",
    lp_unquote(f[p_info]) AS "message-info",
    lp_unquote(f[p_direction]) AS "directionality",
    lp_unquote(f[p_tenant]) AS "tenant-id",
    lp_unquote(f[p_first_client]) AS "original-client-ip",
    lp_unquote(f[p_first_server]) AS "original-server-ip",
    lp_unquote(f[p_custom]) AS "custom-data",
    lp_unquote(f[p_traffic]) AS "transport-traffic-type",
    lp_unquote(f[p_log_id]) AS "log-id",
    lp_unquote(f[p_schema]) AS "schema-version",
    lp_extra(fields, f, rest) AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN fields IS NULL THEN 'no #Fields governs this line'
        WHEN lp_csv_open(text) THEN 'a quote is never closed'
        -- a short line may have empty values at its end, but not where its own end is missing
        WHEN record = half AND array_length(f) < array_length(fields)
        THEN 'cut short: ' || array_length(f) || ' of ' || array_length(fields) || ' fields'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM split
