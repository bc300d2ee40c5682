-- Takes out events of text exports that a file has in better shape: its number, id, log and computer, and
-- the time by some zone's clock. One row back: one event that went, by its source. Parameter $source_id.
DELETE FROM windows_event AS told
WHERE lp_text_export(told.note)
  AND told.source_id <> $source_id
  AND EXISTS (
      SELECT 1
      FROM windows_event AS proper
      WHERE proper.source_id = $source_id
        AND NOT lp_text_export(proper.note)
        AND proper.record = told.record
        AND proper.event_id = told.event_id
        AND lp_same_clock(proper.ts, coalesce(told.local_ts, told.ts))
        AND (proper.channel = told.channel OR proper.channel IS NULL OR told.channel IS NULL)
        AND (lp_host(proper.computer) = lp_host(told.computer) OR told.computer IS NULL)
  )
RETURNING source_id
