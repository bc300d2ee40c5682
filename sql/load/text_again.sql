-- Takes out of a text export without record numbers the events that others like it brought: an event
-- stands as often as in the export that has it most often. Two exports are of one log if most of what one
-- of them has in the time of both is in the other as well. Parameter $source_id.
WITH written AS (
    SELECT
        e.source_id, e.record, coalesce(e.local_ts, e.ts) AS written_at,
        md5(CAST(row(coalesce(e.local_ts, e.ts), *COLUMNS(e.* EXCLUDE (source_id, record, host, ts, local_ts))) AS VARCHAR)) AS told
    FROM windows_event AS e
    WHERE ends_with(e.note, 'numbered by line') AND lp_text_export(e.note)
),

span AS (
    SELECT source_id, min(written_at) AS first_at, max(written_at) AS last_at
    FROM written
    GROUP BY source_id
),

common AS (  -- grain: one other export whose time overlaps
    SELECT
        o.source_id,
        greatest(o.first_at, m.first_at) AS first_at,
        least(o.last_at, m.last_at) AS last_at
    FROM span AS m
    JOIN span AS o ON o.source_id <> m.source_id AND o.first_at <= m.last_at AND o.last_at >= m.first_at
    WHERE m.source_id = $source_id
),

mine AS (  -- grain: one event of the other's time
    SELECT c.source_id, w.told, row_number() OVER (PARTITION BY c.source_id, w.told ORDER BY w.record) AS nth
    FROM written AS w
    JOIN common AS c ON w.written_at >= c.first_at AND w.written_at <= c.last_at
    WHERE w.source_id = $source_id
),

theirs AS (
    SELECT c.source_id, w.told, row_number() OVER (PARTITION BY c.source_id, w.told ORDER BY w.record) AS nth
    FROM written AS w
    JOIN common AS c ON c.source_id = w.source_id AND w.written_at >= c.first_at AND w.written_at <= c.last_at
),

counted AS (
    SELECT c.source_id, (SELECT count(*) FROM mine AS m WHERE m.source_id = c.source_id) AS mine,
        (SELECT count(*) FROM theirs AS t WHERE t.source_id = c.source_id) AS theirs
    FROM common AS c
),

shared AS (
    SELECT m.source_id, count(*) AS both
    FROM mine AS m
    JOIN theirs AS t ON t.source_id = m.source_id AND t.told = m.told AND t.nth = m.nth
    GROUP BY m.source_id
),

copy AS (
    SELECT c.source_id
    FROM counted AS c
    JOIN shared AS s ON s.source_id = c.source_id
    WHERE 2 * s.both >= least(c.mine, c.theirs)
),

placed AS (  -- of several copies each brought what the ones before it had not
    SELECT
        w.source_id = $source_id AS here, w.record, w.told,
        row_number() OVER (PARTITION BY w.source_id = $source_id, w.told ORDER BY w.source_id, w.record) AS nth
    FROM written AS w
    WHERE w.source_id = $source_id OR w.source_id IN (SELECT source_id FROM copy)
)

DELETE FROM windows_event
WHERE source_id = $source_id
  AND record IN (
      SELECT h.record
      FROM placed AS h
      JOIN placed AS t ON t.told = h.told AND t.nth = h.nth AND NOT t.here
      WHERE h.here
  )
