-- Takes out recovered events of other sources that a file has in its log proper: what is sure stays.
-- One row back: one event that went, by its source. Parameter $source_id.
DELETE FROM windows_event AS found
WHERE found.recovered
  AND found.source_id <> $source_id
  AND EXISTS (
      SELECT 1
      FROM windows_event AS proper
      WHERE proper.source_id = $source_id
        AND NOT proper.recovered
        AND proper.record = found.record
        AND proper.ts = found.ts
        AND proper.event_id IS NOT DISTINCT FROM found.event_id
        AND proper.provider IS NOT DISTINCT FROM found.provider
        AND proper.computer IS NOT DISTINCT FROM found.computer
        AND (proper.channel = found.channel OR proper.channel IS NULL OR found.channel IS NULL)
  )
RETURNING source_id
