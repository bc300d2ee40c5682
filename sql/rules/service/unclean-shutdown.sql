/*
title = "Windows on $host went down without a clean shutdown"
severity = "medium"
summary = "It started again; it had been down for $down_min minutes."
needs = ["windows_event (System log)"]
why = "EventLog 6008 or Kernel-Power 41 says that the last shutdown was no clean one: power loss, a stop error, or a reset. Mail in memory and unflushed logs of the last minutes are lost."
todo = "Look for a stop error (event 1001), hardware and power events before it; expect the last minutes of text logs to be missing."
references = ["KB 196452"]

[params]
longest_down_h = 720  # hours; a longer one is taken as a wrong clock and not measured
*/

WITH unclean AS (
    SELECT *
    FROM restart
    WHERE service = 'host' AND kind = 'unclean'
),

back AS (  -- one row: one mail service that came back with such a boot
    SELECT r.*, u.start_at AS boot_at
    FROM unclean AS u
    JOIN restart AS r
        ON r.host = u.host AND r.with_boot AND r.mail AND r.service <> 'host'
       AND lp_us(r.start_at) BETWEEN lp_us(u.start_at) - lp_minutes(5) AND lp_us(u.start_at) + lp_minutes(15)
       AND coalesce(r.stop_at, u.start_at) <= u.start_at  -- a crash after the boot is another matter
)

SELECT
    'boot ' || strftime(start_at, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'symptom' AS role,
    coalesce(stop_at, start_at) AS ts,
    start_at AS ts_end,
    host,
    'host' AS service,
    'Windows ended without a clean shutdown'
        || coalesce(' at ' || strftime(stop_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
        || ' and started at ' || strftime(start_at, '%Y-%m-%d %H:%M:%S') || ' UTC (' || text || ')' AS text,
    'down_min' AS measure,
    CASE WHEN lp_hours(stop_at, start_at) BETWEEN 0 AND $longest_down_h
         THEN round(lp_hours(stop_at, start_at) * 60, 1) END AS value,
    CASE WHEN stop_at IS NULL THEN 'binary data of EventLog 6008, which holds the time of the shutdown' END AS missing,
    source_id,
    record
FROM unclean
UNION ALL
SELECT
    'boot ' || strftime(boot_at, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
    'restart' AS role,
    start_at AS ts,
    CAST(NULL AS TIMESTAMP) AS ts_end,
    host,
    'host' AS service,
    display || ' came back with it (' || text || ')' AS text,
    CAST(NULL AS VARCHAR) AS measure,
    CAST(NULL AS DOUBLE) AS value,
    CAST(NULL AS VARCHAR) AS missing,
    source_id,
    record
FROM back
