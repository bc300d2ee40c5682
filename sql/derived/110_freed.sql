-- Idle waits that a restart ended. One row: one message and recipient, with the restart that freed it.
-- The first attempt or report after the gap must come within half an hour of the start.
-- sure: proven idle, or idle like the proven ones that the same restart freed, with nothing that
-- speaks for a failing remote host: no failure events where there would be some, and not all mail to its domain waited.
-- proven_queued: proven messages that it freed, each counted once for each domain, as each domain has a queue of its own.
CREATE OR REPLACE TABLE freed AS
WITH candidate AS (
    SELECT
        i.host, i.log, i.message, i.message_id, i.sender, i.recipient, i.domain,
        i.entered, i.ended, i.outcome, i.gap_from, i.gap_until, i.gap_h, i.proof, i.overtaken_at,
        i.others, i.peers, i.failing, i.watched, i.silent_h, i.source_id, i.record, i.end_source_id, i.end_record,
        r.service, r.stop_at, r.start_at, r.kind, r.confidence, r.text AS restart_text,
        r.source_id AS restart_source_id, r.record AS restart_record,
        row_number() OVER (
            PARTITION BY i.host, i.log, i.message, i.recipient
            -- the nearest start; of one reboot's or iisreset's services the one that owns the queue
            ORDER BY
                r.with_boot AND r.service <> 'host',
                w.weight,
                r.start_at DESC, r.source_id, r.record
        ) AS choice
    FROM idle_wait AS i
    CROSS JOIN known_limit AS l
    JOIN restart AS r
        ON r.host = i.host
       AND r.start_at > i.gap_from
       AND lp_us(i.gap_until) - lp_us(r.start_at) BETWEEN -lp_minutes(1) AND lp_minutes(l.burst_min)
    JOIN service_weight AS w ON w.service = r.service AND w.queue
    WHERE i.ended IS NOT NULL
      -- a hole in the log hides attempts: there only an attempt that came too late is proof, and a
      -- report in a W3C log, which does not say what it is about, is none
      AND (i.silent_h <= 20 OR (i.proof = 'overdue' AND NOT (i.log = 'smtp' AND i.outcome = 'returned')))
),

chosen AS (
    SELECT * EXCLUDE (choice) FROM candidate WHERE choice = 1
),

proven AS (
    SELECT
        host, log, start_at,
        count(DISTINCT message || ' ' || coalesce(domain, '')) AS queued, count(DISTINCT recipient) AS recipients
    FROM chosen
    WHERE proof IS NOT NULL
    GROUP BY host, log, start_at
)

SELECT
    c.*,
    p.queued AS proven_queued,
    p.recipients AS proven_recipients,
    c.proof IS NOT NULL
        OR (NOT c.failing AND p.queued IS NOT NULL AND (c.others > 0 OR c.peers = 0 OR c.watched)) AS sure
FROM chosen AS c
LEFT JOIN proven AS p ON p.host = c.host AND p.log = c.log AND p.start_at = c.start_at;
