-- SMTPSVC W3C lines into smtp_event. Grain: one data line.
-- Relation: cell, made by sql/cells/smtpsvc_w3c.sql or, for a plain file, by logpipe/columns.py.
WITH named AS (
    SELECT
        record, extra, reject, excerpt,
        CASE
            -- a DATE reaches farther than a TIMESTAMP
            WHEN "time" IS NOT NULL AND try_cast("date" AS DATE) < DATE '9999-12-31'
            THEN try_cast("date" AS DATE) + try_cast("time" AS TIME)
            WHEN "time" IS NOT NULL THEN NULL
            WHEN NOT list_contains(fields, 'time') THEN try_cast("date" AS TIMESTAMP)
        END AS ts,
        "s-computername" AS host,
        "s-sitename" AS site,
        "c-ip" AS peer,
        "s-ip" AS local_ip,
        try_cast("s-port" AS INTEGER) AS local_port,
        "cs-version" AS protocol,
        "cs-username" AS username,
        upper("cs-method") AS verb,
        -- some services put the argument into the stem and leave the query out
        coalesce("cs-uri-query", "cs-uri-stem") AS argument,
        try_cast("sc-status" AS SMALLINT) AS status,
        try_cast("sc-win32-status" AS BIGINT) AS win32,
        try_cast("cs-bytes" AS BIGINT) AS bytes_in,
        try_cast("sc-bytes" AS BIGINT) AS bytes_out,
        try_cast("time-taken" AS BIGINT) AS duration_ms,
        lp_no_number("s-port", try_cast("s-port" AS INTEGER)) AS odd_port,
        lp_no_number("sc-status", try_cast("sc-status" AS SMALLINT)) AS odd_status,
        lp_no_number("sc-win32-status", try_cast("sc-win32-status" AS BIGINT)) AS odd_win32,
        lp_no_number("cs-bytes", try_cast("cs-bytes" AS BIGINT)) AS odd_in,
        lp_no_number("sc-bytes", try_cast("sc-bytes" AS BIGINT)) AS odd_out,
        lp_no_number("time-taken", try_cast("time-taken" AS BIGINT)) AS odd_taken,
        fields
    FROM cell
),

sided AS (  -- outbound rows name themselves; without a user name only a status other than 0 tells
    SELECT
        *,
        CASE
            WHEN starts_with(username, 'OutboundConnection') THEN 'out'
            WHEN username IS NOT NULL THEN 'in'
            WHEN list_contains(fields, 'cs-username') THEN 'in'
            WHEN status > 0 THEN 'in'
        END AS direction,
        CASE
            WHEN username = 'OutboundConnectionCommand' THEN 'command'
            WHEN username = 'OutboundConnectionResponse' THEN 'reply'
            WHEN verb IS NULL OR verb = 'TIMEOUT' OR verb = 'XXXX' THEN 'mark'
            ELSE 'command'
        END AS kind,
        -- the reply of an outbound row is in its text, its own status 0
        CASE
            WHEN starts_with(username, 'OutboundConnection') AND status <> 0 THEN CAST(status AS VARCHAR)
            ELSE odd_status
        END AS kept_status,
        CASE WHEN contains(host, '.') THEN host END AS whole_host
    FROM named
)

SELECT
    record,
    ts,
    lp_host(host) AS host,
    site,
    direction,
    kind,
    peer,
    CASE WHEN direction = 'in' THEN username END AS peer_name,
    verb,
    argument,
    CASE WHEN verb = 'MAIL' OR verb = 'RCPT' THEN lp_mailbox(argument) END AS address,
    CASE
        WHEN direction = 'in' AND (verb = 'DATA' OR verb = 'BDAT') AND status BETWEEN 200 AND 299
        THEN lp_message_id(argument)
    END AS message_id,
    CASE
        WHEN kind = 'reply' THEN try_cast(regexp_extract(argument, '^[+]?([0-9]{3})', 1) AS SMALLINT)
        WHEN direction = 'in' THEN status
    END AS reply_code,
    CASE WHEN kind = 'reply' THEN lp_status_code(argument) END AS enhanced,
    win32,
    bytes_in,
    bytes_out,
    duration_ms,
    local_ip,
    local_port,
    protocol,
    CASE
        WHEN coalesce(odd_port, kept_status, odd_win32, odd_in, odd_out, odd_taken, whole_host) IS NOT NULL
        THEN lp_kept(
            extra,
            ['s-port', 'sc-status', 'sc-win32-status', 'cs-bytes', 'sc-bytes', 'time-taken', 's-computername'],
            [odd_port, kept_status, odd_win32, odd_in, odd_out, odd_taken, whole_host]
        )
        ELSE extra
    END AS extra,
    CASE
        WHEN reject IS NOT NULL THEN reject
        WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
    END AS reject,
    excerpt
FROM sided
