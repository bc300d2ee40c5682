-- What is missing from the logs. One row: one gap, with the rules that know less because of it.
-- reason: missing file (a number is left out in the names of one day's files), missing records (record
-- numbers of an event log are left out), silent (hours without a row while other logs have some; less
-- likely than 1 in 1,000 by how often this log speaks at that time of day), rolled over (an event log
-- begins with a high record number, later than other logs of its host).
CREATE OR REPLACE TABLE log_gap AS
WITH named AS (  -- MSGTRK2022091915-1.LOG, RECV20230111-2.LOG: prefix, day or hour, number
    SELECT
        s.source_id, s.host, k.kind AS log, s.first_ts, s.last_ts,
        regexp_extract(s.path, '([^/!]*?)[0-9]{8,10}-[0-9]+[.][^/!]*$', 1) AS prefix,
        regexp_extract(s.path, '([0-9]{8,10})-[0-9]+[.][^/!]*$', 1) AS day,
        try_cast(regexp_extract(s.path, '[0-9]{8,10}-([0-9]+)[.][^/!]*$', 1) AS INTEGER) AS number
    FROM source AS s
    JOIN log_kind AS k ON k.format = s.format
    WHERE s.status IN ('loaded', 'partial', 'duplicate')
),

numbered AS (
    SELECT
        host, log, prefix, day, number, last_ts,
        lead(number) OVER (PARTITION BY host, log, prefix, day ORDER BY number) AS next_number,
        lead(first_ts) OVER (PARTITION BY host, log, prefix, day ORDER BY number) AS next_ts
    FROM (
        SELECT host, log, prefix, day, number, min(first_ts) AS first_ts, max(last_ts) AS last_ts
        FROM named
        WHERE number IS NOT NULL AND prefix <> ''
        GROUP BY host, log, prefix, day, number
    ) AS one
),

missing_file AS (
    SELECT
        host, log, 'missing file' AS reason, last_ts AS from_ts, next_ts AS until_ts,
        next_number - number - 1 AS missing,
        prefix || day || '-' || CAST(number + 1 AS VARCHAR)
            || CASE WHEN next_number - number > 2 THEN ' to -' || CAST(next_number - 1 AS VARCHAR) ELSE '' END
            AS what
    FROM numbered
    WHERE next_number - number > 1
),

stored AS (  -- one event log may come in several overlapping exports
    SELECT coalesce(e.host, s.host) AS host, coalesce(e.channel, s.path) AS channel, e.record, min(e.ts) AS ts
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    -- a text export has local times, and no record numbers: its lines are no gaps
    WHERE e.local_ts IS NULL
    GROUP BY ALL
),

followed AS (
    SELECT
        host, channel, record, ts,
        lead(record) OVER (PARTITION BY host, channel ORDER BY record) AS next_record,
        lead(ts) OVER (PARTITION BY host, channel ORDER BY record) AS next_ts
    FROM stored
),

missing_record AS (
    SELECT
        host, 'events' AS log, 'missing records' AS reason, ts AS from_ts, next_ts AS until_ts,
        CAST(next_record - record - 1 AS BIGINT) AS missing,
        channel || ': records ' || CAST(record + 1 AS VARCHAR) || ' to ' || CAST(next_record - 1 AS VARCHAR) AS what
    FROM followed
    WHERE next_record - record > 1
),

begun AS (
    SELECT host, channel, min(record) AS first_record, min(ts) AS first_ts
    FROM stored
    GROUP BY host, channel
),

span AS (
    SELECT host, min(hour) AS first_hour, max(hour) AS last_hour
    FROM coverage
    WHERE log <> 'events'
    GROUP BY host
),

rolled AS (
    SELECT
        b.host, 'events' AS log, 'rolled over' AS reason, s.first_hour AS from_ts, b.first_ts AS until_ts,
        CAST(b.first_record - 1 AS BIGINT) AS missing,
        b.channel || ': begins with record ' || CAST(b.first_record AS VARCHAR) AS what
    FROM begun AS b
    JOIN span AS s ON s.host = b.host
    WHERE b.first_record > 1 AND lp_us(b.first_ts) - lp_us(s.first_hour) > 3600000000
),

spoken_hour AS (  -- hours in which any log of any host speaks
    SELECT DISTINCT hour FROM coverage
),

spoken_span AS (
    SELECT host, log, min(hour) AS first_hour, max(hour) AS last_hour
    FROM coverage
    GROUP BY host, log
),

slot AS (
    SELECT
        p.host, p.log, h.hour,
        CASE WHEN c.hour IS NULL THEN 0 ELSE 1 END AS spoke,
        lp_us(h.hour) / 3600000000 % 24 AS day_hour,
        -- 1970-01-01 was a Thursday: days 2 and 3 of each week from there are the weekend
        CASE WHEN floor(lp_us(h.hour) / 86400000000.0) % 7 IN (2, 3) THEN 1 ELSE 0 END AS weekend
    FROM spoken_span AS p
    JOIN spoken_hour AS h ON h.hour BETWEEN p.first_hour AND p.last_hour
    LEFT JOIN coverage AS c ON c.host IS NOT DISTINCT FROM p.host AND c.log = p.log AND c.hour = h.hour
),

paced AS (  -- how often this log speaks at this time of day, of working days and weekends apart
    SELECT
        host, log, hour, spoke,
        (sum(spoke) OVER same_time + 0.5) / (count(*) OVER same_time + 1.0) AS share,
        sum(spoke) OVER (PARTITION BY host, log ORDER BY hour) AS run
    FROM slot
    WINDOW same_time AS (PARTITION BY host, log, day_hour, weekend)
),

silence AS (
    SELECT
        host, log, min(hour) AS from_ts, max(hour) + INTERVAL 1 HOUR AS until_ts,
        count(*) AS hours, sum(ln(1.0 - share)) AS chance
    FROM paced
    WHERE spoke = 0
    GROUP BY host, log, run
),

silent AS (
    SELECT
        host, log, 'silent' AS reason, from_ts, until_ts, CAST(hours AS BIGINT) AS missing,
        'no row in ' || CAST(hours AS VARCHAR) || ' h in which other logs speak' AS what
    FROM silence
    -- an event log speaks when something happens: its record numbers tell what is missing
    WHERE chance < ln(0.001) AND log <> 'events'
)

SELECT
    g.host, g.log, g.reason, g.from_ts, g.until_ts, g.missing, g.what,
    (
        SELECT string_agg(n.rule, ', ' ORDER BY n.rule)
        FROM rule_need AS n
        WHERE n.kind = g.log
    ) AS weakens
FROM (
    SELECT * FROM missing_file
    UNION ALL
    SELECT * FROM missing_record
    UNION ALL
    SELECT * FROM rolled
    UNION ALL
    SELECT * FROM silent
) AS g;
