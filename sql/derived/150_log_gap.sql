-- What is missing from the logs. One row: one gap, with the rules that know less because of it.
-- reason: missing file (a number is left out in the names of one day's files), no file (days without a
-- file of a log that has one for each day; it may have had nothing to log), missing records (record
-- numbers of an event log are left out or cut off, and no copy of it has them), cleared (an event log was cleared),
-- silent (hours without a row while other logs have some; less likely than 1 in 1,000 by how often this
-- log speaks at that time of day; from the last row of the hour before to the first of the hour after), rolled over (an event log begins with a high record number, later than
-- other logs of its host). sure: something is missing; else it may be that nothing was to be logged.
CREATE OR REPLACE TABLE log_gap AS
WITH RECURSIVE placed AS (  -- one row: one file of a log; a host that nobody names is the one of its folder
    SELECT
        s.host, k.kind AS log, s.status, s.first_ts, s.last_ts, coalesce(s.host, regexp_extract(s.path, '^(.*)[/!][^/!]*$', 1)) AS place,
        lower(regexp_extract(s.path, '([^/!]*)$', 1)) AS file,
        -- MSGTRK2022091915-1.LOG, RECV20230111-2.LOG: prefix, day or hour, number
        regexp_extract(s.path, '([^/!]*?)[0-9]{8,10}-[0-9]+[.][^/!]*$', 1) AS prefix,
        regexp_extract(s.path, '([0-9]{8,10})-[0-9]+[.][^/!]*$', 1) AS day,
        try_cast(regexp_extract(s.path, '[0-9]{8,10}-([0-9]+)[.][^/!]*$', 1) AS INTEGER) AS number
    FROM source AS s
    JOIN log_kind AS k ON k.format = s.format
),

numbered AS (
    SELECT
        host, place, log, prefix, day, number, last_ts,
        lead(number) OVER (PARTITION BY place, log, prefix, day ORDER BY number) AS next_number,
        lead(first_ts) OVER (PARTITION BY place, log, prefix, day ORDER BY number) AS next_ts
    FROM (
        SELECT host, place, log, prefix, day, number, min(first_ts) AS first_ts, max(last_ts) AS last_ts
        FROM placed
        WHERE number IS NOT NULL AND prefix <> '' AND status IN ('loaded', 'partial', 'duplicate')
        GROUP BY host, place, log, prefix, day, number
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

-- ex070906.log, ex07090613.log; MSGTRK20230111-1.LOG, SEND2023011105-1.LOG, 20070906.log; packed ones too
dated AS (
    SELECT
        *,
        CASE
            WHEN regexp_matches(file, '^(u_)?(ex|in|nc)[0-9]{6}([0-9]{2})?[.]log') THEN regexp_extract(file, '^((?:u_)?[a-z]+)', 1)
            ELSE regexp_extract(file, '^([a-z0-9_]*?)(?:19|20)[0-9]{6}(?:[0-9]{2})?(?:-[0-9]+)?[.]log', 1)
        END AS family,
        CASE
            WHEN regexp_matches(file, '^(u_)?(ex|in|nc)[0-9]{6}([0-9]{2})?[.]log')
                THEN regexp_replace(regexp_extract(file, '([0-9]{6})', 1), '^([0-9]{2})([0-9]{2})([0-9]{2})$', CASE WHEN regexp_matches(file, '^(u_)?..[89]') THEN '19' ELSE '20' END || '\1-\2-\3', 'g')
            ELSE regexp_replace(regexp_extract(file, '^[a-z0-9_]*?((?:19|20)[0-9]{6})(?:[0-9]{2})?(?:-[0-9]+)?[.]log', 1), '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\1-\2-\3', 'g')
        END AS date_text
    FROM placed
),

told AS (  -- one row: one day of one log that has a file for it; day_no: days since 1970-01-01
    SELECT
        host, place, log, family, CAST(floor(lp_us(try_cast(date_text AS TIMESTAMP)) / 86400000000.0) AS BIGINT) AS day_no,
        max(lp_us(last_ts) - lp_us(first_ts)) AS length
    FROM dated
    WHERE try_cast(date_text AS TIMESTAMP) IS NOT NULL
    GROUP BY ALL
),

counted AS (  -- 1970-01-01 was a Thursday: days 2 and 3 of each week from there are the weekend
    SELECT
        *,
        2 * floor((day_no - 2) / 7.0) + least((day_no - 2) % 7, 1) + 1 AS weekends,  -- Saturdays and Sundays up to this day
        CASE WHEN day_no % 7 IN (2, 3) THEN 1 ELSE 0 END AS weekend
    FROM told
),

stepped AS (
    SELECT
        *,
        lead(day_no) OVER days AS next_no,
        lead(weekends) OVER days - lead(weekend) OVER days - weekends AS weekends_out,
        sum(weekend) OVER whole AS weekends_in,
        count(*) OVER whole - sum(weekend) OVER whole AS workdays_in,
        max(weekends) OVER whole - min(weekends - weekend) OVER whole AS weekends_all,
        max(day_no) OVER whole - min(day_no) OVER whole + 1 AS days_all,
        max(length) OVER whole AS longest
    FROM counted
    WINDOW
        days AS (PARTITION BY place, log, family ORDER BY day_no),
        whole AS (PARTITION BY place, log, family)
),

absent AS (  -- one row: days in a row without a file, of which one at least is of a kind that mostly has one
    SELECT
        host, place, log, family,
        TIMESTAMP '1970-01-01' + (day_no + 1) * INTERVAL 1 DAY AS from_ts,
        TIMESTAMP '1970-01-01' + next_no * INTERVAL 1 DAY AS until_ts,
        next_no - day_no - 1 AS missing
    FROM stepped
    WHERE next_no - day_no > 1
      AND longest <= 27 * 3600000000  -- files of a day, by the clock of its zone, and not of a week or month
      AND (
          (
              next_no - day_no - 1 > weekends_out
              AND 2 * workdays_in >= days_all - weekends_all - (next_no - day_no - 1 - weekends_out)
          )
          OR (weekends_out > 0 AND weekends_in > 0 AND 2 * weekends_in >= weekends_all - weekends_out)
      )
),

no_file AS (
    SELECT
        a.host, a.log, 'no file' AS reason, a.from_ts, a.until_ts, CAST(a.missing AS BIGINT) AS missing,
        'no file ' || CASE WHEN a.family = '' THEN '' ELSE a.family || '* ' END
            || 'for ' || substr(CAST(a.from_ts AS VARCHAR), 1, 10)
            || CASE WHEN a.missing > 1 THEN ' to ' || substr(CAST(a.until_ts - INTERVAL 1 DAY AS VARCHAR), 1, 10) ELSE '' END
            || CASE WHEN a.missing > 1 THEN ': nothing was logged, or the files are missing' ELSE ': nothing was logged, or the file is missing' END
            AS what
    FROM absent AS a
    WHERE NOT EXISTS (  -- a file of many days may hold them
        SELECT 1
        FROM dated AS d
        WHERE d.place = a.place AND d.log = a.log AND try_cast(d.date_text AS TIMESTAMP) IS NULL
          AND d.first_ts < a.until_ts AND d.last_ts >= a.from_ts
    )
),

brought AS (  -- one row: one record of one log, as its channel or else its file names it
    SELECT
        coalesce(e.host, s.host) AS host, coalesce(e.channel, s.path) AS label, e.record, min(e.ts) AS ts,
        max(CASE WHEN e.channel IS NULL THEN 0 ELSE 1 END) AS named,
        -- whether another copy brought some of the file's records
        max(CASE WHEN s.duplicates > 0 THEN 1 ELSE 0 END) AS shared,
        -- a text export is a selection: what it has is there, what it lacks is no gap
        max(CASE WHEN lp_text_export(e.note) THEN 0 ELSE 1 END) AS proper
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE NOT (lp_text_export(e.note) AND ends_with(e.note, 'numbered by line'))
    GROUP BY ALL
),

edge AS (  -- one row: one record that is not followed by the next one in its file
    SELECT host, label, record, ts, named, shared, next_ts
    FROM (
        SELECT
            *,
            lead(record) OVER (PARTITION BY host, label ORDER BY record) AS next_record,
            lead(ts) OVER (PARTITION BY host, label ORDER BY record) AS next_ts
        FROM brought
    ) AS one
    WHERE next_record IS NULL OR next_record > record + 1
),

bordering AS (  -- one row: two files of which one goes on, within the hour, where the other one breaks off
    SELECT DISTINCT e.host, least(e.label, b.label) AS one, greatest(e.label, b.label) AS other
    FROM edge AS e
    JOIN brought AS b ON b.host = e.host AND b.record = e.record + 1 AND b.label <> e.label
    WHERE e.named + b.named < 2 AND e.shared + b.shared > 0
      AND lp_us(b.ts) >= lp_us(e.ts) - 3600000000
      AND (e.next_ts IS NULL OR lp_us(b.ts) <= lp_us(e.next_ts) + 3600000000)
),

foreign_pair AS (  -- the records that both files have were taken out of one: files that still share numbers are of two logs
    SELECT DISTINCT p.host, p.one, p.other
    FROM bordering AS p
    JOIN brought AS a ON a.host = p.host AND a.label = p.one
    JOIN brought AS b ON b.host = p.host AND b.label = p.other AND b.record = a.record
),

twin AS (
    SELECT p.host, p.one, p.other
    FROM bordering AS p
    LEFT JOIN foreign_pair AS f ON f.host = p.host AND f.one = p.one AND f.other = p.other
    WHERE f.host IS NULL
),

reach (host, label, other) AS (  -- copies of copies
    SELECT host, one, one FROM twin
    UNION
    SELECT host, other, other FROM twin
    UNION
    SELECT r.host, r.label, CASE WHEN c.one = r.other THEN c.other ELSE c.one END
    FROM reach AS r
    JOIN twin AS c ON c.host = r.host AND r.other IN (c.one, c.other)
),

one_name AS (  -- one row: one file that has copies, and the name of the log that they make together
    SELECT r.host, r.label, coalesce(min(CASE WHEN n.named = 1 THEN r.other END), min(r.other)) AS channel
    FROM reach AS r
    JOIN (SELECT DISTINCT host, label, named FROM brought) AS n ON n.host = r.host AND n.label = r.other
    GROUP BY r.host, r.label
),

stored AS (  -- one row: one record of one log, from all copies of it
    SELECT b.host, coalesce(n.channel, b.label) AS channel, b.record, min(b.ts) AS ts, min(b.shared) AS shared, max(b.proper) AS proper
    FROM brought AS b
    LEFT JOIN one_name AS n ON n.host = b.host AND n.label = b.label
    GROUP BY b.host, coalesce(n.channel, b.label), b.record
),

told_too AS (  -- with how many records so far are in text exports alone
    SELECT *, sum(1 - proper) OVER (PARTITION BY host, channel ORDER BY record) AS told
    FROM stored
),

followed AS (  -- held: records in between that text exports have
    SELECT
        host, channel, record, ts,
        lead(record) OVER (PARTITION BY host, channel ORDER BY record) AS next_record,
        lead(ts) OVER (PARTITION BY host, channel ORDER BY record) AS next_ts,
        lead(told) OVER (PARTITION BY host, channel ORDER BY record) - told AS held
    FROM told_too
    WHERE proper = 1
),

missing_record AS (
    SELECT
        host, 'events' AS log, 'missing records' AS reason, ts AS from_ts, next_ts AS until_ts,
        CAST(next_record - record - 1 - held AS BIGINT) AS missing,
        channel || CASE
            WHEN next_record - record = 2 THEN ': record ' || CAST(record + 1 AS VARCHAR)
            ELSE ': records ' || CAST(record + 1 AS VARCHAR) || ' to ' || CAST(next_record - 1 AS VARCHAR)
        END || CASE WHEN held > 0 THEN ', but for ' || CAST(held AS VARCHAR) || ' in a text export' ELSE '' END AS what
    FROM followed
    WHERE next_record - record - 1 > held
),

cut AS (  -- one row: one file that breaks off before the newest record that its header knows
    SELECT
        b.host, coalesce(n.channel, b.label) AS channel, b.record, b.ts,
        CAST(regexp_extract(s.note, 'are missing, (?:at least )?up to ([0-9]+)', 1) AS BIGINT) AS newest
    FROM source AS s
    JOIN windows_event AS e ON e.source_id = s.source_id
    JOIN brought AS b
        ON b.host = coalesce(e.host, s.host) AND b.label = coalesce(e.channel, s.path) AND b.record = e.record
    LEFT JOIN one_name AS n ON n.host = b.host AND n.label = b.label
    WHERE regexp_matches(s.note, 'records after number [0-9]+ are missing, (at least )?up to [0-9]+')
      AND NOT e.recovered
      AND e.record = CAST(regexp_extract(s.note, 'records after number ([0-9]+) are missing', 1) AS BIGINT)
),

cut_off AS (  -- no copy goes on behind it; until when the log went on nobody tells, at most as the host's others
    SELECT
        c.host, 'events' AS log, 'missing records' AS reason, c.ts AS from_ts,
        greatest(c.ts, coalesce(max(o.last_ts), c.ts)) AS until_ts,
        CAST(c.newest - c.record AS BIGINT) AS missing,
        c.channel || ': records ' || CAST(c.record + 1 AS VARCHAR) || ' to ' || CAST(c.newest AS VARCHAR) || ', the file is cut' AS what
    FROM cut AS c
    JOIN followed AS f ON f.host = c.host AND f.channel = c.channel AND f.record = c.record AND f.next_record IS NULL
    LEFT JOIN coverage AS o ON o.host = c.host
    GROUP BY c.host, c.ts, c.newest, c.record, c.channel
),

begun AS (
    SELECT host, channel, min(record) AS first_record, min(ts) AS first_ts
    FROM stored
    GROUP BY host, channel
    HAVING min(shared) = 0  -- what another copy brought stands there
       AND max(proper) = 1
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

clearing AS (  -- one row: one event that says that a log was cleared: 104 of any log, 1102 and 517 of Security
    SELECT
        coalesce(e.host, s.host) AS host, e.ts,
        coalesce(n.channel, e.channel, s.path) AS stands_in, e.record,
        CASE WHEN e.event_id = 104 THEN coalesce(nullif(regexp_extract(e.data, '"Channel":"([^"]*)"', 1), ''), 'an event log') ELSE 'Security' END AS cleared,
        CASE
            WHEN e.event_id = 517 THEN e.strings[5] || '\' || e.strings[4]
            ELSE nullif(regexp_extract(e.data, '"SubjectDomainName":"([^"]*)"', 1) || '\' || regexp_extract(e.data, '"SubjectUserName":"([^"]*)"', 1), '\')
        END AS by_whom
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    LEFT JOIN one_name AS n ON n.host = coalesce(e.host, s.host) AND n.label = coalesce(e.channel, s.path)
    WHERE (e.event_id IN (104, 1102) AND lower(e.provider) = 'microsoft-windows-eventlog')
       OR (e.event_id = 517 AND lower(e.provider) = 'security')
),

clearing_since AS (  -- when the log that was cleared spoke last before, as far as a copy has it
    SELECT c.host, c.cleared, c.stands_in, c.record, c.ts, c.by_whom, max(b.ts) AS spoke, max(b.record) AS last_record
    FROM clearing AS c
    LEFT JOIN stored AS b
        ON b.host = c.host AND b.ts <= c.ts AND b.record <> c.record
        AND b.channel = CASE WHEN c.cleared = 'Security' THEN c.stands_in ELSE c.cleared END
    GROUP BY c.host, c.cleared, c.stands_in, c.record, c.ts, c.by_whom
),

clearing_from AS (
    SELECT
        c.host, c.cleared, c.ts, c.by_whom, coalesce(c.spoke, least(s.first_hour, c.ts), c.ts) AS from_ts,
        row_number() OVER (
            PARTITION BY c.host, c.by_whom, date_trunc('hour', c.ts)
            ORDER BY CASE WHEN c.cleared IN ('System', 'Application', 'Security') THEN 0 ELSE 1 END, c.cleared, c.ts
        ) AS place
    FROM clearing_since AS c
    LEFT JOIN span AS s ON s.host = c.host
    -- where a copy has the record right before, nothing is lost
    WHERE NOT (c.cleared IN ('Security', c.stands_in) AND coalesce(c.last_record + 1 = c.record, false))
),

cleared AS (  -- one row: the logs that one account cleared in one hour
    SELECT
        host, 'events' AS log, 'cleared' AS reason, min(from_ts) AS from_ts, max(ts) AS until_ts, CAST(NULL AS BIGINT) AS missing,
        string_agg(CASE WHEN place <= 5 THEN cleared END, ', ' ORDER BY place)
            || CASE WHEN count(*) > 5 THEN ' and ' || CAST(count(*) - 5 AS VARCHAR) || ' more' ELSE '' END
            || CASE WHEN count(*) = 1 THEN ': the log was cleared at ' ELSE ': the logs were cleared at ' END
            || substr(CAST(min(ts) AS VARCHAR), 1, 16) || coalesce(' by ' || by_whom, '') AS what
    FROM clearing_from
    GROUP BY host, by_whom, date_trunc('hour', ts)
),

spoken_hour AS (  -- hours in which any log of any host speaks
    SELECT DISTINCT hour FROM coverage
),

spoken_span AS (
    SELECT host, log, min(hour) AS first_hour, max(hour) AS last_hour
    FROM coverage
    WHERE host IS NOT NULL  -- logs of which nobody knows the host may be of several
    GROUP BY host, log
),

slot AS (
    SELECT
        p.host, p.log, h.hour, c.first_ts, c.last_ts,
        CASE WHEN c.hour IS NULL THEN 0 ELSE 1 END AS spoke,
        lp_us(h.hour) / 3600000000 % 24 AS day_hour,
        -- 1970-01-01 was a Thursday: days 2 and 3 of each week from there are the weekend
        CASE WHEN floor(lp_us(h.hour) / 86400000000.0) % 7 IN (2, 3) THEN 1 ELSE 0 END AS weekend
    FROM spoken_span AS p
    JOIN spoken_hour AS h ON h.hour BETWEEN p.first_hour AND p.last_hour
    LEFT JOIN coverage AS c ON c.host = p.host AND c.log = p.log AND c.hour = h.hour
),

paced AS (  -- how often this log speaks at this time of day, of working days and weekends apart
    SELECT
        host, log, hour, spoke, last_ts,
        min(first_ts) OVER (PARTITION BY host, log ORDER BY hour ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_ts,
        (sum(spoke) OVER same_time + 0.5) / (count(*) OVER same_time + 1.0) AS share,
        sum(spoke) OVER (PARTITION BY host, log ORDER BY hour) AS run
    FROM slot
    WINDOW same_time AS (PARTITION BY host, log, day_hour, weekend)
),

quiet AS (  -- each run begins with the hour that speaks before it
    SELECT
        host, log, min(CASE WHEN spoke = 0 THEN hour END) AS from_hour, max(hour) + INTERVAL 1 HOUR AS until_hour,
        max(last_ts) AS last_ts, max(CASE WHEN spoke = 0 THEN next_ts END) AS next_ts,
        sum(1 - spoke) AS hours, sum(CASE WHEN spoke = 0 THEN ln(1.0 - share) ELSE 0.0 END) AS chance
    FROM paced
    GROUP BY host, log, run
    HAVING min(spoke) = 0
),

silence AS (  -- hours in which nobody speaks stand between some: of these nothing is known
    SELECT
        host, log, hours, chance,
        CASE WHEN last_ts >= from_hour - INTERVAL 1 HOUR THEN last_ts ELSE from_hour END AS from_ts,
        CASE WHEN next_ts < until_hour + INTERVAL 1 HOUR THEN next_ts ELSE until_hour END AS until_ts
    FROM quiet
),

silent AS (
    SELECT
        host, log, 'silent' AS reason, from_ts, until_ts, CAST(hours AS BIGINT) AS missing,
        'no row in ' || CAST(hours AS VARCHAR) || ' h in which other logs speak' AS what
    FROM silence
    -- an event log speaks when something happens: its record numbers tell what is missing
    WHERE chance < ln(0.001) AND log <> 'events'
),

fileless AS (  -- one row: one silence, with days of it that have no file
    SELECT s.host, s.log, s.from_ts, string_agg(n.what, '; ' ORDER BY n.from_ts, n.what) AS what
    FROM silent AS s
    JOIN no_file AS n ON n.host = s.host AND n.log = s.log AND n.from_ts < s.until_ts AND n.until_ts > s.from_ts
    GROUP BY s.host, s.log, s.from_ts
)

SELECT
    g.host, g.log, g.reason, g.from_ts, g.until_ts, g.missing, g.what,
    (
        SELECT string_agg(n.rule, ', ' ORDER BY n.rule)
        FROM rule_need AS n
        WHERE n.kind = g.log AND n.rule <> 'log-gap'
    ) AS weakens,
    g.reason NOT IN ('no file', 'silent') AS sure
FROM (
    SELECT * FROM missing_file
    UNION ALL
    SELECT * FROM missing_record
    UNION ALL
    SELECT * FROM cut_off
    UNION ALL
    SELECT * FROM rolled
    UNION ALL
    SELECT * FROM cleared
    UNION ALL
    SELECT s.host, s.log, s.reason, s.from_ts, s.until_ts, s.missing, s.what || coalesce('; ' || f.what, '')
    FROM silent AS s
    LEFT JOIN fileless AS f ON f.host = s.host AND f.log = s.log AND f.from_ts = s.from_ts
    UNION ALL
    SELECT n.*
    FROM no_file AS n
    WHERE NOT EXISTS (  -- told with the silence
        SELECT 1
        FROM silent AS s
        WHERE s.host = n.host AND s.log = n.log AND n.from_ts < s.until_ts AND n.until_ts > s.from_ts
    )
) AS g;
