-- Rows of one .evt file, decoded already, as rows of windows_event. Columns that .evt does not hold
-- (channel, version, opcode, keywords, process_id, thread_id, names) are left out and become NULL.
SELECT
    record,
    ts,
    upper(split_part(computer, '.', 1)) AS host,
    computer,
    provider,
    event_id,
    qualifiers,
    level,
    task,
    user_sid,
    strings,
    data,
    binary_hex,
    decoded,
    recovered,
    note,
    NULL::VARCHAR AS reject,   -- damaged records never reach a frame; the reader hands them on apart
    NULL::VARCHAR AS excerpt
FROM batch;
