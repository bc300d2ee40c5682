-- The messages of table returned_mail that came back late or untried, until none came back for 96 hours (cluster_h).
WITH spaced AS (
    SELECT *, lag(ended) OVER (PARTITION BY host, log ORDER BY ended) AS before_ended
    FROM returned_mail
    WHERE judgement IN ('overdue', 'unexplained', 'untried')
),

numbered AS (
    SELECT *, sum(CASE WHEN lp_hours(before_ended, ended) > 96 THEN 1 ELSE 0 END) OVER (PARTITION BY host, log ORDER BY ended) AS cluster_no
    FROM spaced
),

told AS (
    SELECT
        host, log, min(entered) AS started_at, max(ended) AS ended_at,
        count(DISTINCT message) AS messages, round(max(wait_h), 1) AS longest_wait_h
    FROM numbered
    GROUP BY host, log, cluster_no
)

SELECT i.incident_id, t.started_at, t.ended_at, t.messages, t.longest_wait_h
FROM incident AS i
JOIN told AS t ON t.host = i.host AND i.incident_key = t.log || ' ' || strftime(t.started_at, '%Y-%m-%dT%H:%M:%SZ')
WHERE i.rule = 'delayed-ndr';
