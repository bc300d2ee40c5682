-- What one source brought into tracking_event; a line counts once, however many recipients it has.
-- Parameter $source_id.
SELECT
    count(*) FILTER (WHERE recipient_no = 1) AS rows,
    0 AS recovered,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM tracking_event
WHERE source_id = $source_id
