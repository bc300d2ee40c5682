-- Relay lines into tracking_event. Grain: one data line, which is one recipient.
-- Relations: line(record, text), segment(first_line, last_line, fields, host).
WITH cell AS (
    SELECT l.record, l.text, s.fields, s.host, string_split(l.text, '|') AS f
    FROM line AS l
    LEFT JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL AND NOT starts_with(l.text, '#')
),

named AS (
    SELECT
        record, text, fields, host, f,
        try_cast(f[1] AS TIMESTAMP) AS ts,
        lp_value(f[2]) AS event
    FROM cell
)

SELECT
    record,
    CAST(1 AS USMALLINT) AS recipient_no,
    ts,
    lp_host(host) AS host,
    event,
    CASE event WHEN 'accepted' THEN 'enter' WHEN 'sent' THEN 'ok' WHEN 'bounced' THEN 'fail' ELSE 'other' END AS class,
    lp_message_id(f[3]) AS message_id,
    lower(lp_value(f[4])) AS sender,
    lower(lp_value(f[5])) AS recipient,
    try_cast(lp_value(f[6]) AS BIGINT) AS bytes,
    lp_extra(fields, f, lp_positions(fields, ['time', 'event', 'msgid', 'from', 'to', 'bytes'])) AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN array_length(f) < 6 THEN 'cut short: ' || array_length(f) || ' of 6 fields'
        WHEN ts IS NULL THEN 'no readable date and time'
        WHEN event IS NULL THEN 'no event'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM named
