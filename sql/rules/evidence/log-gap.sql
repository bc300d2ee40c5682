/*
title = "Logs of $host have a gap"
severity = "info"
summary = "$gaps gaps, $hours hours in all, the longest $longest_h hours."
needs = ["any log, with others beside it"]
why = "What a log does not tell did not necessarily not happen. Rules that live on this log know less over these hours: they may miss an incident, and what they call idle may have been tried. Where a log begins or ends is no gap, and neither is the time in which the host was shut down."
todo = "Collect the missing files or records if they still exist. Else read the incidents of these hours with care."
references = []

[params]
long_h = 6            # hours of one gap, from which on it is low
many_records = 1000   # missing records of an event log, from which on it is low
together_h = 24       # hours between two gaps that still make one incident
shown = 10            # gaps told one by one, the longest first
down_edge_min = 60    # minutes by which a shutdown may be shorter than the silence it explains
*/

WITH gap AS (
    SELECT
        host, log, reason, least(from_ts, until_ts) AS from_ts, greatest(from_ts, until_ts) AS until_ts,
        missing, what,
        -- rules read System and Application, not the channels of single components
        CASE WHEN NOT (reason IN ('missing records', 'cleared') AND starts_with(what, 'Microsoft-Windows-')) THEN weakens END AS weakens
    FROM log_gap
    WHERE host IS NOT NULL AND from_ts IS NOT NULL AND until_ts IS NOT NULL
      AND reason <> 'rolled over'  -- old records make room for new ones: where a log begins
),

unexplained AS (  -- a host or a service that was shut down writes nothing
    SELECT g.*
    FROM gap AS g
    WHERE NOT EXISTS (
        SELECT 1
        FROM restart AS r
        WHERE g.reason = 'silent' AND r.host = g.host AND r.stop_at IS NOT NULL
          AND (r.service = 'host' OR (r.mail AND g.log IN ('smtp', 'tracking', 'connectivity', 'clients')))
          AND lp_us(r.stop_at) <= lp_us(g.from_ts) + lp_minutes($down_edge_min)
          AND lp_us(r.start_at) >= lp_us(g.until_ts) - lp_minutes($down_edge_min)
    )
),

turning_away AS (  -- hours in which a server took no mail (rule back-pressure): there is less to write
    SELECT DISTINCT coalesce(e.host, s.host) AS host, date_trunc('hour', e.ts) AS hour
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'in' AND e.reply_code = 452 AND e.enhanced = '4.3.1'
    UNION
    SELECT DISTINCT coalesce(e.host, s.host), date_trunc('hour', e.ts)
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id IN (15002, 15006, 15007)
),

shut AS (
    SELECT g.host, g.log, g.reason, g.from_ts, g.what, count(DISTINCT t.hour) AS hours
    FROM unexplained AS g
    JOIN turning_away AS t ON t.host = g.host AND t.hour BETWEEN date_trunc('hour', g.from_ts) AND g.until_ts
    WHERE g.reason = 'silent' AND g.log IN ('smtp', 'tracking', 'connectivity')
    GROUP BY g.host, g.log, g.reason, g.from_ts, g.what
),

open_question AS (
    SELECT g.*
    FROM unexplained AS g
    LEFT JOIN shut AS s
        ON s.host = g.host AND s.log = g.log AND s.reason = g.reason AND s.from_ts = g.from_ts AND s.what = g.what
    -- most of its hours
    WHERE s.hours IS NULL OR s.hours < lp_hours(g.from_ts, g.until_ts) / 2
),

held AS (  -- records of event logs: where most are missing, somebody exported a selection
    SELECT
        coalesce(e.host, s.host) AS host, count(*) AS kept
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    GROUP BY coalesce(e.host, s.host)
),

spaced AS (
    SELECT
        *,
        max(until_ts) OVER (
            PARTITION BY host, log, reason ORDER BY from_ts, until_ts, what
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_until
    FROM open_question
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_until IS NULL OR lp_us(from_ts) - lp_us(before_until) > lp_minutes($together_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, log, reason ORDER BY from_ts, until_ts, what) AS cluster_no
    FROM spaced
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY host, log, reason, cluster_no ORDER BY lp_us(until_ts) - lp_us(from_ts) DESC, missing DESC, from_ts, what
        ) AS n
    FROM numbered
),

sized AS (
    SELECT
        host, log, reason, cluster_no, min(from_ts) AS began, max(until_ts) AS ended, count(*) AS gaps,
        sum(lp_hours(from_ts, until_ts)) AS hours, max(lp_hours(from_ts, until_ts)) AS longest_h, sum(missing) AS missing,
        min(weakens) AS weakens
    FROM ranked
    GROUP BY host, log, reason, cluster_no
),

hit AS (
    SELECT
        z.*,
        z.log || ' ' || z.reason || ' ' || strftime(z.began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        z.reason = 'missing records' AND z.missing > h.kept AS selected,
        CASE
            -- days without a file may be days without anything to log
            WHEN z.reason = 'no file' THEN 'info'
            WHEN z.reason = 'missing records' AND z.missing > h.kept THEN 'info'
            WHEN z.reason IN ('missing records', 'cleared') AND (z.missing < $many_records OR z.weakens IS NULL) THEN 'info'
            WHEN z.reason = 'no file' THEN 'info'  -- it may be that nothing was to be logged
            WHEN z.longest_h >= $long_h THEN 'low'
            ELSE 'info'
        END AS severity
    FROM sized AS z
    LEFT JOIN held AS h ON h.host = z.host
),

witness AS (  -- the file of that log that ends last before, or spans, the gap
    SELECT
        h.host, h.incident_key, s.source_id,
        row_number() OVER (PARTITION BY h.host, h.incident_key ORDER BY s.last_ts DESC, s.source_id) AS n
    FROM hit AS h
    JOIN source AS s ON s.host = h.host AND s.first_ts <= h.began
    JOIN log_kind AS k ON k.format = s.format AND k.kind = h.log
)

SELECT
    h.incident_key, 'cause' AS role, h.severity, r.from_ts AS ts, r.until_ts AS ts_end, h.host, CAST(NULL AS VARCHAR) AS service,
    CASE r.reason
        WHEN 'missing file' THEN 'a file of the ' || r.log || ' log is missing: ' || r.what
        WHEN 'no file' THEN 'the ' || r.log || ' log has no file: ' || r.what
        WHEN 'cleared' THEN 'the event log was cleared: ' || r.what
        WHEN 'missing records' THEN r.missing || ' records of the event log are missing: ' || r.what
        WHEN 'no file' THEN 'the ' || r.log || ' log: ' || r.what
        WHEN 'cleared' THEN 'the event log: ' || r.what
        ELSE 'the ' || r.log || ' log is silent: ' || r.what
    END AS text,
    'longest_h' AS measure, round(lp_hours(r.from_ts, r.until_ts), 1) AS value,
    CASE r.reason
        WHEN 'missing file' THEN r.what || ' of ' || h.host
        ELSE r.log || ' log of ' || h.host || ' from ' || strftime(h.began, '%Y-%m-%d %H:%M') || ' to ' || strftime(h.ended, '%Y-%m-%d %H:%M') || ' UTC'
    END AS missing,
    w.source_id
FROM hit AS h
JOIN ranked AS r ON r.host = h.host AND r.log = h.log AND r.reason = h.reason AND r.cluster_no = h.cluster_no
LEFT JOIN witness AS w ON w.host = h.host AND w.incident_key = h.incident_key AND w.n = 1
WHERE r.n <= $shown
UNION ALL
SELECT
    h.incident_key, 'sign', h.severity, h.began, h.ended, h.host, NULL,
    h.gaps || CASE WHEN h.gaps = 1 THEN ' gap' ELSE ' gaps' END
        || CASE WHEN h.selected THEN '; more records are missing than there: an export of a selection' ELSE '' END
        || coalesce('; these rules know less: ' || h.weakens, '; no rule lives on what is missing'),
    'gaps', 1.0 * h.gaps, NULL, w.source_id
FROM hit AS h
LEFT JOIN witness AS w ON w.host = h.host AND w.incident_key = h.incident_key AND w.n = 1
UNION ALL
SELECT
    h.incident_key, 'sign', h.severity, h.began, h.ended, h.host, NULL,
    'not told: ' || round(h.hours, 1) || ' h', 'hours', round(h.hours, 1), NULL, w.source_id
FROM hit AS h
LEFT JOIN witness AS w ON w.host = h.host AND w.incident_key = h.incident_key AND w.n = 1
