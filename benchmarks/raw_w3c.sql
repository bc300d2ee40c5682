-- What a hand would write to have smtp_event from a plain SMTPSVC log: its columns, typed, no line
-- numbers, no rejects, in whatever order. Relation: log, the columns of the file.
SELECT
    "date" + "time" AS ts,
    upper(split_part("s-computername", '.', 1)) AS host,
    "s-sitename" AS site,
    CASE WHEN starts_with("cs-username", 'OutboundConnection') THEN 'out' ELSE 'in' END AS direction,
    CASE
        WHEN "cs-username" = 'OutboundConnectionResponse' THEN 'reply'
        WHEN "cs-method" IS NULL OR "cs-method" = 'TIMEOUT' THEN 'mark'
        ELSE 'command'
    END AS kind,
    "c-ip" AS peer,
    CASE WHEN NOT starts_with("cs-username", 'OutboundConnection') THEN "cs-username" END AS peer_name,
    upper("cs-method") AS verb,
    coalesce("cs-uri-query", "cs-uri-stem") AS argument,
    CASE
        WHEN upper("cs-method") = 'MAIL' OR upper("cs-method") = 'RCPT'
        THEN lower(regexp_extract("cs-uri-query", '<([^>]*)>', 1))
    END AS address,
    CASE
        WHEN upper("cs-method") = 'DATA' AND NOT starts_with("cs-username", 'OutboundConnection')
        THEN regexp_extract("cs-uri-query", '<([^>]*)>', 1)
    END AS message_id,
    CASE
        WHEN "cs-username" = 'OutboundConnectionResponse'
        THEN try_cast(regexp_extract("cs-uri-query", '^[+]?([0-9]{3})', 1) AS SMALLINT)
        WHEN NOT starts_with("cs-username", 'OutboundConnection') THEN "sc-status"
    END AS reply_code,
    CASE
        WHEN "cs-username" = 'OutboundConnectionResponse'
        THEN nullif(regexp_extract("cs-uri-query", '[245][.][0-9]{1,3}[.][0-9]{1,3}'), '')
    END AS enhanced,
    "sc-win32-status" AS win32,
    "cs-bytes" AS bytes_in,
    "sc-bytes" AS bytes_out,
    "time-taken" AS duration_ms,
    "s-ip" AS local_ip,
    "s-port" AS local_port,
    "cs-version" AS protocol,
    "cs-host",
    "cs(User-Agent)",
    "cs(Cookie)",
    "cs(Referer)"
FROM log
