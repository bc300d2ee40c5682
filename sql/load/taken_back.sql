-- A record less in the source whose last line was half written, taken for a row or refused, and is
-- read whole from a longer copy. Parameters $source_id, $rows, $rejects: 1 where it was one, else 0.
UPDATE source
SET
    rows = rows - $rows,
    rejects = rejects - $rejects,
    duplicates = duplicates + $rows + $rejects,
    status = CASE
        WHEN rejects = $rejects
            AND NOT regexp_matches(coalesce(note, ''), '(^|; )(lost|books do not balance)|the rest is lost')
        THEN 'loaded'
        ELSE status
    END,
    note = concat_ws('; ', note, 'the last line was half written: taken from a longer copy instead')
WHERE source_id = $source_id
