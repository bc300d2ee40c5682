-- A record less in the source whose last line was half written and is read whole from a longer
-- copy. Parameter $source_id.
UPDATE source
SET
    rows = rows - 1,
    duplicates = duplicates + 1,
    note = concat_ws('; ', note, 'the last line was half written: taken from a longer copy instead')
WHERE source_id = $source_id
