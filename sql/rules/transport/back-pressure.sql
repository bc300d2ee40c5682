/*
title = "Back pressure on $host"
severity = "low"
summary = "$rejected offers of mail were turned away. The pressure lasted $minutes minutes, from the first rise to normal; mail is affected only while it is high."
needs = ["windows_event (Application log, MSExchangeTransport 15004 to 15007)", "smtp_event (SmtpReceive) for the rejections"]
why = "The transport service watches its disk space, memory, version buckets and submission queue, and takes less mail, or none, while one of them is short. Events 15004 (increased) and 15005 (decreased) bound the time, 15006 and 15007 say that mail is rejected; senders meanwhile get 452 4.3.1 and try later. Mail is affected from the first sign of rejection (level high, 15006, 15007 or a reply) to the last: that is the time of the incident, and what led up to it stands beside it. System memory alone makes messages leave memory, and rejects nothing."
todo = "Look at the resource that the event names: free space on the disk of mail.que and its logs (90 % full is too much), a large message or a flood in the submission queue, memory of EdgeTransport.exe. Restarting the service clears version buckets, not the reason."
references = ["Microsoft: Understanding back pressure (15004, 15005, 15006, 15007)"]

[params]
min_replies = 3   # replies of 452 4.3.1 that tell of pressure where no event does
apart_min = 60    # minutes between two such replies, from which on they are two incidents
*/

WITH told AS (  -- level after the event: 2 medium, 3 high; 15001 is how Exchange 2007 says both directions
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.event_id, e.source_id, e.record,
        lower(coalesce(e.strings[1], '')) AS from_level,
        lower(coalesce(e.strings[2], '')) AS to_level,
        regexp_replace(lower(array_to_string(e.strings, ' ')), 'in normal state[\s\S]*$', '', 'g') AS words
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport'
      AND e.event_id IN (15001, 15002, 15004, 15005, 15006, 15007)
),

levelled AS (
    SELECT
        *,
        CASE
            WHEN event_id IN (15002, 15006, 15007) THEN 3
            WHEN to_level IN ('normal', 'low') THEN 0
            WHEN to_level = 'medium' THEN 2
            WHEN to_level = 'high' THEN 3
            -- a level in a language that is not known
            WHEN event_id = 15005 THEN 0
            ELSE 2
        END AS level,
        concat_ws(
            ', ',
            CASE WHEN regexp_matches(words, 'submission ?queue') THEN 'submission queue' END,
            CASE WHEN regexp_matches(words, 'version ?buckets') THEN 'version buckets' END,
            CASE WHEN regexp_matches(words, 'private ?bytes') THEN 'private bytes' END,
            CASE WHEN event_id = 15006 OR regexp_matches(words, 'diskspace|disk space|mail[.]que|logging path|database path') THEN 'disk space' END,
            CASE WHEN regexp_matches(words, 'batch ?point') THEN 'batch point' END
        ) AS resources,
        regexp_matches(words, 'systemmemory|system memory|physical memory') AS memory
    FROM told
),

pressure AS (
    SELECT
        *,
        lag(level) OVER (PARTITION BY host ORDER BY ts, record, source_id) AS before_level,
        lag(ts) OVER (PARTITION BY host ORDER BY ts, record, source_id) AS before_ts
    FROM levelled
),

reset AS (  -- a start of the service or of the host begins without pressure
    SELECT p.host, p.ts, p.record, p.source_id, max(r.start_at) AS start_at
    FROM pressure AS p
    JOIN restart AS r
        ON r.host = p.host AND r.service IN ('MSExchangeTransport', 'host')
       AND r.start_at > p.before_ts AND r.start_at <= p.ts
    GROUP BY p.host, p.ts, p.record, p.source_id
),

numbered AS (
    SELECT
        p.*,
        sum(CASE
            WHEN p.before_level IS NULL OR p.before_level = 0 OR r.start_at IS NOT NULL THEN 1
            WHEN p.event_id = 15004 AND p.from_level IN ('normal', 'low') THEN 1
            ELSE 0
        END) OVER (PARTITION BY p.host ORDER BY p.ts, p.record, p.source_id) AS spell_no
    FROM pressure AS p
    LEFT JOIN reset AS r
        ON r.host = p.host AND r.ts = p.ts AND r.record = p.record AND r.source_id = p.source_id
),

stepped AS (
    SELECT *, lead(ts) OVER (PARTITION BY host, spell_no ORDER BY ts, record, source_id) AS next_ts
    FROM numbered
),

spell AS (
    SELECT
        host, spell_no, min(ts) AS began, max(ts) AS last_ts, max(level) AS peak,
        min(CASE WHEN level = 0 THEN ts END) AS ended,
        min(CASE WHEN level = 3 THEN ts END) AS high_from,
        -- NULL: the last word is high
        CASE WHEN count(*) FILTER (WHERE level = 3 AND next_ts IS NULL) = 0 THEN max(CASE WHEN level = 3 THEN next_ts END) END AS high_until,
        max(CASE WHEN event_id IN (15006, 15007) THEN 1 ELSE 0 END) AS rejects,
        max(resources) AS resources,
        bool_or(memory) AND max(resources) = '' AS memory_only
    FROM stepped
    GROUP BY host, spell_no
    HAVING max(level) > 0
),

followed AS (
    SELECT *, lead(began) OVER (PARTITION BY host ORDER BY spell_no) AS next_began FROM spell
),

closed AS (  -- without a decrease it ended with the next start of the service, at the latest with the next rise, or it lasts
    SELECT
        p.host, p.spell_no, p.began, p.last_ts, p.peak, p.rejects, p.resources, p.memory_only, p.high_from, p.high_until,
        CASE
            WHEN p.ended IS NOT NULL THEN p.ended
            WHEN p.next_began < min(r.start_at) THEN p.next_began
            ELSE coalesce(min(r.start_at), p.next_began)
        END AS ended,
        p.ended IS NULL AS unclosed
    FROM followed AS p
    LEFT JOIN restart AS r
        ON p.ended IS NULL AND r.host = p.host AND r.service IN ('MSExchangeTransport', 'host') AND r.start_at > p.last_ts
    GROUP BY p.host, p.spell_no, p.began, p.last_ts, p.peak, p.rejects, p.resources, p.memory_only, p.high_from, p.high_until, p.ended, p.next_began
),

turned_away AS (
    SELECT coalesce(e.host, s.host) AS host, e.ts, e.argument, e.source_id, e.record
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'in' AND e.reply_code = 452 AND coalesce(e.enhanced, '4.3.1') = '4.3.1'
      AND (e.enhanced IS NOT NULL OR contains(lower(coalesce(e.argument, '')), 'system resources') OR contains(lower(coalesce(e.argument, '')), 'system+resources'))
),

heard AS (  -- hours in which the log of received mail speaks
    SELECT DISTINCT coalesce(e.host, s.host) AS host, date_trunc('hour', e.ts) AS hour
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'in'
),

placed AS (  -- each rejection with its spell, if there is one
    SELECT
        t.host, t.ts, t.source_id, t.record, t.argument, min(c.began) AS began
    FROM turned_away AS t
    LEFT JOIN closed AS c
        ON c.host = t.host AND lp_us(t.ts) >= lp_us(c.began) - lp_minutes(1)
       AND lp_us(t.ts) <= lp_us(coalesce(c.ended, c.last_ts)) + lp_minutes(1)
    GROUP BY t.host, t.ts, t.source_id, t.record, t.argument
),

first_reply AS (
    SELECT *, row_number() OVER (PARTITION BY host, began ORDER BY ts, source_id, record) AS n
    FROM placed
),

listened AS (  -- whether it speaks while mail may be turned away: in level high, else in all of the pressure
    SELECT c.host, c.spell_no, count(*) AS hours
    FROM closed AS c
    JOIN heard AS h
        ON h.host = c.host AND h.hour BETWEEN date_trunc('hour', coalesce(c.high_from, c.began)) AND coalesce(c.high_until, c.ended, c.last_ts)
    GROUP BY c.host, c.spell_no
),

inside AS (
    SELECT
        c.host, c.spell_no, c.began, c.ended, c.peak, c.rejects, c.resources, c.memory_only, c.unclosed, c.high_from, c.high_until,
        count(p.ts) AS rejected,
        min(p.ts) AS first_rejected, max(p.ts) AS last_rejected,
        min(CASE WHEN p.n = 1 THEN p.source_id END) AS reply_source_id,
        min(CASE WHEN p.n = 1 THEN p.record END) AS reply_record,
        CASE WHEN count(p.ts) > 0 OR max(h.hours) > 0 THEN 1 ELSE 0 END AS heard
    FROM closed AS c
    LEFT JOIN first_reply AS p ON p.host = c.host AND p.began = c.began
    LEFT JOIN listened AS h ON h.host = c.host AND h.spell_no = c.spell_no
    GROUP BY c.host, c.spell_no, c.began, c.ended, c.peak, c.rejects, c.resources, c.memory_only, c.unclosed, c.high_from, c.high_until
),

graded AS (
    SELECT
        *,
        'pressure ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ') AS incident_key,
        CASE
            WHEN rejected > 0 OR rejects = 1 THEN 'high'
            -- high, and nobody can tell whether mail was turned away
            WHEN peak = 3 AND heard = 0 AND NOT memory_only THEN 'medium'
            ELSE 'low'
        END AS severity
    FROM inside
),

affected AS (  -- where mail was turned away, or may have been, that is the incident; else it is all of the pressure
    SELECT
        *,
        CASE WHEN severity = 'low' THEN began ELSE least(coalesce(high_from, first_rejected), coalesce(first_rejected, high_from)) END AS affected_from,
        CASE
            WHEN severity = 'low' THEN ended
            WHEN high_from IS NULL THEN last_rejected
            WHEN coalesce(high_until, ended) IS NOT NULL
                THEN greatest(coalesce(high_until, ended), coalesce(last_rejected, high_until, ended))
        END AS affected_until
    FROM graded
),

spaced AS (  -- rejections that no event explains
    SELECT *, lag(ts) OVER (PARTITION BY host ORDER BY ts, source_id, record) AS before_ts
    FROM placed
    WHERE began IS NULL
),

grouped AS (
    SELECT
        *,
        sum(CASE WHEN before_ts IS NULL OR lp_us(ts) - lp_us(before_ts) > lp_minutes($apart_min) THEN 1 ELSE 0 END)
            OVER (PARTITION BY host ORDER BY ts, source_id, record) AS group_no
    FROM spaced
),

unexplained AS (
    SELECT
        host, group_no, min(ts) AS began, max(ts) AS last_ts, count(*) AS replies,
        min(CASE WHEN n = 1 THEN source_id END) AS source_id, min(CASE WHEN n = 1 THEN record END) AS record
    FROM (SELECT *, row_number() OVER (PARTITION BY host, group_no ORDER BY ts, source_id, record) AS n FROM grouped)
    GROUP BY host, group_no
    HAVING count(*) >= $min_replies
)

SELECT
    g.incident_key,
    CASE
        WHEN n.level < 3 AND (n.ts < g.affected_from OR n.ts > g.affected_until) THEN 'context'
        WHEN n.level = 0 OR (n.level < 3 AND n.ts = g.affected_until) THEN 'release'
        ELSE 'cause'
    END AS role,
    g.severity, n.ts, CAST(NULL AS TIMESTAMP) AS ts_end, false AS ongoing, n.host, 'MSExchangeTransport' AS service,
    CASE n.event_id
        WHEN 15006 THEN 'mail is rejected: disk space below the limit (MSExchangeTransport 15006)'
        WHEN 15007 THEN 'mail is rejected: the service is over its limit of memory (MSExchangeTransport 15007)'
        ELSE 'pressure ' || CASE WHEN n.event_id = 15002 THEN 'stays' WHEN n.level = 0 OR n.event_id = 15005 THEN 'fell' ELSE 'rose' END || ' to '
            || CASE n.level WHEN 0 THEN 'normal' WHEN 2 THEN 'medium' ELSE 'high' END
            || CASE WHEN n.resources <> '' THEN ': ' || n.resources WHEN n.memory THEN ': system memory' ELSE '' END
            || ' (MSExchangeTransport ' || n.event_id || ')'
    END AS text,
    CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS DOUBLE) AS value, CAST(NULL AS VARCHAR) AS missing, n.source_id, n.record
FROM numbered AS n
JOIN affected AS g ON g.host = n.host AND g.spell_no = n.spell_no
UNION ALL
SELECT
    g.incident_key, 'sign', g.severity, g.affected_from, g.affected_until, g.affected_until IS NULL, g.host, 'MSExchangeTransport',
    'pressure was at most ' || CASE g.peak WHEN 2 THEN 'medium' ELSE 'high' END
        || CASE WHEN g.resources <> '' THEN ' (' || g.resources || ')' WHEN g.memory_only THEN ' (system memory, which rejects nothing)' ELSE '' END
        || CASE
            WHEN g.ended IS NULL THEN '; no decrease is in the logs'
            WHEN g.unclosed THEN '; it ended with a start of the service'
            ELSE ''
        END,
    'minutes', round(lp_hours(g.began, g.ended) * 60, 1),
    CASE WHEN g.heard = 0 THEN 'SmtpReceive protocol log of ' || g.host || ' over the pressure' END,
    n.source_id, n.record
FROM affected AS g
JOIN numbered AS n ON n.host = g.host AND n.spell_no = g.spell_no AND n.ts = g.began
QUALIFY row_number() OVER (PARTITION BY g.host, g.spell_no ORDER BY n.record, n.source_id) = 1
UNION ALL
SELECT
    g.incident_key, 'symptom', g.severity, g.first_rejected, g.last_rejected, false, g.host, 'MSExchangeTransport',
    g.rejected || ' times a client was told 452 4.3.1', 'rejected', 1.0 * g.rejected, NULL, g.reply_source_id, g.reply_record
FROM graded AS g
WHERE g.rejected > 0
UNION ALL
SELECT
    'replies ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ'), 'symptom', 'medium', began, last_ts, false, host, NULL,
    replies || ' times a client was told 452 4.3.1; no event in the logs says why', 'rejected', 1.0 * replies,
    'Application event log of ' || host || ' over the rejections', source_id, record
FROM unexplained
UNION ALL
SELECT
    'replies ' || strftime(began, '%Y-%m-%dT%H:%M:%SZ'), 'sign', 'medium', began, last_ts, false, host, NULL,
    'from the first rejection to the last', 'minutes', round(lp_hours(began, last_ts) * 60, 1), NULL, source_id, record
FROM unexplained
