-- Whether an event stands in the store already. Overlapping exports of one event log share record
-- number, time, computer, provider and id; within one file, damaged or put together of two, it must be
-- the same in all, and what stands in the log proper goes before what was recovered.
-- Correlated on alias new; parameter $source_id.
SELECT 1
FROM windows_event AS old
WHERE old.record = new.record
  AND old.ts = new.ts
  AND old.event_id IS NOT DISTINCT FROM new.event_id
  AND old.provider IS NOT DISTINCT FROM new.provider
  AND old.computer IS NOT DISTINCT FROM new.computer
  -- .evt and some exports do not name the log; where both do, another one is another event
  AND (old.channel = new.channel OR old.channel IS NULL OR new.channel IS NULL)
  AND (
      old.source_id <> $source_id
      OR (
          (old.recovered, old.rowid) < (new.recovered, new.rowid)
          AND old.strings IS NOT DISTINCT FROM new.strings
          AND old.data IS NOT DISTINCT FROM new.data
          AND old.binary_hex IS NOT DISTINCT FROM new.binary_hex
      )
  )
