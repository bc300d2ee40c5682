-- Whether another source brought this event already: overlapping exports of one event log share
-- record number, time, computer, provider and id. Correlated on alias new; parameter $source_id.
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
