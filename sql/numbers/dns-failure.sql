-- Stretches of failures of table destination_failure that speak of names, each of one domain with no success between
-- them. Alone is a domain that fails for 24 hours (persist_h), three times (min_failures, by the log that tells most of them), while three others
-- (min_others) took mail: all of these are one incident. The others, and events 2012, 2013 and 16025 about name
-- servers, form a chain, with at most 60 minutes (pad_min) from one to the next; three stretches at the same time
-- (min_domains), or three events (min_events), make an incident of it. What is left is an incident of its own.
-- A stretch lasts until the domain took mail, or to its last failure. Messages are those of table message that entered
-- after the domain last took mail, at most an expiry before the first failure, still waited then, and ended at
-- most a retry interval and slack after it took mail again. Returned are those that came back.
WITH grouped AS (
    SELECT
        host, destination, before_ok, min(after_ok) AS after_ok, min(began) AS began, max(last_failed) AS last_failed, max(failures) AS failures
    FROM (
        SELECT
            host, destination, before_ok, log, min(after_ok) AS after_ok, min(ts) AS began, max(ts) AS last_failed, count(*) AS failures
        FROM destination_failure
        WHERE what = 'name'
        GROUP BY host, destination, before_ok, log
    )
    GROUP BY host, destination, before_ok
),

stretch AS (
    SELECT
        *, 0 AS event,
        failures >= 3 AND lp_hours(began, last_failed) >= 24 AND (
            SELECT count(DISTINCT h.destination)
            FROM destination_hour AS h
            WHERE h.host = g.host AND h.destination <> g.destination AND h.hour BETWEEN g.began AND g.last_failed
        ) >= 3 AS alone
    FROM grouped AS g
),

link AS (
    SELECT host, destination, before_ok, after_ok, began, last_failed, event FROM stretch WHERE NOT alone
    UNION ALL
    SELECT coalesce(e.host, s.host), NULL, NULL, NULL, e.ts, e.ts, 1
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (2012, 2013))
       OR (lower(e.provider) = 'msexchangetransport' AND e.event_id = 16025)
),

spaced AS (
    SELECT
        *,
        max(last_failed) OVER (PARTITION BY host ORDER BY began ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_last,
        (
            SELECT count(*)
            FROM stretch AS o
            WHERE o.host = k.host AND NOT o.alone AND o.began <= k.began AND o.last_failed + INTERVAL 60 MINUTE >= k.began
        ) AS together
    FROM link AS k
),

numbered AS (
    SELECT *, sum(CASE WHEN lp_hours(before_last, began) <= 1 THEN 0 ELSE 1 END) OVER (PARTITION BY host ORDER BY began) AS chain_no
    FROM spaced
),

chain AS (
    SELECT
        *,
        'servers ' || strftime(min(began) OVER whole, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        max(together) OVER whole >= 3 OR sum(event) OVER whole >= 3 AS many
    FROM numbered
    WINDOW whole AS (PARTITION BY host, chain_no)
),

member AS (
    SELECT host, destination, before_ok, after_ok, began, last_failed, incident_key FROM chain WHERE many OR event = 1
    UNION ALL
    SELECT
        host, destination, before_ok, after_ok, began, last_failed,
        'same domains ' || strftime(min(began) OVER (PARTITION BY host), '%Y-%m-%dT%H:%M:%SZ')
    FROM stretch
    WHERE alone
    UNION ALL
    SELECT
        host, destination, before_ok, after_ok, began, last_failed,
        'domain ' || destination || ' ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ')
    FROM chain
    WHERE NOT many AND event = 0
)

SELECT
    i.incident_id,
    least(min(a.began), min(m.entered)) AS started_at,
    greatest(max(coalesce(a.after_ok, a.last_failed)), max(m.ended)) AS ended_at,
    count(DISTINCT m.message) AS messages,
    nullif(count(DISTINCT CASE WHEN m.outcome = 'returned' THEN m.message END), 0) AS returned,
    nullif(count(DISTINCT a.destination), 0) AS domains,
    round(lp_hours(
        min(a.began) FILTER (WHERE a.destination IS NOT NULL),
        max(coalesce(a.after_ok, a.last_failed)) FILTER (WHERE a.destination IS NOT NULL)
    ), 1) AS hours,
    round(max(m.wait_h), 1) AS longest_wait_h
FROM incident AS i
JOIN member AS a ON a.host = i.host AND a.incident_key = i.incident_key
LEFT JOIN (message AS m JOIN host_retry AS p ON p.host = m.host AND p.log = m.log)
    ON m.host = a.host AND m.domain = a.destination AND m.entry_seen
   AND m.entered <= coalesce(a.after_ok, a.last_failed)
   AND (a.before_ok IS NULL OR m.entered > a.before_ok)
   AND lp_us(m.entered) + m.wait_h * 3600000000 > lp_us(a.began)
   AND lp_us(m.entered) >= lp_us(a.began) - lp_minutes(p.expire_h * 60)
   AND (a.after_ok IS NULL OR lp_us(m.entered) + m.wait_h * 3600000000 <= lp_us(a.after_ok) + lp_minutes(p.retry_min + p.slack_min))
WHERE i.rule = 'dns-failure'
GROUP BY i.incident_id;
