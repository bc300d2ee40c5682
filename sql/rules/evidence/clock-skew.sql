/*
title = "The clock of $host was set, or disagrees with that of another host"
severity = "low"
summary = "The clocks of two hosts were up to $offset_s seconds apart. The clock was set by up to $step_s seconds."
needs = ["windows_event for steps of the clock", "tracking_event or smtp_event of two hosts for the distance of their clocks"]
why = "Times of hosts whose clocks differ do not compare: an order of events within the difference is not known. From five minutes on Kerberos refuses logons, and with it mail between Exchange servers. A clock that is set during work makes waits look longer or shorter than they were, and may let mail expire at once."
todo = "See on both hosts how far each clock is from one time server (w32tm /stripchart /computer:time.windows.com /samples:5 /dataonly), and set the time service right (the host of a virtual machine may push its own time). Read times across these hosts with the difference in mind."
references = ["Microsoft: maximum tolerance for computer clock synchronization (5 minutes)", "KB 158399"]

[params]
min_messages = 3     # messages that must show a distance of two clocks
way_s = 30           # seconds that the way of a message may take, where mail goes one way only
low_s = 60           # seconds, from which on it is low
medium_s = 300       # seconds, from which on it is medium
high_s = 3600        # seconds, from which on a distance is high
min_step_s = 60      # seconds; smaller steps are not told
together_h = 24      # hours between two steps that still make one incident
*/

WITH measured AS (  -- one row: one pair of hosts; mail in both directions cancels the way out
    SELECT
        a.from_host, a.to_host, a.messages + coalesce(b.messages, 0) AS messages,
        CASE WHEN b.from_host IS NULL THEN a.offset_s ELSE (a.offset_s - b.offset_s) / 2 END AS offset_s,
        greatest(a.tolerance_s, coalesce(b.tolerance_s, 0)) AS tolerance_s,
        b.from_host IS NULL AS one_way,
        least(a.first_ts, coalesce(b.first_ts, a.first_ts)) AS first_ts,
        greatest(a.last_ts, coalesce(b.last_ts, a.last_ts)) AS last_ts,
        a.source_id, a.record
    FROM clock_offset AS a
    LEFT JOIN clock_offset AS b ON b.from_host = a.to_host AND b.to_host = a.from_host
    WHERE b.from_host IS NULL OR a.from_host < a.to_host
),

apart AS (
    SELECT *
    FROM measured
    WHERE messages >= $min_messages
      -- mail that arrives before it was sent needs no allowance for its way
      AND abs(offset_s) > tolerance_s + CASE WHEN one_way AND offset_s > 0 THEN $way_s ELSE 0 END
),

suspect AS (  -- a host that is apart from more hosts than others are is the wrong one
    SELECT host, count(*) AS pairs
    FROM (SELECT from_host AS host FROM apart UNION ALL SELECT to_host FROM apart)
    GROUP BY host
),

blamed AS (
    SELECT
        a.*,
        CASE WHEN f.pairs > t.pairs THEN a.from_host ELSE a.to_host END AS host,
        CASE WHEN f.pairs > t.pairs THEN a.to_host ELSE a.from_host END AS other,
        f.pairs <> t.pairs AS sure
    FROM apart AS a
    JOIN suspect AS f ON f.host = a.from_host
    JOIN suspect AS t ON t.host = a.to_host
),

shared AS (  -- logs with events of several hosts are in no order
    SELECT source_id
    FROM windows_event
    GROUP BY source_id
    HAVING count(DISTINCT host) > 1
),

step AS (
    SELECT c.*
    FROM clock_step AS c
    LEFT JOIN shared AS s ON s.source_id = c.source_id AND c.known_by = 'record order'
    -- around a boot events stand in another order than their times
    WHERE NOT c.at_boot AND s.source_id IS NULL AND abs(c.step_s) >= $min_step_s AND c.host IS NOT NULL
      AND NOT EXISTS (  -- Windows tells the same step itself
          SELECT 1
          FROM clock_step AS t
          WHERE c.known_by = 'record order' AND t.known_by <> 'record order' AND t.host = c.host
            AND abs(lp_us(t.after_ts) - lp_us(c.after_ts)) <= lp_minutes(2)
      )
),

spaced AS (
    SELECT *, lag(after_ts) OVER (PARTITION BY host ORDER BY after_ts, source_id, record, known_by) AS before_step
    FROM step
),

numbered AS (
    SELECT
        *,
        sum(CASE WHEN before_step IS NULL OR lp_us(after_ts) - lp_us(before_step) > lp_minutes($together_h * 60) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host ORDER BY after_ts, source_id, record, known_by) AS cluster_no
    FROM spaced
),

dated AS (
    SELECT *, min(after_ts) OVER (PARTITION BY host, cluster_no) AS began FROM numbered
)

SELECT
    'apart ' || least(host, other) || ' ' || greatest(host, other) AS incident_key,
    'sign' AS role,
    CASE
        WHEN abs(offset_s) >= $high_s THEN 'high'
        WHEN abs(offset_s) >= $medium_s THEN 'medium'
        WHEN abs(offset_s) >= $low_s THEN 'low'
        ELSE 'info'
    END AS severity,
    first_ts AS ts, last_ts AS ts_end, host, CAST(NULL AS VARCHAR) AS service,
    'the clock of ' || to_host || ' is ' || round(abs(offset_s), 1) || ' s '
        || CASE WHEN offset_s > 0 THEN 'ahead of' ELSE 'behind' END || ' that of ' || from_host
        || ', by ' || messages || ' messages'
        || CASE WHEN sure THEN '' ELSE '; which of the two is wrong, they do not tell' END
        || CASE WHEN one_way AND offset_s > 0 THEN '; mail goes one way only, so that its way is part of it' ELSE '' END AS text,
    'offset_s' AS measure, round(abs(offset_s), 1) AS value,
    CASE
        WHEN NOT sure
        THEN 'clocks of ' || host || ' and ' || other || ' against one time server that both reach: '
            || (SELECT command FROM collect_next WHERE id = 'clock')
    END AS missing,
    source_id, record
FROM blamed
UNION ALL
SELECT
    'set ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ'), 'cause',
    CASE WHEN abs(step_s) >= $medium_s THEN 'medium' ELSE 'info' END,
    after_ts, NULL, host, NULL,
    'the clock of ' || host || ' was set ' || CASE WHEN step_s > 0 THEN 'forward' ELSE 'back' END || ' by ' || round(abs(step_s), 1)
        || ' s, from ' || strftime(before_ts, '%Y-%m-%d %H:%M:%S') || ' to ' || strftime(after_ts, '%Y-%m-%d %H:%M:%S') || ' UTC ('
        || known_by || ')',
    'step_s', round(abs(step_s), 1), NULL, source_id, record
FROM dated
