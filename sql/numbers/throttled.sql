-- What the destination put off, in table delivery_failure, until it did so no more for 24 hours (apart_h),
-- and what table message knows of these messages. The SMTP log and the tracking log tell of the same refusals: attempts
-- of a day are those of the log that has most of them, messages those of the log that names most of them.
WITH spaced AS (
    SELECT *, lag(ts) OVER (PARTITION BY host, destination ORDER BY ts) AS before_ts
    FROM delivery_failure
    WHERE kind = 'throttled'
),

spell AS (
    SELECT *, sum(CASE WHEN lp_hours(before_ts, ts) > 24 THEN 1 ELSE 0 END) OVER (PARTITION BY host, destination ORDER BY ts) AS spell_no
    FROM spaced
),

daily AS (
    SELECT
        host, destination, spell_no, date_trunc('day', ts) AS day, log, min(ts) AS began, max(ts) AS last_ts, count(*) AS attempts,
        array_agg(DISTINCT message) FILTER (WHERE message IS NOT NULL) AS messages
    FROM spell
    GROUP BY host, destination, spell_no, date_trunc('day', ts), log
),

told AS (
    SELECT host, destination, spell_no, min(began) AS began, max(last_ts) AS last_ts, sum(attempts) AS attempts
    FROM (
        SELECT
            host, destination, spell_no, min(began) AS began, max(last_ts) AS last_ts, max(attempts) AS attempts
        FROM daily
        GROUP BY host, destination, spell_no, day
    )
    GROUP BY host, destination, spell_no
),

named AS (
    SELECT DISTINCT host, destination, spell_no, unnest(messages) AS message
    FROM (
        SELECT
            *,
            row_number() OVER (
                PARTITION BY host, destination, spell_no, day ORDER BY coalesce(array_length(messages), 0) DESC, log DESC
            ) AS choice
        FROM daily
    )
    WHERE choice = 1
)

SELECT
    i.incident_id,
    t.began AS started_at,
    greatest(t.last_ts, max(m.ended)) AS ended_at,
    count(DISTINCT n.message) AS messages,
    t.attempts,
    round(lp_hours(t.began, t.last_ts), 1) AS hours,
    round(max(m.wait_h), 1) AS longest_wait_h
FROM incident AS i
JOIN told AS t ON t.host = i.host AND i.incident_key = t.destination || ' ' || strftime(t.began, '%Y-%m-%dT%H:%M:%SZ')
LEFT JOIN named AS n ON n.host = t.host AND n.destination = t.destination AND n.spell_no = t.spell_no
LEFT JOIN message AS m ON m.host = t.host AND m.domain = t.destination AND m.message = n.message
WHERE i.rule = 'throttled'
GROUP BY i.incident_id, t.began, t.last_ts, t.attempts;
