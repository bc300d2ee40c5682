-- Incidents of growing memory for which known problems are considered. One row: one incident, with its largest growing segment.
-- after_value: the counter within two hours after the segment; gives_back: it fell by half of the growth (NULL: not seen).
CREATE OR REPLACE TABLE leak_case AS
WITH involved AS (
    SELECT
        i.rule, i.host, i.incident_key, lower(i.service) AS process, i.started_at,
        coalesce(i.ended_at, TIMESTAMP '9999-01-01 00:00:00') AS ended_at
    FROM incident AS i
    WHERE i.rule = 'memory-leak' AND i.host IS NOT NULL AND lower(i.service) IN ('inetinfo', 'store')
),

segment AS (
    SELECT
        i.rule, i.host, i.incident_key, i.process,
        t.counter_id, t.object, t.counter, t.seg_from, t.seg_until, t.ended_by, t.cut_at, t.hours, t.first_value, t.last_value, t.growth, t.source_id, t.record,
        row_number() OVER (
            PARTITION BY i.rule, i.host, i.incident_key
            ORDER BY CASE WHEN i.incident_key = t.process || ' ' || t.counter THEN 0 ELSE 1 END, t.growth DESC, t.seg_from, t.counter_id
        ) AS choice
    FROM involved AS i
    JOIN memory_trend AS t
        ON t.host = i.host AND t.process = i.process AND t.kind = 'leak' AND t.seg_from < i.ended_at AND t.seg_until > i.started_at
),

after AS (  -- what the same counter read right after each of those segments
    SELECT s.rule, s.host, s.incident_key, s.choice, min_by(v.value, (v.ts, v.source_id, v.record)) AS after_value
    FROM segment AS s
    CROSS JOIN known_limit AS l
    JOIN counter_sample AS v
        ON v.counter_id = s.counter_id AND v.value IS NOT NULL
       AND lp_us(v.ts) > lp_us(s.seg_until) AND lp_us(v.ts) <= lp_us(s.seg_until) + lp_minutes(l.reading_min)
    WHERE s.ended_by = 'restart'
    GROUP BY s.rule, s.host, s.incident_key, s.choice
),

given_back AS (
    SELECT
        s.rule, s.host, s.incident_key,
        bool_or(a.after_value <= s.last_value - l.gives_back_share * s.growth) AS gives_back,
        -- one restart cuts every counter of the process
        count(DISTINCT coalesce(s.cut_at, s.seg_until)) AS restarts
    FROM segment AS s
    JOIN after AS a ON a.rule = s.rule AND a.host = s.host AND a.incident_key = s.incident_key AND a.choice = s.choice
    CROSS JOIN known_limit AS l
    GROUP BY s.rule, s.host, s.incident_key
),

other AS (  -- the largest growth of another process on the host in that time
    SELECT s.rule, s.host, s.incident_key, max(o.growth) AS growth, max_by(o.process, (o.growth, o.process)) AS process
    FROM segment AS s
    JOIN memory_trend AS o
        ON o.host = s.host AND o.kind = 'leak' AND o.process <> s.process AND NOT starts_with(o.process, '_')
       AND o.seg_from < s.seg_until AND o.seg_until > s.seg_from
    WHERE s.choice = 1
    GROUP BY s.rule, s.host, s.incident_key
),

available AS (  -- free memory: the segment that overlaps most
    SELECT
        s.rule, s.host, s.incident_key,
        -m.slope_per_h * s.hours AS fall,
        row_number() OVER (
            PARTITION BY s.rule, s.host, s.incident_key
            ORDER BY lp_us(least(m.seg_until, s.seg_until)) - lp_us(greatest(m.seg_from, s.seg_from)) DESC, m.counter_id, m.seg_from
        ) AS choice
    FROM segment AS s
    JOIN memory_trend AS m
        ON m.host = s.host AND m.process IS NULL AND m.slope_per_h IS NOT NULL
       AND m.seg_from < s.seg_until AND m.seg_until > s.seg_from
    WHERE s.choice = 1
),

mta AS (  -- the MTA beside the store: seen, and growing
    SELECT s.rule, s.host, s.incident_key, max(CASE WHEN o.kind = 'leak' THEN o.growth ELSE 0 END) AS growth
    FROM segment AS s
    JOIN memory_trend AS o
        ON o.host = s.host AND o.process = 'emsmta' AND o.kind <> 'short' AND o.seg_from < s.seg_until AND o.seg_until > s.seg_from
    WHERE s.choice = 1
    GROUP BY s.rule, s.host, s.incident_key
)

SELECT
    s.rule, s.host, s.incident_key, s.process, s.counter, s.seg_from, s.seg_until, s.ended_by, s.hours, s.growth, s.source_id, s.record,
    b.gives_back, coalesce(b.restarts, 0) AS restarts,
    o.growth AS other_growth, o.process AS other_process, a.fall, m.growth AS mta_growth,
    c.new_domains, c.imap_sessions, c.auth_failures, c.messages, c.corr_new_domains AS corr_domains, c.corr_imap_sessions AS corr_imap, c.corr_auth_failures AS corr_auth, c.corr_messages
FROM segment AS s
LEFT JOIN given_back AS b ON b.rule = s.rule AND b.host = s.host AND b.incident_key = s.incident_key
LEFT JOIN other AS o ON o.rule = s.rule AND o.host = s.host AND o.incident_key = s.incident_key
LEFT JOIN available AS a ON a.rule = s.rule AND a.host = s.host AND a.incident_key = s.incident_key AND a.choice = 1
LEFT JOIN mta AS m ON m.rule = s.rule AND m.host = s.host AND m.incident_key = s.incident_key
LEFT JOIN leak_covariate AS c ON c.host = s.host AND c.process = s.process AND c.seg_from = s.seg_from
WHERE s.choice = 1;

-- Events that show what the growth leads to, in each segment and the hour after it. One row: one incident.
CREATE OR REPLACE TABLE leak_case_event AS
WITH told AS (
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.source_id, e.record,
        CASE
            WHEN starts_with(lower(e.provider), 'service control manager') AND e.event_id = 7011
                 AND regexp_matches(lower(e.strings[2]), 'imap4|iisadmin|iis admin|w3svc|world wide web|smtp') THEN 'hang'
            WHEN starts_with(lower(e.provider), 'service control manager') AND e.event_id IN (7031, 7034)
                 AND regexp_matches(lower(e.strings[1]), 'imap4|iisadmin|iis admin|iis-verwaltung') THEN 'hang'
            WHEN lower(e.provider) = 'application hang' AND e.event_id = 1002 AND starts_with(lower(e.strings[1]), 'inetinfo') THEN 'hang'
            WHEN lower(e.provider) = 'application popup' AND e.event_id = 26
                 AND contains(lower(array_to_string(e.strings, ' ')), 'memory') THEN 'exhausted'
            WHEN lower(e.provider) = 'srv' AND e.event_id IN (2019, 2020) THEN 'exhausted'
            WHEN starts_with(lower(e.provider), 'msexchangeis') AND e.event_id IN (5000, 12800) THEN 'exhausted'
            WHEN lower(e.provider) = 'imap4svc' AND e.level IN (2, 3) THEN 'refused'
            WHEN lower(e.provider) = 'msexchangedsaccess' AND e.level = 2 THEN 'refused'
            WHEN lower(e.provider) = 'imap4svc' THEN 'imap4'
        END AS what
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE starts_with(lower(e.provider), 'service control manager')
       OR lower(e.provider) IN ('application hang', 'application popup', 'srv', 'imap4svc', 'msexchangedsaccess')
       OR starts_with(lower(e.provider), 'msexchangeis')
),

event_log AS (
    SELECT s.host, min(s.first_ts) AS first_ts, max(s.last_ts) AS last_ts
    FROM source AS s
    WHERE s.source_id IN (SELECT source_id FROM service_event)
    GROUP BY s.host
),

imap4 AS (  -- the IMAP4 service as lists, the System log and counters know it: any sign of life
    SELECT host, bool_or(runs) AS runs
    FROM (
        SELECT host, true AS runs FROM service_event WHERE service = 'IMAP4Svc' AND state = 'start'
        UNION ALL
        SELECT coalesce(f.host, s.host), f.kind = 'process_service' OR f.number = 4
        FROM host_fact AS f
        JOIN source AS s ON s.source_id = f.source_id
        WHERE lower(f.subject) = 'imap4svc' AND (f.kind = 'process_service' OR (f.kind = 'service' AND f.name = 'state'))
    )
    GROUP BY host
)

SELECT
    c.rule, c.host, c.incident_key,
    count(*) FILTER (WHERE t.what = 'hang') AS hangs,
    count(*) FILTER (WHERE t.what = 'exhausted') AS exhausted,
    count(*) FILTER (WHERE t.what = 'refused') AS refused,
    count(*) FILTER (WHERE t.what IN ('imap4', 'refused')) AS imap4_events,
    min(t.source_id) FILTER (WHERE t.what IN ('hang', 'exhausted')) AS source_id,
    min_by(t.record, (t.source_id, t.record)) FILTER (WHERE t.what IN ('hang', 'exhausted')) AS record,
    coalesce(bool_or(e.first_ts <= c.seg_until AND e.last_ts >= c.seg_from), false) AS watched,
    bool_or(i.runs) AS imap4_runs
FROM leak_case AS c
CROSS JOIN known_limit AS l
LEFT JOIN told AS t ON t.host = c.host AND t.what IS NOT NULL AND t.ts >= c.seg_from AND lp_us(t.ts) <= lp_us(c.seg_until) + lp_minutes(l.after_min)
LEFT JOIN event_log AS e ON e.host = c.host
LEFT JOIN imap4 AS i ON i.host = c.host
GROUP BY c.rule, c.host, c.incident_key;
