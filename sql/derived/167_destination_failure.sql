-- Failures that speak of a whole destination, between the moments at which it took mail (table delivery_success). One row: one
-- failure. what: name (it could not be looked up) or server (no answer, busy, put off without a reason of one mailbox).
-- log: the kind of log that tells it; the same failure may be a row of each. before_ok, after_ok: when the destination last took mail before the failure, and next took mail; NULL: never in the logs.
CREATE OR REPLACE TABLE destination_failure AS
WITH failed AS (
    SELECT host, log, destination, CASE kind WHEN 'dns' THEN 'name' ELSE 'server' END AS what, ts, text, source_id, record
    FROM delivery_failure
    WHERE kind IN ('dns', 'no-answer', 'busy', 'deferred')
    UNION ALL
    -- reports that quote the failure: 4.4.3, 4.4.4 with words of names
    SELECT b.host, 'report', b.domain, 'name', coalesce(b.last_attempt_ts, b.reported), b.diagnostic, b.source_id, b.record
    FROM bounce AS b
    WHERE b.domain IS NOT NULL AND b.host IS NOT NULL AND coalesce(b.last_attempt_ts, b.reported) IS NOT NULL
      AND b.status IN ('4.4.3', '4.4.4', '4.4.0', '5.4.3')
      AND regexp_matches(lower(coalesce(b.diagnostic, '')), '\bdns\b|name resolution|name server')
      AND NOT regexp_matches(lower(coalesce(b.diagnostic, '')), 'non-?existent|nxdomain|host not found|no such')
),

step AS (  -- one row: one failure, or one answer of the destination
    SELECT host, log, destination, what, ts, 0 AS good, text, source_id, record FROM failed
    UNION ALL
    SELECT w.host, NULL, w.destination, f.what, w.ts, 1, NULL, NULL, NULL
    FROM delivery_success AS w
    JOIN (SELECT DISTINCT host, destination, what FROM failed) AS f ON f.host = w.host AND f.destination = w.destination
),

seen AS (
    SELECT
        *,
        max(CASE WHEN good = 1 THEN ts END) OVER (
            PARTITION BY host, destination, what ORDER BY ts, good, source_id, record, text
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS before_ok,
        min(CASE WHEN good = 1 THEN ts END) OVER (
            PARTITION BY host, destination, what ORDER BY ts, good, source_id, record, text
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS after_ok
    FROM step
)

SELECT host, log, destination, what, ts, text, before_ok, after_ok, source_id, record
FROM seen
WHERE good = 0;
