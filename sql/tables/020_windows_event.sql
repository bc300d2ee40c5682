-- Windows event-log records, from .evt, .evtx and exports. One row: one event.
CREATE TABLE IF NOT EXISTS windows_event (
    source_id  INTEGER NOT NULL,   -- the file
    record     UBIGINT NOT NULL,   -- the log's own record number (EventRecordID, RecordNumber)
    ts         TIMESTAMP NOT NULL, -- UTC, TimeGenerated or TimeCreated (to the second in .evt)
    local_ts   TIMESTAMP,          -- the time as written, where an export has local times without offset
    host       VARCHAR,            -- short upper-case computer name
    computer   VARCHAR,            -- computer name as written
    channel    VARCHAR,            -- EVTX Channel; NULL in .evt, which does not hold it
    provider   VARCHAR,            -- Provider Name, or the .evt source name, as written
    provider_guid VARCHAR,         -- GUID of the provider; NULL in .evt and for classic sources
    event_id   INTEGER,            -- the code Event Viewer shows (low 16 bits in .evt)
    qualifiers INTEGER,            -- high 16 bits of the full event id, where there are any
    level      UTINYINT,           -- 1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 always or audit
    version    UTINYINT,           -- EVTX event version
    task       INTEGER,            -- EVTX task, .evt category
    opcode     INTEGER,            -- EVTX opcode
    keywords   VARCHAR,            -- EVTX keywords, hexadecimal text
    process_id UINTEGER,           -- the process that logged; NULL in .evt
    thread_id  UINTEGER,           -- its thread; NULL in .evt
    user_sid   VARCHAR,            -- SID of the account the event is about
    strings    VARCHAR[],          -- insertion strings by position (list index 1 is %1); an empty one keeps its place
    names      VARCHAR[],          -- names of the strings where the event has them, same order
    data       VARCHAR,            -- UserData and all else that has no column, as JSON
    binary_hex VARCHAR,            -- binary data, upper-case hexadecimal
    decoded    VARCHAR,            -- what the binary says where known: service key/state of 7036, UTC time of 6008
    recovered  BOOLEAN NOT NULL DEFAULT false,  -- overwritten record found beside the log proper
    note       VARCHAR             -- what is wrong with the record: half written, parts cut
);
