-- Restarts of services and hosts. One row: one start that followed a stop, a crash or a shutdown.
-- service is host for a reboot. kind: requested (stopped cleanly), crash, unclean (power loss or
-- stop error), reboot (clean), unknown. confidence: high (the service control manager or the event log
-- says so), medium (other logs say so). with_boot: part of a reboot of the host.
CREATE OR REPLACE TABLE restart AS
WITH stream AS (
    SELECT
        host, service, display, mail, state, ts, text, source_id, record,
        lag(state) OVER ordered AS before_state,
        lag(ts) OVER ordered AS before_ts
    FROM service_event
    WHERE service <> 'host'
    WINDOW ordered AS (PARTITION BY host, service ORDER BY ts, record, source_id)
),

started AS (  -- a crash may be written before or after the stop: look back over the last 15 minutes
    SELECT
        s.host, s.service, s.display, s.mail, s.ts AS start_at, s.text, s.source_id, s.record,
        CASE WHEN s.before_state IN ('stop', 'crash') THEN s.before_ts END AS stop_at,
        s.before_state
    FROM stream AS s
    WHERE s.state = 'start'
),

crashed AS (
    SELECT
        t.host, t.service, t.start_at, t.record, t.source_id,
        min(c.ts) AS crash_at
    FROM started AS t
    JOIN service_event AS c
        ON c.host = t.host AND c.service = t.service AND c.state = 'crash'
       AND c.ts <= t.start_at AND lp_us(t.start_at) - lp_us(c.ts) <= 900000000
    GROUP BY t.host, t.service, t.start_at, t.record, t.source_id
),

service_restart AS (
    SELECT
        t.host, t.service, t.display, t.mail,
        coalesce(c.crash_at, t.stop_at) AS stop_at,
        t.start_at,
        CASE
            WHEN c.crash_at IS NOT NULL OR t.before_state = 'crash' THEN 'crash'
            WHEN t.stop_at IS NOT NULL THEN 'requested'
            ELSE 'unknown'
        END AS kind,
        t.text, t.source_id, t.record
    FROM started AS t
    LEFT JOIN crashed AS c
        ON c.host = t.host AND c.service = t.service AND c.start_at = t.start_at
       AND c.record = t.record AND c.source_id = t.source_id
),

boot AS (
    SELECT
        host, ts, text, source_id, record,
        lag(ts) OVER (PARTITION BY host ORDER BY ts, record) AS before_boot
    FROM service_event
    WHERE service = 'host' AND state = 'boot'
),

shut AS (  -- the last clean stop, or the unclean one, that belongs to each boot
    SELECT
        b.host, b.ts, b.source_id, b.record, b.text,
        max(CASE WHEN d.state = 'shutdown' AND d.ts <= b.ts THEN d.ts END) AS clean_at,
        max(CASE WHEN d.state = 'unclean' THEN coalesce(d.down_ts, d.ts) END) AS unclean_at,
        max(CASE WHEN d.state = 'asked' AND d.ts <= b.ts THEN d.text END) AS asked
    FROM boot AS b
    LEFT JOIN service_event AS d
        ON d.host = b.host AND d.service = 'host' AND d.state IN ('shutdown', 'unclean', 'asked')
       -- 6008 and 41 are written at the next boot, up to a few minutes after 6005
       AND lp_us(d.ts) <= lp_us(b.ts) + CASE WHEN d.state = 'unclean' THEN 900000000 ELSE 0 END
       AND (b.before_boot IS NULL OR lp_us(d.ts) > lp_us(b.before_boot) + CASE WHEN d.state = 'unclean' THEN 900000000 ELSE 0 END)
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
        min(ts) AS start_at,
        array_to_string(list_sort(list_distinct(list(witness))), ', ') AS text,
        count(DISTINCT witness) AS kinds,
        bool_or(witness NOT IN ('log header block', 'message-id counter began again')) AS enough,
        min(source_id) AS source_id,
        arg_min(record, (source_id, record)) AS record
    FROM weak_start
    GROUP BY host, service, start_no
),

unexplained AS (  -- weak witnesses far from every strong restart of the service or its host
    SELECT w.host, w.service, w.start_at, w.text, w.source_id, w.record
    FROM weak AS w
    WHERE (w.kinds >= 2 OR w.enough)
      AND NOT EXISTS (
          SELECT 1
          FROM strong AS s
          WHERE s.host = w.host AND s.service IN (w.service, 'host', 'IISADMIN')
            AND abs(lp_us(s.start_at) - lp_us(w.start_at)) <= 900000000
      )
),

every AS (
    SELECT
        host, service, display, mail, stop_at, start_at, kind, 'high' AS confidence, text, source_id, record
    FROM strong
    UNION ALL
    SELECT
        host, service, service AS display, true AS mail, NULL AS stop_at, start_at,
        'unknown' AS kind, 'medium' AS confidence, text, source_id, record
    FROM unexplained
)

SELECT
    e.host, e.service, e.display, e.mail, e.stop_at, e.start_at, e.kind, e.confidence,
    e.service = 'host' OR EXISTS (
        SELECT 1
        FROM host_restart AS h
        WHERE h.host = e.host
          AND lp_us(e.start_at) BETWEEN lp_us(h.start_at) - 300000000 AND lp_us(h.start_at) + 900000000
    ) AS with_boot,
    e.text, e.source_id, e.record
FROM every AS e;
