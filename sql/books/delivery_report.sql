-- What one source brought into delivery_report; a mail counts once, however many recipients it
-- reports on. Parameter $source_id.
SELECT
    count(*) FILTER (WHERE recipient_no = 1) AS rows,
    0 AS recovered,
    min(ts) AS first_ts,
    max(ts) AS last_ts,
    min(host) AS host,
    max(host) AS last_host
FROM delivery_report
WHERE source_id = $source_id
