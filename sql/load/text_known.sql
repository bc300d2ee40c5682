-- Takes out of a text export the events that stand in the store already, in whatever shape: the same
-- number, id, log and computer, and the time by some zone's clock. Parameter $source_id.
DELETE FROM windows_event AS told
WHERE told.source_id = $source_id
  AND NOT ends_with(told.note, 'numbered by line')
  AND EXISTS (
      SELECT 1
      FROM windows_event AS old
      WHERE old.source_id <> $source_id
        AND old.record = told.record
        AND old.event_id = told.event_id
        AND lp_same_clock(coalesce(old.local_ts, old.ts), coalesce(told.local_ts, told.ts))
        AND (old.channel = told.channel OR old.channel IS NULL OR told.channel IS NULL)
        AND (lp_host(old.computer) = lp_host(told.computer) OR old.computer IS NULL OR told.computer IS NULL)
  )
