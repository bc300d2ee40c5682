-- The stretches of table queue_trend in which a queue of the service grew, up to the next such incident: by 25
-- messages (least_waiting) and, by counters, for 12 hours (hours; 6 above the limit: hours_over_limit), by three
-- tenths (grown_factor) and with a Mann-Kendall z over 2.326 (least_z); by 3 listings (snapshots) over 6 hours
-- (snapshot_h). Where a queue was above both its usual length and its limit, the longer stretch counts.
WITH growth AS (
    SELECT *
    FROM queue_trend
    WHERE late - early >= 25 AND CASE over
        WHEN 'listings' THEN times >= 3 AND hours >= 6
        ELSE hours >= CASE over WHEN 'limit' THEN 6 ELSE 12 END AND mk_z > 2.326 AND slope_per_h > 0 AND late >= 1.3 * early
    END
    QUALIFY row_number() OVER (PARTITION BY host, queue, counter_id, until_ts ORDER BY hours DESC, over) = 1
)

SELECT
    i.incident_id,
    min(g.began) AS started_at,
    CASE WHEN NOT bool_or(g.ongoing) THEN max(g.until_ts) END AS ended_at,
    max(g.most) AS waiting,
    round(max(g.hours), 1) AS hours,
    round(max(g.slope_per_h), 1) AS grown_per_h
FROM incident AS i
JOIN growth AS g ON g.host IS NOT DISTINCT FROM i.host AND g.service = i.service AND g.began >= i.started_at
WHERE i.rule = 'queue-growth' AND NOT EXISTS (
    SELECT 1
    FROM incident AS o
    WHERE o.rule = i.rule AND o.host IS NOT DISTINCT FROM i.host AND o.service = i.service AND o.started_at > i.started_at AND o.started_at <= g.began
)
GROUP BY i.incident_id;
