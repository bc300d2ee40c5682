-- Exchange 2007 to SE tracking lines into tracking_event. Grain: one recipient of one data line.
-- Relation: cell, made by sql/cells/tracking_2007.sql or, for a plain file, by logpipe/columns.py.
WITH named AS (
    SELECT
        * REPLACE (upper("event-id") AS "event-id", lower("recipient-address") AS "recipient-address"),
        try_cast("date-time" AS TIMESTAMP) AS ts,
        contains("recipient-address", ';') IS TRUE AS several,
        -- the writing server is the client of what it sends, the server of what it gets; no IN with
        -- so many values: DuckDB makes a join of that
        CASE
            WHEN "client-hostname" IS NULL THEN "server-hostname"
            WHEN regexp_full_match("event-id", '(?i)SEND|SENDEXTERNAL|HAREDIRECT|SUBMIT|NOTIFYMAPI')
            THEN "client-hostname"
            ELSE coalesce("server-hostname", "client-hostname")
        END AS writer
    FROM cell
),

told AS (  -- recipients of one line are divided by ;
    SELECT
        *,
        CASE
            WHEN several
            THEN coalesce(string_split(rtrim("recipient-address", ';'), ';'), [NULL])
        END AS recipient_list,
        CASE
            WHEN several
            THEN lp_statuses(
                "recipient-status", array_length(string_split(rtrim("recipient-address", ';'), ';'))
            )
        END AS statuses
    FROM named
),

worded AS (  -- one row per recipient; a line with one of them, the common one, has lists of one
    SELECT
        * EXCLUDE (recipient_list, statuses),
        unnest(CASE WHEN several THEN recipient_list ELSE ["recipient-address"] END) AS recipient,
        generate_subscripts(
            CASE WHEN several THEN recipient_list ELSE ["recipient-address"] END, 1
        ) AS recipient_no,
        unnest(
            CASE
                WHEN NOT several THEN ["recipient-status"]
                WHEN array_length(statuses) = array_length(recipient_list) THEN statuses
                WHEN statuses IS NULL
                THEN list_transform(recipient_list, LAMBDA r: "recipient-status")
                ELSE list_transform(recipient_list, LAMBDA r: NULL)
            END
        ) AS own_status,
        NOT several OR statuses IS NOT NULL AS status_split,
        several AND array_length(recipient_list) > 65535 AS crowded
    FROM told
)

SELECT
    w.record,
    CAST(least(w.recipient_no, 65535) AS USMALLINT) AS recipient_no,
    w.ts,
    lp_host(w.writer) AS host,
    w."event-id" AS event,
    coalesce(c.class, 'other') AS class,
    upper(w."source") AS component,
    lp_message_id(w."message-id") AS message_id,
    w."internal-message-id" AS internal_id,
    lower(w."network-message-id") AS network_id,
    lower(w."sender-address") AS sender,
    lower(w."return-path") AS return_path,
    nullif(trim(w.recipient), '') AS recipient,
    try_cast(w."recipient-count" AS INTEGER) AS recipients,
    w.own_status AS status,
    w.status_split,
    lp_status_code(w.own_status) AS status_code,
    try_cast(w."total-bytes" AS BIGINT) AS bytes,
    w."message-subject" AS subject,
    w."client-ip" AS client_ip,
    w."client-hostname" AS client_host,
    w."server-ip" AS server_ip,
    w."server-hostname" AS server_host,
    w."connector-id" AS connector,
    w."source-context" AS context,
    w.reference,
    lower(w."related-recipient-address") AS related,
    try_cast(
        CASE
            WHEN w."message-info" >= '0' AND w."message-info" < ':'
            THEN regexp_extract(w."message-info", '^([0-9T:.-]{19,})Z', 1)
        END AS TIMESTAMP
    ) AS origin_ts,
    w."message-info" AS info,
    w.directionality,
    w."tenant-id" AS tenant_id,
    w."original-client-ip" AS original_client_ip,
    w."original-server-ip" AS original_server_ip,
    w."custom-data" AS custom_data,
    w."transport-traffic-type" AS traffic_type,
    w."log-id" AS log_id,
    w."schema-version" AS schema_version,
    CASE
        WHEN lp_no_number(w."recipient-count", try_cast(w."recipient-count" AS INTEGER)) IS NOT NULL
            OR lp_no_number(w."total-bytes", try_cast(w."total-bytes" AS BIGINT)) IS NOT NULL
        THEN lp_kept(
            w.extra,
            ['recipient-count', 'total-bytes'],
            [
                lp_no_number(w."recipient-count", try_cast(w."recipient-count" AS INTEGER)),
                lp_no_number(w."total-bytes", try_cast(w."total-bytes" AS BIGINT))
            ]
        )
        ELSE w.extra
    END AS extra,
    CASE
        WHEN w.reject IS NOT NULL THEN w.reject
        WHEN w.ts IS NULL OR w.ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
        WHEN w.crowded THEN 'more than 65,535 recipients'
        WHEN w."event-id" IS NULL THEN 'no event id'
    END AS reject,
    w.excerpt
FROM worded AS w
LEFT JOIN tracking_class AS c ON c.event = w."event-id"
