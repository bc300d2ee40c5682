-- What tonight's incidents are beside those of earlier nights. One row: one incident of tonight's report.
-- An incident is the same as an earlier one with its id, or else as the one of the same rule, host and
-- service whose time it shares most of: ids change where its beginning has left the window.
-- What was new with its end is not told again; what was told as going on is told until it is gone. Reads tonight (incident_id, title), suppression
-- (reason, until, rule, host, incident), shown by the runner. Parameters: $night_id; $began, when the run
-- began (UTC); $growth, so many times the messages of before are worse.
WITH last_night AS (
    SELECT max(night_id) AS night_id, max(run_id) AS run_id FROM night WHERE night_id < $night_id
),

earlier AS (  -- each incident as it was told last
    SELECT *
    FROM (
        SELECT
            n.known_as, n.night_id, n.state, n.rule, n.host, n.service, n.severity, n.title, n.messages,
            n.started_at, n.last_at, n.ended_at, n.incident_id,
            row_number() OVER (PARTITION BY n.known_as ORDER BY n.night_id DESC) AS recency
        FROM night_incident AS n
        WHERE n.night_id < $night_id
    ) AS told
    WHERE recency = 1
),

latest AS (  -- an incident that lasts has no end; its latest fact has a time
    SELECT rule, host, incident_key, max(coalesce(ts_end, ts)) AS last_at
    FROM finding
    WHERE role <> 'context'
    GROUP BY rule, host, incident_key
),

found AS (
    SELECT
        i.incident_id, i.rule, i.host, i.service, i.severity, t.title, i.messages,
        i.started_at, greatest(l.last_at, i.started_at) AS last_at, i.ended_at
    FROM incident AS i
    JOIN tonight AS t ON t.incident_id = i.incident_id
    JOIN latest AS l
        ON l.rule = i.rule AND l.host IS NOT DISTINCT FROM i.host AND l.incident_key = i.incident_key
),

likely AS (
    SELECT
        f.incident_id, e.known_as,
        CASE f.incident_id WHEN e.known_as THEN 0 WHEN e.incident_id THEN 1 ELSE 2 END AS likeness,
        lp_us(least(f.last_at, e.last_at)) - lp_us(greatest(f.started_at, e.started_at)) AS shared_us
    FROM found AS f
    JOIN earlier AS e
        ON e.rule = f.rule AND e.host IS NOT DISTINCT FROM f.host
       AND (
           f.incident_id IN (e.known_as, e.incident_id)  -- which service it is of may be known later
           OR (
               e.service IS NOT DISTINCT FROM f.service
               AND f.started_at <= e.last_at AND e.started_at <= f.last_at
           )
       )
),

likeliest AS (
    SELECT incident_id, known_as, likeness, shared_us
    FROM (
        SELECT
            *,
            row_number() OVER (PARTITION BY incident_id ORDER BY likeness, shared_us DESC, known_as) AS choice
        FROM likely
    ) AS l
    WHERE choice = 1
),

same AS (  -- two that were one before: the one of its id keeps the name, else the one with more of its time
    SELECT incident_id, known_as
    FROM (
        SELECT
            incident_id, known_as,
            row_number() OVER (PARTITION BY known_as ORDER BY likeness, shared_us DESC, incident_id) AS nth
        FROM likeliest
    ) AS l
    WHERE nth = 1
),

heard AS (  -- one row: one kind of log of one host; until when it was known last night, and until when it is told now
    SELECT
        s.host, k.kind, max(CASE WHEN k.mail THEN 1 ELSE 0 END) AS mail,
        max(CASE WHEN s.run_id <= l.run_id THEN s.last_ts END) AS known_until,
        max(CASE WHEN s.run_id <= l.run_id THEN NULL ELSE s.last_ts END) AS told_until
    FROM source AS s
    CROSS JOIN last_night AS l
    LEFT JOIN log_kind AS k ON k.format = s.format
    WHERE s.last_ts <= $began + INTERVAL 1 DAY  -- a clock that runs ahead by more tells nothing
    GROUP BY s.host, k.kind
),

going_on AS (  -- those that came and go on, without a hole of a day
    SELECT
        h.host, h.kind, h.mail,
        h.told_until IS NOT NULL AND coalesce(h.told_until > h.known_until, true) AND NOT EXISTS (
            SELECT 1
            FROM log_silence AS q
            LEFT JOIN log_kind AS k ON k.format = q.log
            WHERE q.host = h.host AND coalesce(k.kind, q.log) = h.kind
              AND q.hours > 20 AND q.silent_until > h.known_until
        ) AS goes_on
    FROM heard AS h
),

asked AS (  -- of a host that no file names any may tell
    SELECT
        a.rule, a.host,
        EXISTS (SELECT 1 FROM heard AS h WHERE h.host = a.host) AS is_named
    FROM (SELECT rule, host FROM found UNION SELECT rule, host FROM earlier) AS a
),

fitting AS (  -- fit: 0 mail logs that the rule lives on, 1 other logs that it lives on, 2 any other
    SELECT
        a.rule, a.host, g.goes_on,
        CASE WHEN n.kind IS NULL THEN 2 WHEN g.mail = 1 THEN 0 ELSE 1 END AS fit
    FROM asked AS a
    JOIN going_on AS g ON g.host = a.host OR NOT a.is_named
    LEFT JOIN rule_need AS n ON n.rule = a.rule AND n.kind = g.kind AND n.need = 'required'
),

speaking AS (  -- rules and hosts for which that nothing is found tells something
    SELECT f.rule, f.host
    FROM fitting AS f
    JOIN (SELECT rule, host, min(fit) AS fit FROM fitting GROUP BY rule, host) AS b
        ON b.rule = f.rule AND b.host IS NOT DISTINCT FROM f.host AND b.fit = f.fit
    WHERE f.goes_on
    GROUP BY f.rule, f.host
),

beside AS (
    SELECT
        coalesce(e.known_as, f.incident_id) AS known_as,
        f.incident_id,
        coalesce(f.rule, e.rule) AS rule,
        coalesce(f.host, e.host) AS host,
        coalesce(f.service, e.service) AS service,
        coalesce(f.severity, e.severity) AS severity,
        coalesce(f.title, e.title) AS title,
        greatest(coalesce(f.messages, 0), coalesce(e.messages, 0)) AS messages,
        least(coalesce(f.started_at, e.started_at), coalesce(e.started_at, f.started_at)) AS started_at,
        greatest(coalesce(f.last_at, e.last_at), coalesce(e.last_at, f.last_at)) AS last_at,
        f.ended_at,
        e.ended_at AS ended_before,
        e.known_as IS NOT NULL AS was_known,
        -- told last night, and not as gone
        coalesce(e.night_id = l.night_id AND e.state <> 'gone', false) AS was_there,
        e.ended_at IS NULL AS had_lasted,
        -- what ended before anybody was told; what was told as going on is told as gone, too
        e.ended_at IS NOT NULL AND e.state IN ('new', 'reopened') AS was_told_ended,
        f.incident_id IS NOT NULL AS is_found,
        coalesce(f.last_at > e.last_at OR f.messages > e.messages, false) AS has_news,
        list_position(['info', 'low', 'medium', 'high', 'critical'], f.severity)
            - list_position(['info', 'low', 'medium', 'high', 'critical'], e.severity) AS graver,
        coalesce(f.messages >= $growth * e.messages AND f.messages > e.messages, false) AS has_grown,
        coalesce(e.host, f.host) IS NULL OR EXISTS (
            SELECT 1 FROM speaking AS s WHERE s.rule = coalesce(f.rule, e.rule) AND s.host = coalesce(e.host, f.host)
        ) AS seen
    FROM found AS f
    LEFT JOIN same AS m ON m.incident_id = f.incident_id
    FULL JOIN earlier AS e ON e.known_as = m.known_as
    CROSS JOIN last_night AS l
),

stated AS (
    SELECT
        b.*,
        CASE
            WHEN NOT b.was_known THEN 'new'
            WHEN NOT b.was_there THEN CASE WHEN b.has_news THEN 'reopened' END
            -- its end, told once; of a host without logs nothing tells
            WHEN NOT b.is_found OR (b.ended_at IS NOT NULL AND (b.had_lasted OR NOT b.has_news)) THEN
                CASE WHEN b.was_told_ended THEN NULL WHEN b.seen THEN 'gone' ELSE 'continuing' END
            WHEN b.graver > 0 OR b.has_grown THEN 'worse'
            WHEN b.graver < 0 THEN 'better'
            ELSE 'continuing'
        END AS state
    FROM beside AS b
),

quiet AS (  -- one suppression is enough: the one that lasts longest
    SELECT s.known_as, max_by(p.reason || ' (until ' || p.until || ')', (p.until, p.reason)) AS suppressed
    FROM stated AS s
    JOIN suppression AS p
        ON (p.rule IS NULL OR p.rule = s.rule)
       AND (p.host IS NULL OR upper(p.host) = upper(s.host))
       AND (p.incident IS NULL OR p.incident IN (s.known_as, s.incident_id))
    WHERE p.until >= CAST($began AS DATE)
    GROUP BY s.known_as
)

SELECT
    CAST($night_id AS INTEGER) AS night_id, s.known_as, s.incident_id, s.state, s.seen, q.suppressed,
    s.rule, s.host, s.service, s.severity, s.title, s.messages, s.started_at, s.last_at,
    CASE WHEN s.state = 'gone' THEN coalesce(s.ended_at, s.ended_before, s.last_at) ELSE s.ended_at END AS ended_at
FROM stated AS s
LEFT JOIN quiet AS q ON q.known_as = s.known_as
WHERE s.state IS NOT NULL
ORDER BY s.known_as
