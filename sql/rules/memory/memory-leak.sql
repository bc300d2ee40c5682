/*
title = "$service on $host takes ever more memory"
severity = "medium"
summary = "It grew by $growth_mib MiB ($growth_pct %) in $hours hours, $slope_mib_per_day MiB a day, in $segments uptime segments."
needs = ["counter_sample: Process(*)\\Private Bytes, Working Set, ID Process; Memory\\Available Bytes"]
why = "Between two restarts the process only grew: by its hourly medians, at every hour of the day, nights included, and still at the end. A load goes up and down, and a cache fills and stays: neither looks like this."
todo = "Find out what grows with it (table leak_covariate): new destination domains, IMAP4 sessions, failed logons, messages. Restart the service before memory is out, in a quiet hour, and note whether memory comes back at once. Known leaks have hotfixes."
references = ["KB 910932", "KB 944903", "Q176708", "Q176709", "KB 325797"]

[params]
address_mib = 2048  # MiB of addresses that a 32-bit process has
soon_h = 336        # hours until memory is out, below which it is high
saw_teeth = 2       # segments that leaked, from which on it is high
again_share = 0.25  # part of the slope of a leak at which a later segment still leaks, be its growth small yet
least_z = 2.326     # Mann-Kendall z of such a segment: 2.326 is p < 0.01, one-sided
*/

WITH judged AS (  -- grain: one counter of one process and segment, as in memory_trend
    SELECT
        t.*,
        CASE t.measure WHEN 'private' THEN 'Private Bytes' WHEN 'working' THEN 'Working Set' ELSE 'Virtual Bytes' END AS name
    FROM memory_trend AS t
    WHERE t.process IS NOT NULL AND t.kind <> 'short'
),

grown AS (  -- by the best counter there is: a working set follows what Windows spares, addresses are reserved early
    SELECT j.*
    FROM judged AS j
    WHERE j.kind = 'leak'
      AND NOT EXISTS (
          SELECT 1
          FROM judged AS b
          WHERE b.host = j.host AND b.process = j.process
            AND b.seg_from < j.seg_until AND b.seg_until > j.seg_from
            AND (
                (j.measure <> 'private' AND b.measure = 'private')
                OR (j.measure = 'virtual' AND b.measure = 'working' AND b.kind = 'leak')
            )
      )
),

first_leak AS (
    SELECT host, process, measure, min(seg_from) AS seg_from, max(slope_per_h) AS slope_per_h
    FROM grown
    GROUP BY host, process, measure
),

leak AS (  -- a restart frees what leaked, and cures nothing: what goes on as steeply goes on leaking
    SELECT * FROM grown
    UNION ALL
    SELECT j.*
    FROM judged AS j
    JOIN first_leak AS f ON f.host = j.host AND f.process = j.process AND f.measure = j.measure
    WHERE j.kind = 'flat' AND j.seg_from > f.seg_from AND NOT j.flat_end AND j.mk_z > $least_z
      AND j.slope_per_h >= $again_share * f.slope_per_h
),

next_start AS (  -- what the process had when it came back. Grain: one leak
    SELECT l.counter_id, l.segment, arg_min(h.value, h.hour) AS value
    FROM leak AS l
    JOIN memory_hour AS h ON h.counter_id = l.counter_id AND h.segment > l.segment
    GROUP BY l.counter_id, l.segment
),

later AS (  -- the last of the process that was judged at all
    SELECT host, process, max(seg_from) AS seg_from
    FROM judged
    GROUP BY host, process
),

modern AS (  -- Exchange 5.5 and later: the store takes what memory is free, and gives it back
    SELECT DISTINCT host FROM product_fact WHERE fact = 'exchange' AND value NOT IN ('4.0', '5.0')
),

wide AS (  -- 64-bit servers: addresses do not run out
    SELECT DISTINCT host FROM product_fact WHERE fact = 'exchange' AND value = 'later'
),

free AS (  -- hours until free memory is gone. Grain: one leak
    SELECT l.counter_id, l.segment, min(a.last_value / nullif(-a.slope_per_h, 0)) AS hours
    FROM leak AS l
    JOIN memory_trend AS a
        ON a.host = l.host AND a.measure = 'available' AND a.kind = 'falling'
       AND a.seg_from < l.seg_until AND a.seg_until > l.seg_from AND lp_us(l.seg_until) - lp_us(a.seg_until) < lp_minutes(720)
    WHERE a.last_value > 0
    GROUP BY l.counter_id, l.segment
),

come_back AS (  -- a restart of one service need not end the process. Grain: one leak
    SELECT
        l.*,
        l.process || ' ' || l.name AS incident_key,
        l.ended_by = 'restart' AND coalesce(n.value <= l.first_value + 0.5 * l.growth, true) AS cleared,
        l.seg_from >= z.seg_from AS newest
    FROM leak AS l
    JOIN later AS z ON z.host = l.host AND z.process = l.process
    LEFT JOIN next_start AS n ON n.counter_id = l.counter_id AND n.segment = l.segment
),

told AS (
    SELECT
        l.*,
        l.newest AND NOT l.cleared AS ongoing,
        CASE WHEN l.cleared THEN l.cut_at WHEN NOT l.newest THEN l.seg_until END AS ts_end,
        count(*) OVER own AS segments,
        row_number() OVER (PARTITION BY l.host, l.incident_key ORDER BY l.seg_from DESC, l.counter_id) AS last_no,
        row_number() OVER (PARTITION BY l.host, l.incident_key ORDER BY l.growth DESC, l.seg_from, l.counter_id) AS size_no,
        CASE
            WHEN w.host IS NULL AND l.last_value < $address_mib * 1048576.0
                 AND l.process IN ('inetinfo', 'store', 'emsmta', 'mad', 'msexcimc')
            THEN ($address_mib * 1048576.0 - l.last_value) / l.slope_per_h
        END AS address_h,
        f.hours AS free_h,
        m.process IS NOT NULL AS mail,
        l.process = 'store' AND o.host IS NOT NULL AS by_design
    FROM come_back AS l
    LEFT JOIN free AS f ON f.counter_id = l.counter_id AND f.segment = l.segment
    LEFT JOIN wide AS w ON w.host = l.host
    LEFT JOIN modern AS o ON o.host = l.host
    LEFT JOIN (SELECT DISTINCT process FROM process_service) AS m ON m.process = l.process
    WINDOW own AS (PARTITION BY l.host, l.incident_key)
),

graded AS (
    SELECT
        *,
        CASE
            WHEN by_design THEN 'info'
            WHEN NOT mail THEN 'low'
            WHEN segments >= $saw_teeth
                 OR min(CASE WHEN last_no = 1 THEN least(address_h, free_h) END) OVER (PARTITION BY host, incident_key) <= $soon_h
            THEN 'high'
            ELSE 'medium'
        END AS severity,
        CASE
            WHEN measure <> 'private' THEN 'counter Process(' || process || ')\Private Bytes of ' || host
            WHEN NOT EXISTS (SELECT 1 FROM memory_hour AS h WHERE h.host = told.host AND h.measure = 'available')
            THEN 'counter Memory\Available Bytes of ' || host
        END AS missing
    FROM told
),

measured AS (  -- grain: one measure of one leak
    SELECT
        *, 'growth_mib' AS m, round(growth / 1048576.0, 1) AS v,
        name || ' of ' || process || ' grew from ' || CAST(round(first_value / 1048576.0) AS BIGINT) || ' to '
            || CAST(round(last_value / 1048576.0) AS BIGINT) || ' MiB in ' || round(hours, 1) || ' h'
            || CASE WHEN by_design THEN '; from Exchange 5.5 on the store takes free memory by design' ELSE '' END AS words
    FROM graded
    UNION ALL
    SELECT
        *, 'growth_pct' AS m, round(growth_pct, 1) AS v,
        'that is ' || round(growth_pct, 1) || ' % of what it began with' AS words
    FROM graded
    WHERE size_no = 1
    UNION ALL
    SELECT
        *, 'slope_mib_per_day' AS m, round(slope_per_h * 24 / 1048576.0, 2) AS v,
        'the trend is ' || round(slope_per_h * 24 / 1048576.0, 2) || ' MiB a day (Theil-Sen; Mann-Kendall z '
            || round(mk_z, 1) || ' over ' || samples || ' samples)' AS words
    FROM graded
    WHERE size_no = 1
    UNION ALL
    SELECT
        *, 'hours' AS m, round(hours, 1) AS v,
        'it grew for ' || round(hours, 1) || ' h without a restart' AS words
    FROM graded
    WHERE size_no = 1
    UNION ALL
    SELECT
        *, 'segments' AS m, CAST(segments AS DOUBLE) AS v,
        CASE WHEN segments = 1 THEN 'it grew so in one uptime segment' ELSE 'it grew so in ' || segments || ' uptime segments, again after a restart' END AS words
    FROM graded
    WHERE last_no = 1
    UNION ALL
    SELECT
        *, 'to_exhaustion_h' AS m, round(least(address_h, free_h), 1) AS v,
        CASE WHEN size_no = 1 THEN 'at this slope ' ELSE 'at the slope of the last segment, ' || round(slope_per_h * 24 / 1048576.0, 2) || ' MiB a day, ' END || CASE WHEN free_h <= coalesce(address_h, free_h) THEN 'the free memory of the host' ELSE 'the addresses of a 32-bit process' END
            || ' would last ' || round(least(address_h, free_h), 1) || ' h more' AS words
    FROM graded
    WHERE last_no = 1 AND NOT by_design AND coalesce(address_h, free_h) IS NOT NULL
),

cleared AS (  -- the first sign of the restart after each leak
    SELECT
        g.host, g.incident_key, g.process, g.severity, g.cut_at, c.text, c.source_id, c.record,
        row_number() OVER (PARTITION BY g.counter_id, g.segment ORDER BY c.text, c.source_id, c.record) AS best
    FROM graded AS g
    JOIN memory_cut AS c ON c.counter_id = g.counter_id AND c.cut_at = g.cut_at AND c.ended_by = 'restart'
    WHERE g.ended_by = 'restart'
),

beside AS (  -- what else is known of the time of each leak
    SELECT
        g.host, g.incident_key, g.process, g.severity, g.seg_from, g.source_id, g.record,
        array_to_string(list_filter([
            CAST(v.new_domains AS VARCHAR) || CASE WHEN v.new_domains = 1 THEN ' domain was sent to' ELSE ' domains were sent to' END
                || coalesce(' (correlation with the growth of an hour ' || round(v.corr_new_domains, 2) || ')', ''),
            CAST(v.messages AS VARCHAR) || ' messages accepted' || coalesce(' (' || round(v.corr_messages, 2) || ')', ''),
            CAST(v.imap_sessions AS VARCHAR) || ' IMAP4 sessions' || coalesce(' (' || round(v.corr_imap_sessions, 2) || ')', ''),
            CAST(v.auth_failures AS VARCHAR) || ' failed logons' || coalesce(' (' || round(v.corr_auth_failures, 2) || ')', ''),
            'free memory went from ' || CAST(round(v.available_first / 1048576.0) AS BIGINT) || ' to '
                || CAST(round(v.available_last / 1048576.0) AS BIGINT) || ' MiB'
                || coalesce(', and after the restart to ' || CAST(round(v.available_after / 1048576.0) AS BIGINT), '')
        ], LAMBDA fact: fact IS NOT NULL), ', ') AS text
    FROM graded AS g
    JOIN leak_covariate AS v ON v.host = g.host AND v.process = g.process AND v.seg_from = g.seg_from
)

SELECT
    incident_key, 'sign' AS role, severity, seg_from AS ts, ts_end, ongoing, host, process AS service,
    words AS text, m AS measure, v AS value,
    CASE WHEN m = 'growth_mib' THEN missing END AS missing,
    source_id, record
FROM measured
UNION ALL
SELECT
    incident_key, 'restart' AS role, severity, cut_at AS ts, CAST(NULL AS TIMESTAMP) AS ts_end, false AS ongoing,
    host, process AS service, text, CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS DOUBLE) AS value,
    CAST(NULL AS VARCHAR) AS missing, source_id, record
FROM cleared
WHERE best = 1
UNION ALL
SELECT
    incident_key, 'context' AS role, severity, seg_from AS ts, CAST(NULL AS TIMESTAMP) AS ts_end, false AS ongoing,
    host, process AS service, 'meanwhile: ' || text AS text, CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS DOUBLE) AS value,
    CAST(NULL AS VARCHAR) AS missing, source_id, record
FROM beside
WHERE text <> ''
