-- A source that a longer copy was not read on from, but anew and whole: its records count there.
-- Parameters $source_id, $longer.
UPDATE source
SET
    rows = 0,
    duplicates = records - rejects,
    status = CASE WHEN rejects > 0 THEN 'partial' ELSE 'duplicate' END,
    note = concat_ws('; ', note, 'read anew from a longer copy, ' || $longer)
WHERE source_id = $source_id
