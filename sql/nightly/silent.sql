-- Hosts of which no log came that goes on behind what the night before knew. One row: one host.
-- A log that ended less than 20 hours before the run may be one that is not closed yet: of that host
-- nothing is said. A host of which no row is kept any more is forgotten. Reads suppression, shown by the runner.
-- Parameters: $night_id; $began, when the run began (UTC); $kept_from, older rows are deleted (UTC).
WITH last_night AS (
    SELECT max(night_id) AS night_id, max(run_id) AS run_id FROM night WHERE night_id < $night_id
),

heard AS (  -- a clock that runs ahead by more than a day tells nothing
    SELECT
        s.host,
        max(CASE WHEN s.run_id <= l.run_id THEN s.last_ts END) AS known_until,
        max(CASE WHEN s.run_id > l.run_id THEN s.last_ts END) AS told_until
    FROM source AS s
    JOIN log_kind AS k ON k.format = s.format
    CROSS JOIN last_night AS l
    WHERE s.host IS NOT NULL AND s.last_ts <= $began + INTERVAL 1 DAY
    GROUP BY s.host
)

SELECT
    CAST($night_id AS INTEGER) AS night_id, h.host, h.known_until AS last_ts,
    EXISTS (
        SELECT 1 FROM night_silence AS n WHERE n.night_id = l.night_id AND n.host = h.host
    ) AS lasting,
    (
        SELECT max_by(p.reason || ' (until ' || p.until || ')', (p.until, p.reason))
        FROM suppression AS p
        WHERE upper(p.host) = upper(h.host) AND p.rule IS NULL AND p.incident IS NULL
          AND p.until >= CAST($began AS DATE)
    ) AS suppressed
FROM heard AS h
CROSS JOIN last_night AS l
WHERE coalesce(h.told_until <= h.known_until, h.known_until IS NOT NULL)
  AND h.known_until <= $began - INTERVAL 20 HOUR
  AND h.known_until >= $kept_from
ORDER BY h.host
