-- Takes out of a source the exported records that stand in the store already, with all their
-- recipients. No export numbers its records, and one may list the same twice: a record stands as often
-- as in the export that has it most often. What tells of the export alone is not compared: the place
-- in it, who ran it, and the time that was asked for. Parameter $source_id.
WITH span AS (
    SELECT min(coalesce(local_ts, ts)) AS first_ts, max(coalesce(local_ts, ts)) AS last_ts
    FROM tracking_event
    WHERE source_id = $source_id
),

written AS (
    SELECT
        source_id, record, recipient_no,
        coalesce(local_ts, ts) AS time_written,
        row(*COLUMNS(* EXCLUDE (source_id, record, recipient_no, host, ts, local_ts, extra))) AS fields,
        list_filter(
            map_entries(extra),
            lambda value: value.key NOT IN (
                'Index', 'StartDate', 'EndDate', 'RunspaceId', 'PSComputerName', 'PSShowComputerName'
            )
        ) AS more
    FROM tracking_event
    WHERE source_id = $source_id
      OR source_id IN (SELECT source_id FROM source WHERE format IN ('message_trace', 'tracking_export'))
),

recipient AS (
    SELECT
        source_id, record, recipient_no,
        md5(CAST(row(time_written, fields, coalesce(more, [])) AS VARCHAR)) AS told
    FROM written
    WHERE time_written >= (SELECT first_ts FROM span) AND time_written <= (SELECT last_ts FROM span)
),

exported AS (  -- grain: one record
    SELECT
        source_id = $source_id AS mine, source_id, record,
        string_agg(told, '' ORDER BY recipient_no) AS told
    FROM recipient
    GROUP BY source_id, record
),

counted AS (
    SELECT mine, record, told, row_number() OVER (PARTITION BY mine, told ORDER BY source_id, record) AS nth
    FROM exported
)

DELETE FROM tracking_event
WHERE source_id = $source_id
  AND record IN (
      SELECT here.record
      FROM counted AS here
      JOIN counted AS there ON there.told = here.told AND there.nth = here.nth AND NOT there.mine
      WHERE here.mine
  )
