-- Recovered events that went from a source, since another one has them for sure. Parameters $source_id,
-- $count.
UPDATE source SET recovered = recovered - $count WHERE source_id = $source_id
