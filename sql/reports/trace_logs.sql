-- Where a message can be looked for. No parameter. One row: one kind of log that names messages, of one host.
WITH kind AS (
    SELECT format, kind FROM log_kind WHERE kind IN ('smtp', 'tracking')
    UNION ALL
    SELECT format, what AS kind FROM momentary WHERE format IN ('ndr', 'mbox', 'badmail', 'mail', 'queue_export', 'folder_listing')
)

SELECT coalesce(s.host, 'unknown host') AS host, k.kind AS log, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
FROM source AS s
JOIN kind AS k ON k.format = s.format
WHERE s.rows > 0
GROUP BY coalesce(s.host, 'unknown host'), k.kind
ORDER BY 1, 2
