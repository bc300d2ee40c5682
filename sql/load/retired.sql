-- A source that a longer copy was not read on from, but anew and whole: its records count there, the
-- refused ones too. Parameters $source_id, $longer.
UPDATE source
SET
    rows = 0,
    duplicates = records,
    rejects = 0,
    recovered = 0,
    status = 'duplicate',
    note = 'read anew from a longer copy, ' || $longer  -- what it had lost is there
WHERE source_id = $source_id
