-- The gaps of that log and reason in table log_gap, within the time of the incident. Two kinds of silence do not
-- count: while the host or its mail services were down (60 minutes less than that will do, down_edge_min), and
-- most hours of which the server turned mail away (452 4.3.1, events 15002, 15006, 15007).
WITH busy AS (
    SELECT coalesce(e.host, s.host) AS host, date_trunc('hour', e.ts) AS hour
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE e.direction = 'in' AND e.reply_code = 452 AND e.enhanced = '4.3.1'
    UNION
    SELECT coalesce(e.host, s.host), date_trunc('hour', e.ts)
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) = 'msexchangetransport' AND e.event_id IN (15002, 15006, 15007)
),

gap AS (
    SELECT *, least(from_ts, until_ts) AS began, greatest(from_ts, until_ts) AS ended
    FROM log_gap
)

SELECT
    i.incident_id,
    min(g.began) AS started_at,
    max(g.ended) AS ended_at,
    count(*) AS gaps,
    round(sum(lp_hours(g.began, g.ended)), 1) AS hours,
    round(max(lp_hours(g.began, g.ended)), 1) AS longest_h
FROM incident AS i
JOIN gap AS g
    ON g.host = i.host AND starts_with(i.incident_key, g.log || ' ' || g.reason || ' ')
   AND g.began >= i.started_at AND g.ended <= i.ended_at
WHERE i.rule = 'log-gap'
  AND (g.reason <> 'silent' OR NOT EXISTS (
      SELECT 1
      FROM restart AS r
      WHERE r.host = g.host AND (r.service = 'host' OR (r.mail AND g.log IN ('smtp', 'tracking', 'connectivity', 'clients')))
        AND lp_us(r.stop_at) <= lp_us(g.began) + lp_minutes(60) AND lp_us(r.start_at) >= lp_us(g.ended) - lp_minutes(60)
  ))
  AND (g.reason <> 'silent' OR g.log NOT IN ('smtp', 'tracking', 'connectivity') OR (
      SELECT count(*)
      FROM busy AS b
      WHERE b.host = g.host AND b.hour BETWEEN date_trunc('hour', g.began) AND g.ended
  ) < lp_hours(g.began, g.ended) / 2 OR lp_hours(g.began, g.ended) = 0)
GROUP BY i.incident_id;
