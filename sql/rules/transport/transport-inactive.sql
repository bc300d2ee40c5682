/*
title = "The transport service of $host was not active"
severity = "low"
summary = "$connections connections were told that the service is not active, within $minutes minutes; at most $queued messages waited."
needs = ["connection_event (connectivity log)"]
why = "The server that was called answers, but its transport service, or a component of it, is switched off or still starting: mail waits and leaves at once when the service is active again. No error comes back to any sender meanwhile. A few such answers at a restart are ordinary."
todo = "Look at the state of the service and of its components on the server that was called (Get-ServerComponentState: HubTransport, FrontendTransport; inactive after maintenance that nobody ended), and start what is off."
references = ["KB 2866822"]

[params]
apart_h = 6         # hours between two such answers, from which on they are two incidents
long_min = 15       # minutes, from which on it is no restart any more, and low
longer_min = 60     # minutes, from which on it is medium
*/

WITH off AS (
    SELECT o.host, lower(e.destination) AS destination, e.session, e.ts, e.source_id, e.record
    FROM connection_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE contains(lower(e.reason), 'service not active') AND e.destination IS NOT NULL
),

queue AS (  -- the length of the queue stands in the first row of the connection
    SELECT f.source_id, f.session, max(e.queued) AS queued
    FROM (SELECT DISTINCT source_id, session FROM off) AS f
    JOIN connection_event AS e ON e.source_id = f.source_id AND e.session = f.session
    GROUP BY f.source_id, f.session
),

step AS (  -- one row: one such answer, or one connection to the same destination that took mail
    SELECT host, destination, ts, 0 AS good, source_id, session, record FROM off
    UNION ALL
    SELECT o.host, lower(e.destination), e.ts, 1, e.source_id, e.session, e.record
    FROM connection_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    JOIN (SELECT DISTINCT host, destination FROM off) AS f
        ON f.host IS NOT DISTINCT FROM o.host AND f.destination = lower(e.destination)
    WHERE e.messages > 0
),

seen AS (
    SELECT
        *,
        lag(ts) OVER turns AS before_ts,
        lag(good) OVER turns AS before_good,
        lead(CASE WHEN good = 1 THEN ts END) OVER turns AS next_ok
    FROM step
    WINDOW turns AS (PARTITION BY host, destination ORDER BY ts, good, source_id, record)
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR before_good = 1 OR lp_us(ts) - lp_us(before_ts) > lp_minutes($apart_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, destination ORDER BY ts, good, source_id, record) AS spell_no
    FROM seen
),

ranked AS (
    SELECT
        n.*, q.queued,
        row_number() OVER (PARTITION BY n.host, n.destination, n.spell_no ORDER BY n.ts, n.source_id, n.record) AS n
    FROM numbered AS n
    LEFT JOIN queue AS q ON q.source_id = n.source_id AND q.session = n.session
    WHERE n.good = 0
),

spell AS (
    SELECT
        host, destination, spell_no, min(ts) AS began, max(ts) AS last_ts, max(next_ok) AS ended, count(*) AS connections,
        max(queued) AS queued,
        min(CASE WHEN n = 1 THEN source_id END) AS source_id, min(CASE WHEN n = 1 THEN record END) AS record
    FROM ranked
    GROUP BY host, destination, spell_no
),

hit AS (
    SELECT
        *,
        destination || ' ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        coalesce(ended, last_ts) AS until_ts,
        CASE
            WHEN lp_us(coalesce(ended, last_ts)) - lp_us(began) >= lp_minutes($longer_min) THEN 'medium'
            WHEN lp_us(coalesce(ended, last_ts)) - lp_us(began) >= lp_minutes($long_min) THEN 'low'
            ELSE 'info'
        END AS severity
    FROM spell
)

SELECT
    incident_key, 'cause' AS role, severity, began AS ts, until_ts AS ts_end, host, 'MSExchangeTransport' AS service,
    CASE connections WHEN 1 THEN '1 connection' ELSE connections || ' connections' END || ' to ' || destination
        || CASE connections WHEN 1 THEN ' was' ELSE ' were' END || ' told that the service is not active' AS text,
    'connections' AS measure, 1.0 * connections AS value,
    CASE WHEN ended IS NULL THEN 'connectivity log from after ' || strftime(last_ts, '%Y-%m-%d %H:%M') || ' UTC' END AS missing,
    source_id, record
FROM hit
UNION ALL
SELECT
    incident_key, 'sign', severity, began, until_ts, host, 'MSExchangeTransport',
    'from the first answer to ' || CASE WHEN ended IS NULL THEN 'the last' ELSE 'the first connection that took mail' END,
    'minutes', round(lp_hours(began, until_ts) * 60, 1), NULL, source_id, record
FROM hit
UNION ALL
SELECT
    incident_key, 'symptom', severity, began, until_ts, host, 'MSExchangeTransport',
    'up to ' || queued || ' messages waited for ' || destination, 'queued', 1.0 * queued, NULL, source_id, record
FROM hit
WHERE queued > 0
UNION ALL
SELECT
    incident_key, 'release', severity, ended, NULL, host, 'MSExchangeTransport',
    destination || ' took mail again', NULL, NULL, NULL, source_id, record
FROM hit
WHERE ended IS NOT NULL
