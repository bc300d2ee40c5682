-- Exported tracking (message traces of Exchange Online, Get-MessageTrackingLog, Exchange System
-- Manager) into tracking_event. Grain: one recipient of one record. Relation: batch, with the columns
-- of _export/tracking_shape.py.
SELECT
    b.record,
    b.recipient_no::USMALLINT AS recipient_no,
    b.ts,
    b.local_ts,
    coalesce(b.host, lp_host(b.server_host)) AS host,  -- given where the service has no name of one
    lp_value(b.event) AS event,
    coalesce(c.class, 'other') AS class,
    lp_value(b.component) AS component,
    lp_message_id(b.message_id) AS message_id,
    lp_value(b.internal_id) AS internal_id,
    lp_value(b.network_id) AS network_id,
    lp_value(b.linked_id) AS linked_id,
    lower(lp_value(b.sender)) AS sender,
    lower(lp_value(b.return_path)) AS return_path,
    lower(lp_value(b.recipient)) AS recipient,
    b.recipients::INTEGER AS recipients,
    lp_value(b.status) AS status,
    b.status_split::BOOLEAN AS status_split,
    lp_status_code(b.status) AS status_code,
    b.bytes,
    lp_value(b.subject) AS subject,
    lp_value(b.client_ip) AS client_ip,
    lp_value(b.client_host) AS client_host,
    lp_value(b.server_ip) AS server_ip,
    lp_value(b.server_host) AS server_host,
    lp_value(b.connector) AS connector,
    lp_value(b.partner) AS partner,
    lp_value(b.context) AS context,
    lp_value(b.reference) AS reference,
    lp_value(b.related) AS related,
    b.origin_ts,
    lp_value(b.info) AS info,
    lp_value(b.directionality) AS directionality,
    lp_value(b.tenant_id) AS tenant_id,
    lp_value(b.original_client_ip) AS original_client_ip,
    lp_value(b.original_server_ip) AS original_server_ip,
    lp_value(b.custom_data) AS custom_data,
    lp_value(b.traffic_type) AS traffic_type,
    lp_value(b.log_id) AS log_id,
    lp_value(b.schema_version) AS schema_version,
    lp_value(b.version) AS version,
    CASE WHEN len(b.extra) > 0 THEN map_from_entries(b.extra) END AS extra,
    CASE
        WHEN b.reject IS NOT NULL THEN b.reject
        WHEN b.ts IS NULL OR b.ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
        WHEN lp_value(b.event) IS NULL THEN 'no event and no status'
    END AS reject,
    b.excerpt
FROM batch AS b
-- "Delivered", "FAIL", "Getting status": service and servers spell their words in different ways
LEFT JOIN tracking_class AS c ON c.event = upper(replace(b.event, ' ', ''))
