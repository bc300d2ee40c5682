-- UTC of the local times of one source. log_table is filled in. Parameters $source_id, $zone.
UPDATE log_table
SET ts = local_ts - to_seconds(p.east_s)
FROM zone_period AS p
WHERE log_table.source_id = $source_id
  AND log_table.local_ts >= p.local_from AND log_table.local_ts < p.local_until
  AND p.zone = $zone
