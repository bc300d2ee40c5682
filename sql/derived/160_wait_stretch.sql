-- Why mail waited. One row: one stretch of at least a minute in the life of a message for a recipient that
-- waited for more than 15 minutes in all, from one touch in its log to the next, with its cause:
--   categorizer        not yet sorted by recipient: the log or its events say so
--   retry-interval     tried or queued again, and the next attempt came within the retry interval and slack
--   remote-4xx         the other side put it off; text has its answer
--   no-answer          the other side did not answer, or the connection broke
--   dns                its name could not be resolved
--   greylisting        put off with words that say so; or once or twice with 4.7.1 or a bare 451, and then taken
--   throttled          slowed down on purpose (4.7.230 and near, THROTTLE)
--   back-pressure      short of resources: 4.3.1, or events 15004 to 15007 of this host
--   service-down       a mail service (host-down: Windows) was down for at least half of the stretch
--   deferred-delivery  tracking says that it was put off, and by no answer
--   idle               an attempt was due and none came, with the proof of idle_wait or freed
--   unknown            nothing in the logs says why
-- A wait like most of these is ordinary: no rule makes an incident of it. A stretch longer than interval and
-- slack is told by what came that shortly before its end, else it is idle or unknown.
CREATE OR REPLACE TABLE wait_stretch AS
WITH telling AS (  -- a log that tells no end of any message says nothing about waiting
    SELECT host, log
    FROM message
    GROUP BY host, log
    HAVING count(ended) > 0
),

slow AS (
    SELECT
        m.host, m.log, m.message, m.recipient, m.domain, m.outcome,
        coalesce(m.ended, s.last_ts) AS until_ts,
        lp_minutes(p.retry_min + p.slack_min) AS due_us
    FROM message AS m
    JOIN telling AS t ON t.host = m.host AND t.log = m.log
    JOIN log_span AS s ON s.host = m.host AND s.log = m.log
    LEFT JOIN host_retry AS p ON p.host = m.host AND p.log = m.log
    WHERE m.wait_h > 15 / 60.0
),

touch AS (
    SELECT
        w.host, w.log, w.message, w.recipient, w.domain, w.outcome, w.until_ts, w.due_us,
        t.what, t.ts, t.source_id, t.record,
        lead(t.ts) OVER life AS next_ts,
        sum(CASE WHEN t.what = 'try' THEN 1 ELSE 0 END) OVER (
            PARTITION BY w.host, w.log, w.message, w.recipient
        ) AS tries
    FROM message_touch AS t
    JOIN slow AS w
        ON w.host = t.host AND w.log = t.log AND w.message = t.message
       AND w.recipient IS NOT DISTINCT FROM t.recipient
    WHERE t.ts <= w.until_ts
    WINDOW life AS (
        PARTITION BY w.host, w.log, w.message, w.recipient ORDER BY t.ts, t.what, t.source_id, t.record
    )
),

stretch AS (
    SELECT
        *,
        ts AS from_ts,
        coalesce(next_ts, until_ts) AS to_ts,
        row_number() OVER (ORDER BY host, log, message, recipient, ts, what, source_id, record) AS stretch_no
    FROM touch
    WHERE lp_us(coalesce(next_ts, until_ts)) - lp_us(ts) >= lp_minutes(1)
),

place AS (
    SELECT DISTINCT source_id, record FROM stretch WHERE log <> 'smtp'
),

row_told AS (  -- what the tracking row at the beginning of a stretch says
    SELECT
        e.source_id, e.record, e.recipient,
        min(e.event) AS event,
        min(e.context) AS context,
        -- Exchange 2000 and 2003 have a number there
        min(CASE WHEN regexp_matches(e.status, '[45][.][0-9]+[.][0-9]|[45][0-9][0-9]') THEN e.status END) AS status
    FROM tracking_event AS e
    JOIN place AS p ON p.source_id = e.source_id AND p.record = e.record
    GROUP BY e.source_id, e.record, e.recipient
),

wanted AS (
    SELECT DISTINCT host, recipient, domain FROM slow
),

put_off AS (  -- attempts that the other side put off or did not answer
    SELECT a.host, a.recipient, a.ts, a.peer, a.reply_code, a.source_id, a.record, a.record - a.record % 256 AS block
    FROM smtp_attempt AS a
    JOIN (SELECT DISTINCT host, recipient FROM wanted) AS w ON w.host = a.host AND w.recipient = a.recipient
    WHERE a.outcome = 'deferred'
),

reply AS (
    SELECT source_id, record, peer, reply_code, argument, record - record % 256 AS block
    FROM smtp_event
    WHERE direction = 'out' AND kind = 'reply' AND reply_code BETWEEN 400 AND 499
),

answer AS (  -- with the words of the reply: the next one of that code, in this block of lines or the next
    SELECT
        a.host, a.recipient, a.ts, a.source_id, a.record,
        min(a.reply_code) AS reply_code,
        min_by(r.argument, r.record) AS argument
    FROM put_off AS a
    CROSS JOIN (VALUES (0), (256)) AS v (step)
    LEFT JOIN reply AS r
        ON r.source_id = a.source_id AND r.peer = a.peer AND r.reply_code = a.reply_code
       AND r.block = a.block + v.step AND r.record > a.record
    GROUP BY a.host, a.recipient, a.ts, a.source_id, a.record
),

answer_text AS (
    SELECT
        host, recipient, ts, source_id, record, reply_code,
        coalesce(replace(left(ltrim(argument, '+'), 200), '+', ' '), CAST(reply_code AS VARCHAR), 'no answer') AS said
    FROM answer
),

failed_word AS (  -- events 4000, 4006, 4007 with every word that could be a domain
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.source_id, e.record,
        e.provider || ' ' || e.event_id || ': ' || left(array_to_string(e.strings, ' '), 200)
            -- the error as a little-endian number: internal DNS failure
            || CASE WHEN lp_dns_error(e.binary_hex) THEN ' (DNS failure)' ELSE '' END AS said,
        unnest(list_distinct(string_split(
            regexp_replace(lower(array_to_string(e.strings, ' ')), '[^a-z0-9._-]+', ' ', 'g'), ' '
        ))) AS word
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('smtpsvc', 'msexchangetransport') AND e.event_id IN (4000, 4006, 4007)
),

spoken AS (  -- what may explain a wait. scope: the recipient, its domain, or * for the whole host
    SELECT host, recipient AS scope, 'answer' AS kind, ts, said, source_id, record
    FROM answer_text
    UNION ALL
    SELECT f.host, w.domain AS scope, 'failure' AS kind, f.ts, f.said, f.source_id, f.record
    FROM failed_word AS f
    JOIN (SELECT DISTINCT host, domain FROM wanted) AS w ON w.host = f.host AND w.domain = rtrim(f.word, '.')
    UNION ALL
    SELECT o.host, w.domain AS scope, 'failure' AS kind, c.ts, 'connectivity log: ' || left(c.reason, 200) AS said, c.source_id, c.record
    FROM connection_event AS c
    JOIN source_order AS o ON o.source_id = c.source_id
    JOIN (SELECT DISTINCT host, domain FROM wanted) AS w ON w.host = o.host AND w.domain = lower(c.destination)
    WHERE c.reason IS NOT NULL
    UNION ALL
    SELECT
        coalesce(e.host, s.host) AS host, '*' AS scope,
        CASE
            WHEN e.event_id IN (6004, 9003, 9004, 9035) THEN 'categorizer'
            WHEN e.event_id = 15005 THEN 'relief'
            WHEN e.event_id BETWEEN 15004 AND 15007 THEN 'pressure'
            ELSE 'resolver'
        END AS kind,
        e.ts, e.provider || ' ' || e.event_id || ': ' || left(array_to_string(e.strings, ' '), 200) AS said,
        e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) = 'msexchangetransport' AND e.event_id IN (6004, 9003, 9004, 9035, 15004, 15005, 15006, 15007))
       OR (lower(e.provider) = 'smtpsvc' AND e.event_id IN (2012, 2013))
    UNION ALL
    SELECT host, '*' AS scope, 'down' AS kind, start_at AS ts, text AS said, source_id, record
    FROM restart
    WHERE service IN (SELECT service FROM service_weight)
      AND lp_us(start_at) - lp_us(stop_at) >= lp_minutes(1)
),

signal AS (
    SELECT *, row_number() OVER (ORDER BY host, scope, kind, ts, source_id, record, said) AS signal_no
    FROM spoken
    WHERE host IS NOT NULL
),

step AS (  -- a stretch asks at its end what was said last; a start at that second ended it
    SELECT host, scope, ts, CASE kind WHEN 'down' THEN 0 ELSE 2 END AS step_no, kind, signal_no, CAST(NULL AS BIGINT) AS stretch_no
    FROM signal
    UNION ALL
    SELECT s.host, CASE v.which WHEN 1 THEN '*' WHEN 2 THEN s.domain ELSE s.recipient END, s.to_ts, 1, NULL, NULL, s.stretch_no
    FROM stretch AS s
    CROSS JOIN (VALUES (1), (2), (3)) AS v (which)
),

heard AS (
    SELECT
        stretch_no,
        last_value(CASE WHEN kind = 'answer' THEN signal_no END IGNORE NULLS) OVER so_far AS answer_no,
        last_value(CASE WHEN kind = 'failure' THEN signal_no END IGNORE NULLS) OVER so_far AS failure_no,
        last_value(CASE WHEN kind = 'categorizer' THEN signal_no END IGNORE NULLS) OVER so_far AS categorizer_no,
        last_value(CASE WHEN kind = 'resolver' THEN signal_no END IGNORE NULLS) OVER so_far AS resolver_no,
        last_value(CASE WHEN kind = 'pressure' THEN signal_no END IGNORE NULLS) OVER so_far AS pressure_no,
        last_value(CASE WHEN kind = 'relief' THEN signal_no END IGNORE NULLS) OVER so_far AS relief_no,
        last_value(CASE WHEN kind = 'down' THEN signal_no END IGNORE NULLS) OVER so_far AS down_no
    FROM step
    WINDOW so_far AS (
        PARTITION BY host, scope ORDER BY ts, step_no, signal_no, stretch_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

asked AS (
    SELECT
        stretch_no,
        max(answer_no) AS answer_no, max(failure_no) AS failure_no, max(categorizer_no) AS categorizer_no,
        max(resolver_no) AS resolver_no, max(pressure_no) AS pressure_no, max(relief_no) AS relief_no,
        max(down_no) AS down_no
    FROM heard
    WHERE stretch_no IS NOT NULL
    GROUP BY stretch_no
),

joined AS (
    SELECT
        s.*,
        lp_us(s.to_ts) - lp_us(s.from_ts) AS length_us,
        e.event, e.context, e.status,
        own.said AS own_said, own.reply_code AS own_code, own.source_id IS NOT NULL AS own_tried,
        -- in tracking, the answers of a protocol log to this recipient; in an SMTP log the attempts are its own
        CASE WHEN s.log <> 'smtp' AND a.ts >= s.from_ts - INTERVAL 5 SECOND THEN a.signal_no END AS answer_no,
        CASE WHEN f.ts >= s.from_ts THEN f.signal_no END AS failure_no,
        CASE WHEN c.ts >= s.from_ts THEN c.signal_no END AS categorizer_no,
        CASE WHEN r.ts >= s.from_ts THEN r.signal_no END AS resolver_no,
        CASE WHEN p.ts >= s.from_ts OR l.ts >= s.from_ts OR p.ts > coalesce(l.ts, TIMESTAMP '1970-01-01') THEN p.signal_no END AS pressure_no,
        d.signal_no AS down_no,
        d.ts AS down_until
    FROM stretch AS s
    LEFT JOIN row_told AS e
        ON e.source_id = s.source_id AND e.record = s.record AND e.recipient IS NOT DISTINCT FROM s.recipient
    LEFT JOIN answer_text AS own
        ON s.log = 'smtp' AND s.what = 'try' AND own.source_id = s.source_id AND own.record = s.record
       AND own.recipient = s.recipient
    LEFT JOIN asked AS q ON q.stretch_no = s.stretch_no
    LEFT JOIN signal AS a ON a.signal_no = q.answer_no
    LEFT JOIN signal AS f ON f.signal_no = q.failure_no
    LEFT JOIN signal AS c ON c.signal_no = q.categorizer_no
    LEFT JOIN signal AS r ON r.signal_no = q.resolver_no
    LEFT JOIN signal AS p ON p.signal_no = q.pressure_no
    LEFT JOIN signal AS l ON l.signal_no = q.relief_no
    LEFT JOIN signal AS d ON d.signal_no = q.down_no
),

outage AS (  -- how long a service was down within a stretch
    SELECT
        j.stretch_no,
        bool_or(r.service = 'host') AS host_down,
        max(least(lp_us(j.to_ts), lp_us(r.start_at)) - greatest(lp_us(j.from_ts), lp_us(r.stop_at))) AS down_us
    FROM joined AS j
    JOIN restart AS r
        ON r.host = j.host AND r.start_at = j.down_until AND lp_us(r.start_at) - lp_us(r.stop_at) >= lp_minutes(1)
       AND r.service IN (SELECT service FROM service_weight)
    GROUP BY j.stretch_no
),

proven AS (
    SELECT
        i.host, i.log, i.message, i.recipient, i.gap_from, i.gap_until, i.silent_h,
        i.proof, coalesce(f.sure, false) AS freed
    FROM idle_wait AS i
    LEFT JOIN freed AS f
        ON f.host = i.host AND f.log = i.log AND f.message = i.message
       AND f.recipient IS NOT DISTINCT FROM i.recipient
),

weighed AS (
    SELECT
        j.*,
        j.length_us > j.due_us AS due,
        o.down_us, o.host_down,
        (i.proof IS NOT NULL OR i.freed) AND j.length_us > j.due_us AS idle,
        i.proof, i.freed, i.silent_h,
        CASE
            WHEN j.status IS NOT NULL THEN j.status
            WHEN j.own_tried THEN j.own_said
            ELSE coalesce(a.said, f.said)
        END AS said,
        CASE WHEN j.status IS NULL AND NOT j.own_tried THEN coalesce(a.signal_no, f.signal_no) END AS said_no,
        -- when it was said: a wait longer than the interval is explained by what came shortly before its end
        CASE
            WHEN j.status IS NOT NULL OR j.own_tried THEN coalesce(greatest(j.from_ts, f.ts), j.from_ts)
            ELSE coalesce(a.ts, f.ts)
        END AS said_at
    FROM joined AS j
    LEFT JOIN outage AS o ON o.stretch_no = j.stretch_no
    LEFT JOIN signal AS a ON a.signal_no = j.answer_no
    LEFT JOIN signal AS f ON f.signal_no = j.failure_no
    LEFT JOIN proven AS i
        ON i.host = j.host AND i.log = j.log AND i.message = j.message
       AND i.recipient IS NOT DISTINCT FROM j.recipient AND i.gap_from <= j.from_ts AND i.gap_until >= j.to_ts
),

judged AS (
    SELECT
        *,
        lower(said) AS words,
        -- NULL: the intervals of this log are not known
        said IS NOT NULL AND (NOT coalesce(due, false) OR lp_us(to_ts) - lp_us(said_at) <= due_us) AS explained
    FROM weighed
),

caused AS (
    SELECT
        *,
        CASE
            WHEN down_us >= 0.5 * length_us THEN CASE WHEN host_down THEN 'host-down' ELSE 'service-down' END
            WHEN event = '1032' THEN 'categorizer'
            WHEN categorizer_no IS NOT NULL AND event IN ('1019', '1024', '1025', '1027', 'RECEIVE', 'SUBMIT') THEN 'categorizer'
            WHEN idle AND NOT explained THEN 'idle'
            WHEN event = 'THROTTLE' THEN 'throttled'
            WHEN explained THEN CASE
                WHEN contains(words, 'service not active') THEN 'service-down'
                WHEN regexp_matches(words, '4[.]7[.]23[0-9]|throttl|rate limit') THEN 'throttled'
                WHEN regexp_matches(words, '(^|[^0-9.])4[.]3[.]1([^0-9]|$)|insufficient system') THEN 'back-pressure'
                WHEN regexp_matches(words, 'gr[ae]y[- ]?list') THEN 'greylisting'
                WHEN outcome = 'delivered' AND tries <= 2 AND (
                    regexp_matches(words, '(^|[^0-9.])4[.]7[.]1([^0-9]|$)')
                    -- 451 with another code, or with what stands below, has another reason
                    OR (starts_with(words, '451') AND NOT regexp_matches(words, '(^|[^0-9.])4[.][0-9]+[.][0-9]|dns|time[ -]?out|timed out|connect'))
                ) THEN 'greylisting'
                WHEN regexp_matches(words, 'dns|nxdomain|servfail|name server|(^|[^0-9.])[45][.]4[.][34]([^0-9]|$)') THEN 'dns'
                WHEN said = 'no answer' OR regexp_matches(words, 'time[ -]?out|timed out|refused|dropped|respond|connect|unreachable|(^|[^0-9.])4[.]4[.][12]([^0-9]|$)')
                THEN 'no-answer'
                WHEN regexp_matches(words, '(^|[^0-9])4[0-9][0-9]([^0-9]|$)|(^|[^0-9.])4[.][0-9]+[.][0-9]') THEN 'remote-4xx'
                ELSE 'no-answer'
            END
            WHEN coalesce(due, false) THEN 'unknown'
            WHEN event IN ('DEFER', 'SUBMITDEFER', 'RESUBMITDEFER') THEN 'deferred-delivery'
            WHEN event IN ('1019', '1024', '1025', '1027') THEN 'categorizer'
            WHEN resolver_no IS NOT NULL THEN 'dns'
            WHEN pressure_no IS NOT NULL THEN 'back-pressure'
            WHEN what = 'try' OR event IN ('1034', '1036', '1038') THEN 'retry-interval'
            ELSE 'unknown'
        END AS cause
    FROM judged
),

evidence AS (
    SELECT
        *,
        CASE cause
            WHEN 'service-down' THEN CASE WHEN down_us >= 0.5 * length_us THEN down_no ELSE said_no END
            WHEN 'host-down' THEN down_no
            WHEN 'categorizer' THEN categorizer_no
            WHEN 'dns' THEN CASE WHEN explained THEN said_no ELSE resolver_no END
            WHEN 'back-pressure' THEN CASE WHEN explained THEN said_no ELSE pressure_no END
            WHEN 'remote-4xx' THEN said_no
            WHEN 'no-answer' THEN said_no
            WHEN 'greylisting' THEN said_no
            WHEN 'throttled' THEN said_no
        END AS evidence_no
    FROM caused
)

SELECT
    x.host, x.log, x.message, x.recipient, x.from_ts, x.to_ts AS until_ts, x.cause,
    CASE x.cause
        WHEN 'host-down' THEN 'Windows was down: ' || coalesce(g.said, x.said)
        WHEN 'service-down' THEN 'a service was down: ' || coalesce(g.said, x.said)
        WHEN 'categorizer' THEN 'not sorted by recipient yet' || coalesce(' (' || g.said || ')', '')
        WHEN 'idle' THEN 'an attempt was due and none came'
            || CASE x.proof
                WHEN 'overdue' THEN ': it ended later than expiry and a retry interval'
                WHEN 'overtaken' THEN ': other mail to its domain got through'
                ELSE ', like the mail that the same restart freed'
            END
        WHEN 'deferred-delivery' THEN 'put off by the server' || coalesce(': ' || left(x.context, 200), '')
        WHEN 'retry-interval' THEN 'waited for the next attempt; how the last one ended is not in the logs'
        WHEN 'unknown' THEN CASE
            WHEN x.due AND x.silent_h > 0 THEN 'an attempt was due; the log is silent for ' || round(x.silent_h, 1) || ' h'
            WHEN x.due THEN 'an attempt was due and none is in the logs; an outage of the remote host would look the same'
            ELSE 'nothing in the logs says why'
        END
        ELSE CASE WHEN x.explained THEN x.said ELSE coalesce(g.said, x.context, x.said, x.cause) END
    END AS text,
    coalesce(g.source_id, x.source_id) AS source_id,
    coalesce(g.record, x.record) AS record
FROM evidence AS x
LEFT JOIN signal AS g ON g.signal_no = x.evidence_no;
