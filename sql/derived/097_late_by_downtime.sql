-- Time after expiry in which nothing could return a message. One row: one message and recipient that ended
-- later than its expiry, where its host or the service that owns the queue was down in between; down_h, hours.
CREATE OR REPLACE TABLE late_by_downtime AS
WITH late AS (
    SELECT
        m.host, m.log, m.message, m.recipient, m.ended,
        m.entered + to_minutes(CAST(p.expire_h * 60 AS INTEGER)) AS due
    FROM message AS m
    JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
    WHERE m.ended IS NOT NULL AND m.wait_h > p.expire_h + p.retry_min / 60.0
),

down AS (  -- a boot counts once, not once more for each service that it starts
    SELECT r.host, r.stop_at, r.start_at
    FROM restart AS r
    JOIN service_weight AS w ON w.service = r.service AND w.queue
    WHERE r.stop_at < r.start_at AND NOT (r.with_boot AND r.service <> 'host')
)

SELECT
    l.host, l.log, l.message, l.recipient,
    sum(lp_hours(greatest(d.stop_at, l.due), least(d.start_at, l.ended))) AS down_h
FROM late AS l
JOIN down AS d ON d.host = l.host AND d.start_at > l.due AND d.stop_at < l.ended
GROUP BY l.host, l.log, l.message, l.recipient;
