-- Restarts of services and hosts. One row: one start that followed a stop, a crash or a shutdown.
-- service is host for a reboot. kind: requested (stopped cleanly), crash, unclean (power loss or
-- stop error), reboot (clean), unknown. confidence: high (the service control manager or the event log
-- says so), medium (other logs say so). with_boot: part of a reboot of the host.
-- asked: who asked for it, where that is told at most 10 minutes before it began. patched: after an
-- update was installed, at most 6 hours before a reboot or one hour before a service stopped.
-- scheduled: a habit: the same service or host went down at the same time of day (each within 10 minutes
-- of the next by the clock, all within 30) on at least 4 days, at most 8 days apart. Crashes, patches
-- and what follows within the hour are no part of it. A habit in local time that crosses a change of
-- daylight saving is two.
CREATE OR REPLACE TABLE restart AS
WITH stream AS (  -- a crash may be written before or after the stop: look back over the last 15 minutes
    SELECT
        host, service, display, mail, state, ts, text, source_id, record,
        lag(state) OVER ordered AS before_state,
        lag(ts) OVER ordered AS before_ts,
        min(CASE WHEN state = 'crash' THEN ts END) OVER (
            PARTITION BY host, service ORDER BY ts RANGE BETWEEN INTERVAL 15 MINUTE PRECEDING AND CURRENT ROW
        ) AS crash_at
    FROM service_event
    WHERE service <> 'host'
    WINDOW ordered AS (PARTITION BY host, service ORDER BY ts, record, source_id)
),

started AS (
    SELECT
        s.host, s.service, s.display, s.mail, s.ts AS start_at, s.text, s.source_id, s.record,
        CASE WHEN s.before_state IN ('stop', 'crash') THEN s.before_ts END AS stop_at,
        s.before_state, s.crash_at
    FROM stream AS s
    WHERE s.state = 'start'
),

service_restart AS (
    SELECT
        t.host, t.service, t.display, t.mail,
        coalesce(t.crash_at, t.stop_at) AS stop_at,
        t.start_at,
        CASE
            WHEN t.crash_at IS NOT NULL OR t.before_state = 'crash' THEN 'crash'
            WHEN t.stop_at IS NOT NULL THEN 'requested'
            ELSE 'unknown'
        END AS kind,
        t.text, t.source_id, t.record
    FROM started AS t
),

boot AS (
    SELECT
        host, ts, text, source_id, record,
        lag(ts) OVER (PARTITION BY host ORDER BY ts, record) AS before_boot
    FROM service_event
    WHERE service = 'host' AND state = 'boot'
),

down AS (  -- what the host says of going down, with the next boot; 6008 and 41 are written up to a few minutes after 6005
    SELECT
        *,
        min(CASE WHEN state = 'boot' THEN ts END) OVER (
            PARTITION BY host ORDER BY at_us, CASE WHEN state = 'boot' THEN 1 ELSE 0 END, record, source_id
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS boot_ts
    FROM (
        SELECT *, lp_us(ts) - CASE WHEN state = 'unclean' THEN 900000000 ELSE 0 END AS at_us
        FROM service_event
        WHERE service = 'host' AND state IN ('boot', 'shutdown', 'unclean', 'asked')
    )
),

shut AS (  -- the last clean stop, or the unclean one, that belongs to each boot
    SELECT
        b.host, b.ts, b.source_id, b.record, b.text,
        max(CASE WHEN d.state = 'shutdown' AND d.ts <= b.ts THEN d.ts END) AS clean_at,
        -- 6008 knows when it was; 41, of the same boot, does not
        coalesce(max(d.down_ts), max(CASE WHEN d.state = 'unclean' THEN d.ts END)) AS unclean_at,
        max(CASE WHEN d.state = 'asked' AND d.ts <= b.ts THEN d.text END) AS asked
    FROM boot AS b
    LEFT JOIN down AS d
        ON d.host = b.host AND d.boot_ts = b.ts AND d.state <> 'boot'
       AND (b.before_boot IS NULL OR b.before_boot < b.ts)
    GROUP BY b.host, b.ts, b.source_id, b.record, b.text
),

host_restart AS (
    SELECT
        host, 'host' AS service, 'Windows' AS display, true AS mail,
        CASE WHEN unclean_at IS NOT NULL AND unclean_at < ts THEN unclean_at ELSE clean_at END AS stop_at,
        ts AS start_at,
        CASE
            WHEN unclean_at IS NOT NULL THEN 'unclean'
            WHEN clean_at IS NOT NULL THEN 'reboot'
            ELSE 'unknown'
        END AS kind,
        text || coalesce('; ' || asked, '') AS text,
        source_id, record
    FROM shut
),

strong AS (
    SELECT host, service, display, mail, stop_at, start_at, kind, text, source_id, record FROM service_restart
    UNION ALL
    SELECT host, service, display, mail, stop_at, start_at, kind, text, source_id, record FROM host_restart
),

weak AS (  -- one row per group of weak witnesses
    SELECT
        host, service, start_no,
        min(CASE WHEN what = 'start' THEN ts END) AS start_at,
        min(from_ts) AS from_ts,
        max(ts) AS until_ts,
        min(CASE WHEN what = 'stop' THEN ts END) AS first_stop,
        array_to_string(list_sort(list_distinct(list(witness))), ', ') AS text,
        count(DISTINCT witness) AS kinds,
        bool_or(
            witness NOT IN ('log header block', 'message-id counter began again')
            AND NOT regexp_matches(witness, '^SMTP Server counter|iisreset$|^MSExchange(IS|MTA) [0-9]+$|^ESE 101')
            -- this one alone is known to be a signal of a restart
            OR witness = 'SMTP Server counter messages received total fell'
        ) AS enough,
        min(source_id) AS source_id,
        arg_min(record, (source_id, record)) AS record
    FROM weak_start
    GROUP BY host, service, start_no
),

mark AS (  -- strong restarts, and after them what asks for one of its service, of the host or of IIS
    SELECT host, service AS scope, lp_us(start_at) AS at_us, lp_us(start_at) AS strong_us, NULL AS weak_service, NULL AS start_no, NULL AS from_us
    FROM strong
    UNION ALL
    SELECT
        w.host, coalesce(o.other, w.service), lp_us(w.until_ts) + 900000000, NULL, w.service, w.start_no, lp_us(w.from_ts) - 900000000
    FROM weak AS w
    CROSS JOIN (SELECT NULL AS other UNION ALL SELECT 'host' UNION ALL SELECT 'IISADMIN') AS o
),

explained AS (  -- the last strong restart until a quarter of an hour after a witness is no earlier than that before it
    SELECT DISTINCT host, weak_service AS service, start_no
    FROM (
        SELECT
            host, weak_service, start_no, from_us,
            max(strong_us) OVER (
                PARTITION BY host, scope ORDER BY at_us RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS last_us
        FROM mark
    )
    WHERE last_us >= from_us
),

unexplained AS (  -- weak witnesses far from every strong restart of the service or its host
    SELECT
        w.host, w.service, w.start_at, w.text, w.source_id, w.record,
        CASE WHEN w.first_stop < w.start_at THEN w.first_stop END AS stop_at
    FROM weak AS w
    WHERE w.start_at IS NOT NULL AND (w.kinds >= 2 OR w.enough)
      AND NOT EXISTS (
          SELECT 1
          FROM explained AS x
          WHERE x.host = w.host AND x.service = w.service AND x.start_no = w.start_no
      )
),

every AS (
    SELECT
        host, service, display, mail, stop_at, start_at, kind, 'high' AS confidence, text, source_id, record
    FROM strong
    UNION ALL
    SELECT
        host, service, service AS display, true AS mail, stop_at, start_at,
        CASE WHEN stop_at IS NULL THEN 'unknown' ELSE 'requested' END AS kind,
        'medium' AS confidence, text, source_id, record
    FROM unexplained
),

begun AS (  -- a start belongs to a boot from 5 minutes before it to 15 minutes after it
    SELECT
        *,
        coalesce(stop_at, start_at) AS began,
        bool_or(service = 'host') OVER (
            PARTITION BY host ORDER BY start_at RANGE BETWEEN INTERVAL 15 MINUTE PRECEDING AND INTERVAL 5 MINUTE FOLLOWING
        ) AS with_boot
    FROM every
),

numbered AS (
    SELECT *, row_number() OVER (ORDER BY host, service, start_at, source_id, record, text) AS restart_no
    FROM begun
),

wanted AS (  -- whose requests count for each restart: its service's, those for all of inetinfo, the host's
    SELECT restart_no, host, start_at, began, service AS scope FROM numbered
    UNION ALL
    SELECT restart_no, host, start_at, began, 'IISADMIN' AS scope
    FROM numbered
    WHERE service IN ('SMTPSVC', 'W3SVC', 'IMAP4Svc', 'POP3Svc', 'RESvc')
    UNION ALL
    SELECT restart_no, host, start_at, began, 'host' AS scope FROM numbered WHERE with_boot AND service <> 'host'
    UNION ALL
    SELECT restart_no, host, start_at, began, 'update' AS scope FROM numbered
),

step AS (
    SELECT host, CASE kind WHEN 'update' THEN 'update' ELSE service END AS scope, ts, 0 AS step_no, ts AS asked_at, text, NULL AS restart_no, NULL AS began
    FROM restart_request
    UNION ALL
    SELECT host, scope, start_at, 1, NULL, NULL, restart_no, began FROM wanted
),

heard AS (
    SELECT
        scope, restart_no, began,
        last_value(asked_at IGNORE NULLS) OVER so_far AS asked_at,
        last_value(text IGNORE NULLS) OVER so_far AS text
    FROM step
    WINDOW so_far AS (
        PARTITION BY host, scope ORDER BY ts, step_no, text, restart_no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

request AS (  -- the last request before each, and the last update
    SELECT
        n.restart_no,
        max_by(h.text, (h.asked_at, h.scope)) FILTER (
            WHERE h.scope <> 'update' AND lp_us(h.began) - lp_us(h.asked_at) <= lp_minutes(10)
        ) AS asked,
        coalesce(bool_or(
            h.scope = 'update'
            AND lp_us(h.began) - lp_us(h.asked_at) <= CASE WHEN n.with_boot THEN lp_minutes(360) ELSE lp_minutes(60) END
        ), false) AS patched
    FROM numbered AS n
    JOIN heard AS h ON h.restart_no = n.restart_no
    WHERE h.asked_at IS NOT NULL
    GROUP BY n.restart_no
),

known AS (
    SELECT b.*, q.asked, coalesce(q.patched, false) AS patched
    FROM numbered AS b
    LEFT JOIN request AS q ON q.restart_no = b.restart_no
),

deliberate AS (  -- what may be a habit; the first start of a log only shows where it begins
    SELECT
        host, service, start_at, source_id, record, began,
        lag(began) OVER (PARTITION BY host, service ORDER BY began, start_at, source_id, record) AS before_began
    FROM known
    WHERE kind NOT IN ('crash', 'unclean') AND NOT patched
      AND NOT (kind = 'unknown' AND confidence = 'high' AND service <> 'host')
),

clocked AS (  -- the day is looked at from midnight and from noon, so that no habit falls into two
    SELECT d.*, v.shift_h, (lp_us(d.began) + v.shift_h * lp_minutes(60)) % lp_minutes(1440) AS clock_us
    FROM deliberate AS d
    CROSS JOIN (VALUES (0), (12)) AS v (shift_h)
    WHERE d.before_began IS NULL OR lp_us(d.began) - lp_us(d.before_began) > lp_minutes(60)
),

clock_spaced AS (
    SELECT
        *,
        lag(clock_us) OVER (
            PARTITION BY host, service, shift_h ORDER BY clock_us, began, source_id, record
        ) AS before_clock
    FROM clocked
),

clock_grouped AS (
    SELECT
        *,
        sum(CASE WHEN clock_us - before_clock <= lp_minutes(10) THEN 0 ELSE 1 END) OVER (
            PARTITION BY host, service, shift_h ORDER BY clock_us, began, source_id, record
        ) AS clock_no
    FROM clock_spaced
),

day_spaced AS (
    SELECT
        *,
        lag(began) OVER (
            PARTITION BY host, service, shift_h, clock_no ORDER BY began, source_id, record
        ) AS day_before
    FROM clock_grouped
),

day_grouped AS (
    SELECT
        *,
        sum(CASE WHEN lp_us(began) - lp_us(day_before) <= lp_minutes(8 * 1440) THEN 0 ELSE 1 END) OVER (
            PARTITION BY host, service, shift_h, clock_no ORDER BY began, source_id, record
        ) AS run_no
    FROM day_spaced
),

sized AS (
    SELECT
        host, service, start_at, source_id, record,
        count(*) OVER run AS days,
        max(clock_us) OVER run - min(clock_us) OVER run AS width_us
    FROM day_grouped
    WINDOW run AS (PARTITION BY host, service, shift_h, clock_no, run_no)
),

habit AS (
    SELECT DISTINCT host, service, start_at, source_id, record
    FROM sized
    WHERE days >= 4 AND width_us <= lp_minutes(30)
)

SELECT
    k.host, k.service, k.display, k.mail, k.stop_at, k.start_at, k.kind, k.confidence, k.with_boot,
    h.host IS NOT NULL AS scheduled, k.patched, k.asked,
    k.text, k.source_id, k.record
FROM known AS k
LEFT JOIN habit AS h
    ON h.host = k.host AND h.service = k.service AND h.start_at = k.start_at
   AND h.source_id = k.source_id AND h.record = k.record;
