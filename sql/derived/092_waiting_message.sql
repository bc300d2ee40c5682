-- Messages that waited for more than a minute, on the way to one domain. One row: one message and domain
-- on one host, in one kind of log. until_ts: when its last recipient there was served, or the end of the
-- log (still_open). A log that tells no end of any message says nothing about waiting and is left out.
CREATE OR REPLACE TABLE waiting_message AS
WITH telling AS (
    SELECT host, log
    FROM message
    GROUP BY host, log
    HAVING count(ended) > 0
)

SELECT
    m.host, m.log, m.message, coalesce(m.domain, '') AS domain,
    min(m.sender) AS sender,
    min(m.entered) AS entered,
    max(coalesce(m.ended, s.last_ts)) AS until_ts,
    bool_or(m.ended IS NULL) AS still_open,
    bool_and(m.entry_seen) AS entry_seen,
    count(*) AS recipients,
    max(m.tries) AS tries,
    min(m.source_id) AS source_id,
    arg_min(m.record, (m.source_id, m.record)) AS record
FROM message AS m
JOIN telling AS t ON t.host = m.host AND t.log = m.log
JOIN log_span AS s ON s.host = m.host AND s.log = m.log
WHERE lp_us(coalesce(m.ended, s.last_ts)) - lp_us(m.entered) > lp_minutes(1)
GROUP BY m.host, m.log, m.message, coalesce(m.domain, '');
