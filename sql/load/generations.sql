-- The Windows version of event logs, from their last EventLog 6009: 5.02., 3790, Service Pack 2, ...
UPDATE source
SET generation = boot.generation, generation_known_by = 'event 6009'
FROM (
    SELECT
        source_id,
        'Windows ' || rtrim(strings[1], '.') || ' build ' || strings[2]
            || coalesce(' ' || nullif(trim(strings[3]), ''), '') AS generation,
        row_number() OVER (PARTITION BY source_id ORDER BY ts DESC, record DESC) AS newest
    FROM windows_event
    WHERE event_id = 6009 AND lower(provider) = 'eventlog' AND array_length(strings) >= 2
) AS boot
WHERE source.source_id = boot.source_id AND boot.newest = 1
  AND source.generation_known_by IS DISTINCT FROM 'event 6009'
