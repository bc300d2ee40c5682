-- Takes out of a source the events that another one brought: overlapping exports of one event log share
-- record number, time, computer, provider and id. Parameter $source_id.
DELETE FROM windows_event AS new
WHERE new.source_id = $source_id
  AND EXISTS (
      SELECT 1
      FROM windows_event AS old
      WHERE old.source_id <> $source_id
        AND old.record = new.record
        AND old.ts = new.ts
        AND old.event_id IS NOT DISTINCT FROM new.event_id
        AND old.provider IS NOT DISTINCT FROM new.provider
        AND old.computer IS NOT DISTINCT FROM new.computer
        -- .evt and some exports do not name the log; where both do, another one is another event
        AND (old.channel = new.channel OR old.channel IS NULL OR new.channel IS NULL)
  )
