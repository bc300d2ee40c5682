-- UTC of the local times of one source, in one pair of columns. log_table, local_column and utc_column
-- are filled in. Parameters $source_id, $zone.
UPDATE log_table
SET utc_column = log_table.local_column - to_seconds(p.east_s)
FROM zone_period AS p
WHERE log_table.source_id = $source_id
  AND log_table.local_column >= p.local_from AND log_table.local_column < p.local_until
  AND p.zone = $zone
