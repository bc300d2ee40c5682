-- Takes out of a source the events that another one brought: overlapping exports of one event log share
-- record number, time, computer, provider and id. What a text export has stands for nothing else here:
-- load/text_known.sql, load/text_again.sql. Parameter $source_id.
DELETE FROM windows_event AS new
WHERE new.source_id = $source_id
  AND NOT lp_text_export(new.note)
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
        AND NOT lp_text_export(old.note)
  )
