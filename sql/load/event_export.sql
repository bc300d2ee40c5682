-- Event logs exported as CSV or text into windows_event. Grain: one event.
-- Relation: batch, with the columns of _event_log/event_text.py. (Exports as XML are loaded by evtx.sql.)
SELECT
    -- the log's own number where the export has it, else the line
    CASE WHEN record_no > 0 AND reject IS NULL THEN record_no ELSE record END::UBIGINT AS record,
    ts,
    local_ts,
    lp_host(computer) AS host,
    lp_value(computer) AS computer,
    lp_value(channel) AS channel,
    lp_value(provider) AS provider,
    event_id::INTEGER AS event_id,
    qualifiers::INTEGER AS qualifiers,
    level_no::UTINYINT AS level,
    version::UTINYINT AS version,
    task::INTEGER AS task,
    opcode::INTEGER AS opcode,
    keywords,
    process_id::UINTEGER AS process_id,
    user_sid,
    CASE WHEN len(extra) > 0 THEN to_json(map_from_entries(extra))::VARCHAR END AS data,
    false AS recovered,
    'from a text export: rendered message, no strings'
        || CASE WHEN coalesce(record_no, 0) > 0 THEN '' ELSE ', numbered by line' END AS note,
    CASE
        WHEN reject IS NOT NULL THEN reject
        WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
        WHEN event_id IS NULL THEN 'no event id'
    END AS reject,
    excerpt
FROM batch
