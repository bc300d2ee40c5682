-- Two clocks: table clock_offset has the distance as seen by mail from one host to the other, where mail in both
-- directions cancels the time that it takes on the way. One clock: steps of at least 60 seconds (min_step_s) in table
-- clock_step, within the time of the incident. Steps at a boot, and in logs with events of several hosts, do not
-- count, and of a step that Windows tells itself (within two minutes) the order of the records is no second witness.
SELECT
    i.incident_id,
    min(c.first_ts) AS started_at,
    max(c.last_ts) AS ended_at,
    round(abs(avg(CASE WHEN c.from_host < c.to_host THEN c.offset_s ELSE -c.offset_s END)), 1) AS offset_s,
    CAST(NULL AS DOUBLE) AS step_s
FROM incident AS i
JOIN clock_offset AS c ON i.incident_key = 'apart ' || least(c.from_host, c.to_host) || ' ' || greatest(c.from_host, c.to_host)
WHERE i.rule = 'clock-skew'
GROUP BY i.incident_id
UNION ALL
SELECT i.incident_id, min(c.after_ts), max(c.after_ts), NULL, round(max(abs(c.step_s)), 1)
FROM incident AS i
JOIN clock_step AS c ON c.host = i.host AND c.after_ts BETWEEN i.started_at AND i.ended_at
WHERE i.rule = 'clock-skew' AND starts_with(i.incident_key, 'set ')
  AND NOT c.at_boot AND abs(c.step_s) >= 60
  AND (c.known_by <> 'record order' OR (
      NOT EXISTS (
          SELECT 1
          FROM clock_step AS t
          WHERE t.known_by <> 'record order' AND t.host = c.host AND abs(lp_us(t.after_ts) - lp_us(c.after_ts)) <= lp_minutes(2)
      )
      AND (SELECT count(DISTINCT e.host) FROM windows_event AS e WHERE e.source_id = c.source_id) <= 1
  ))
GROUP BY i.incident_id;
