-- A mail file, decoded already, as a row of queue_entry. When it was copied it does not say: no ts.
SELECT
    record,
    lp_host(host) AS host,
    'file' AS kind,
    queue,
    destination,
    message_id,
    sender,
    recipient,
    recipients,
    subject,
    bytes,
    arrived_ts,
    name,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    NULL::VARCHAR AS reject,
    NULL::VARCHAR AS excerpt
FROM batch;
