/*
title = "How much memory mail processes held, around each incident above info, and over all time"
grain = "One row: one stretch of hours of one process, of one incident, or of all its counters (incident_id empty)."
columns = ["incident_id", "host", "name", "ts", "value", "step_h"]
unknown = "incident_id is empty where the row tells of all time."
empty = "No memory was measured: no counter log with Process or Memory counters was read."
*/
-- Memory beside incidents, as a line to draw, in MiB. value: the highest hourly median of the stretch that begins at ts
-- and lasts step_h hours. Told are the processes of the incident's service, or else those of mail that
-- changed most; where no process was measured, the free memory of the host.
WITH setting AS (
    SELECT
        200 AS points,   -- rows of one process of an incident, at most
        40 AS least,     -- but no fewer than these
        20000 AS budget, -- once all incidents have so many together
        2 AS processes,  -- of one incident, or of one host
        8 AS hosts       -- over all time
),

graph AS (  -- the best counter of each process. Grain: one process of a host; '' is the host's free memory
    SELECT host, coalesce(process, '') AS process, measure, max(value) - min(value) AS change
    FROM memory_hour
    WHERE host IS NOT NULL
    GROUP BY host, coalesce(process, ''), measure
),

best AS (
    SELECT *
    FROM graph
    QUALIFY row_number() OVER (
        PARTITION BY host, process
        ORDER BY CASE measure WHEN 'private' THEN 1 WHEN 'working' THEN 2 WHEN 'available' THEN 3 ELSE 4 END, measure
    ) = 1
),

reach AS (
    SELECT host, min(hour) AS first_hour, max(last_ts) AS last_ts
    FROM memory_hour
    WHERE host IS NOT NULL
    GROUP BY host
),

loud AS (  -- with what went before and came after: a twentieth of its length, two hours at least
    SELECT
        incident_id, host, service, started_at, ended_at,
        to_microseconds(greatest(lp_minutes(120), CAST(floor(coalesce(lp_us(ended_at) - lp_us(started_at), 0) / 20) AS BIGINT))) AS around
    FROM incident
    WHERE severity <> 'info'
),

span AS (  -- grain: one incident, or one host
    SELECT
        i.incident_id, i.host, i.service,
        greatest(date_trunc('hour', i.started_at - i.around), r.first_hour) AS from_hour,
        least(coalesce(i.ended_at + i.around, r.last_ts), r.last_ts) AS until_ts,
        greatest(s.least, least(s.points, s.budget / count(*) OVER ())) AS points
    FROM loud AS i
    JOIN reach AS r ON r.host = i.host
    CROSS JOIN setting AS s
    UNION ALL
    SELECT CAST(NULL AS VARCHAR), r.host, CAST(NULL AS VARCHAR), r.first_hour, r.last_ts, s.points
    FROM (SELECT *, row_number() OVER (ORDER BY host) AS place FROM reach) AS r
    JOIN setting AS s ON s.hosts >= r.place
),

stepped AS (
    SELECT *, greatest(1, CAST(ceil((lp_hours(from_hour, until_ts) + 1) / points) AS BIGINT)) AS step_h
    FROM span
    WHERE from_hour < until_ts
),

own AS (
    SELECT process, service FROM process_service
    UNION
    SELECT process, process FROM best
),

mail AS (
    SELECT DISTINCT process FROM process_service
),

chosen AS (
    SELECT
        s.incident_id, s.host, s.from_hour, s.until_ts, s.step_h, b.process, b.measure,
        row_number() OVER (
            PARTITION BY s.incident_id, s.host
            ORDER BY
                CASE WHEN o.process IS NOT NULL THEN 1 WHEN m.process IS NOT NULL THEN 2 WHEN b.process = '' THEN 3 ELSE 4 END,
                b.change DESC, b.process
        ) AS place
    FROM stepped AS s
    JOIN best AS b ON b.host = s.host
    LEFT JOIN own AS o ON o.process = b.process AND o.service = s.service
    LEFT JOIN mail AS m ON m.process = b.process
),

placed AS (
    SELECT
        c.incident_id, c.host, c.process, c.measure, c.from_hour, c.step_h, h.value,
        CAST(floor(lp_hours(c.from_hour, h.hour) / c.step_h) AS BIGINT) AS place
    FROM chosen AS c
    JOIN setting AS s ON s.processes >= c.place
    JOIN memory_hour AS h
        ON h.host = c.host AND coalesce(h.process, '') = c.process AND h.measure = c.measure
       AND h.hour BETWEEN c.from_hour AND c.until_ts
)

SELECT
    incident_id, host,
    CASE measure
        WHEN 'private' THEN 'Private bytes of ' || process
        WHEN 'working' THEN 'Working set of ' || process
        WHEN 'virtual' THEN 'Virtual bytes of ' || process
        ELSE 'Available memory'
    END AS name,
    'MiB' AS unit,
    from_hour + to_hours(CAST(place * step_h AS INTEGER)) AS ts,
    round(max(value) / 1048576.0, 1) AS value, step_h
FROM placed
GROUP BY incident_id, host, process, measure, from_hour, step_h, place
ORDER BY incident_id NULLS FIRST, host, name, ts
