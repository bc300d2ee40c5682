-- What the destination put off, in table delivery_failure, until it did so no more for 24 hours (apart_h),
-- and what table message knows of these messages.
WITH spaced AS (
    SELECT *, lag(ts) OVER (PARTITION BY host, destination ORDER BY ts) AS before_ts
    FROM delivery_failure
    WHERE kind = 'throttled'
),

spell AS (
    SELECT *, sum(CASE WHEN lp_hours(before_ts, ts) > 24 THEN 1 ELSE 0 END) OVER (PARTITION BY host, destination ORDER BY ts) AS spell_no
    FROM spaced
),

told AS (
    SELECT
        host, destination, min(ts) AS began, max(ts) AS last_ts, count(*) AS attempts,
        array_agg(DISTINCT message) FILTER (WHERE message IS NOT NULL) AS messages
    FROM spell
    GROUP BY host, destination, spell_no
)

SELECT
    i.incident_id,
    t.began AS started_at,
    greatest(t.last_ts, max(m.ended)) AS ended_at,
    coalesce(array_length(t.messages), 0) AS messages,
    t.attempts,
    round(lp_hours(t.began, t.last_ts), 1) AS hours,
    round(max(m.wait_h), 1) AS longest_wait_h
FROM incident AS i
JOIN told AS t ON t.host = i.host AND i.incident_key = t.destination || ' ' || strftime(t.began, '%Y-%m-%dT%H:%M:%SZ')
LEFT JOIN message AS m ON m.host = t.host AND m.domain = t.destination AND list_contains(t.messages, m.message)
WHERE i.rule = 'throttled'
GROUP BY i.incident_id, t.began, t.last_ts, t.attempts, t.messages;
