-- Exported queues and queued messages into queue_entry. Grain: one queue or one message.
-- Relation: batch, with the columns of queue_export.py.
SELECT
    record,
    ts,
    local_ts,
    lp_host(host) AS host,
    kind,
    lp_value(queue) AS queue,
    lp_value(delivery_type) AS delivery_type,
    lower(lp_value(destination)) AS destination,
    lp_value(status) AS status,
    message_count,
    lp_message_id(message_id) AS message_id,
    lp_value(internal_id) AS internal_id,
    lower(lp_value(sender)) AS sender,
    lower(lp_value(recipient)) AS recipient,
    recipients::INTEGER AS recipients,
    lp_value(subject) AS subject,
    bytes,
    arrived_ts,
    arrived_local_ts,
    expires_ts,
    expires_local_ts,
    last_retry_ts,
    last_retry_local_ts,
    next_retry_ts,
    next_retry_local_ts,
    retries::INTEGER AS retries,
    lp_value(last_error) AS last_error,
    lp_status_code(last_error) AS status_code,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    CASE
        WHEN reject IS NOT NULL THEN reject
        WHEN host IS NULL AND queue IS NULL THEN 'no identity'
        WHEN host IS NULL AND message_count IS NULL AND kind = 'queue' THEN 'neither a queue nor a message'
    END AS reject,
    excerpt
FROM batch
