-- Events 15001 to 15007 of MSExchangeTransport with the level that each leaves (2 medium, 3 high), from a rise to
-- normal, to the next start of the service or the next rise, or on and on: that is minutes. Rejected are the replies 452 4.3.1 of the
-- server within that time, a minute more at both ends. At low severity the incident is all of the pressure; else it is
-- the time of level high and of the replies. Replies that no event explains are an incident by themselves, to the
-- first 60 minutes (apart_min) without one.
WITH told AS (
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.source_id, e.record,
        e.event_id = 15004 AND lower(e.strings[1]) IN ('normal', 'low') AS anew,
        CASE
            WHEN e.event_id IN (15002, 15006, 15007) OR lower(e.strings[2]) = 'high' THEN 3
            WHEN lower(e.strings[2]) IN ('normal', 'low') THEN 0
            WHEN lower(e.strings[2]) = 'medium' OR e.event_id <> 15005 THEN 2
            ELSE 0
        END AS level
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id IN (15001, 15002, 15004, 15005, 15006, 15007)
),

started AS (
    SELECT host, start_at FROM restart WHERE service IN ('MSExchangeTransport', 'host')
),

paced AS (
    SELECT *, lag(level) OVER turns AS before_level, lag(ts) OVER turns AS before_ts
    FROM told
    WINDOW turns AS (PARTITION BY host ORDER BY ts, record, source_id)
),

numbered AS (
    SELECT
        *,
        sum(CASE
            WHEN coalesce(before_level, 0) = 0 OR anew THEN 1
            WHEN EXISTS (SELECT 1 FROM started AS r WHERE r.host = p.host AND r.start_at > p.before_ts AND r.start_at <= p.ts) THEN 1
            ELSE 0
        END) OVER (PARTITION BY host ORDER BY ts, record, source_id) AS spell_no
    FROM paced AS p
),

stepped AS (
    SELECT *, lead(ts) OVER (PARTITION BY host, spell_no ORDER BY ts, record, source_id) AS next_ts FROM numbered
),

risen AS (
    SELECT
        host, min(ts) AS began, max(ts) AS last_ts, min(CASE WHEN level = 0 THEN ts END) AS normal_ts,
        (SELECT min(r.start_at) FROM started AS r WHERE r.host = p.host AND r.start_at > max(p.ts)) AS start_ts,
        min(CASE WHEN level = 3 THEN ts END) AS high_from,
        CASE WHEN count(*) FILTER (WHERE level = 3 AND next_ts IS NULL) = 0 THEN max(CASE WHEN level = 3 THEN next_ts END) END AS high_until
    FROM stepped AS p
    GROUP BY host, spell_no
    HAVING max(level) > 0
),

followed AS (
    SELECT *, lead(began) OVER (PARTITION BY host ORDER BY began) AS next_began FROM risen
),

spell AS (
    SELECT
        *,
        CASE
            WHEN normal_ts IS NOT NULL THEN normal_ts
            WHEN next_began < start_ts THEN next_began
            ELSE coalesce(start_ts, next_began)
        END AS ended
    FROM followed
),

reply AS (
    SELECT
        coalesce(e.host, s.host) AS host, e.ts, e.source_id, e.record,
        (
            SELECT min(p.began)
            FROM spell AS p
            WHERE p.host = coalesce(e.host, s.host) AND e.ts >= p.began - INTERVAL 1 MINUTE
              AND e.ts <= coalesce(p.ended, p.last_ts) + INTERVAL 1 MINUTE
        ) AS began
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'in' AND e.reply_code = 452
      AND (e.enhanced = '4.3.1' OR (e.enhanced IS NULL AND regexp_matches(lower(coalesce(e.argument, '')), 'system[ +]resources')))
),

pressed AS (
    SELECT
        p.host, p.began, p.ended, p.high_from, count(r.ts) AS rejected, min(r.ts) AS first_ts, max(r.ts) AS last_ts,
        coalesce(p.high_until, p.ended) AS calm_ts
    FROM spell AS p
    LEFT JOIN reply AS r ON r.host = p.host AND r.began = p.began
    GROUP BY p.host, p.began, p.ended, p.high_from, p.high_until
)

SELECT
    i.incident_id,
    CASE i.severity WHEN 'low' THEN p.began ELSE least(p.high_from, p.first_ts) END AS started_at,
    CASE
        WHEN i.severity = 'low' THEN p.ended
        WHEN p.high_from IS NULL THEN p.last_ts
        WHEN p.calm_ts IS NOT NULL THEN greatest(p.calm_ts, p.last_ts)
    END AS ended_at,
    round(lp_hours(p.began, p.ended) * 60, 1) AS minutes,
    nullif(p.rejected, 0) AS rejected
FROM incident AS i
JOIN pressed AS p ON p.host = i.host AND i.incident_key = 'pressure ' || strftime(p.began, '%Y-%m-%dT%H:%M:%SZ')
WHERE i.rule = 'back-pressure'
UNION ALL
SELECT i.incident_id, min(r.ts), max(r.ts), round(lp_hours(min(r.ts), max(r.ts)) * 60, 1), count(*)
FROM incident AS i
JOIN reply AS r ON r.host = i.host AND r.began IS NULL AND r.ts BETWEEN i.started_at AND i.ended_at
WHERE i.rule = 'back-pressure' AND starts_with(i.incident_key, 'replies ')
GROUP BY i.incident_id;
