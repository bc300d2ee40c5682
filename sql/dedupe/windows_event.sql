-- Whether another source brought this event already: overlapping exports of one event log share
-- record number, time, computer, provider and id. Correlated on alias new; parameter $source_id.
SELECT 1
FROM windows_event AS old
WHERE old.source_id <> $source_id
  AND old.record = new.record
  AND old.ts = new.ts
  AND old.event_id = new.event_id
  AND old.provider = new.provider
  AND old.computer = new.computer
