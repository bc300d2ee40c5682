-- Lines of JSON that EVTX records were decoded to. Grain: one line. Parameter $path.
SELECT *
FROM read_json(
    $path,
    format = 'newline_delimited',
    maximum_object_size = 33554432,
    -- a line or a value of another shape becomes NULL instead of ending the load; the NULL
    -- is caught below, no line is dropped
    ignore_errors = true,
    columns = {
        'Event': 'STRUCT(
            System STRUCT(
                Provider STRUCT("#attributes" STRUCT(Name VARCHAR, EventSourceName VARCHAR, Guid VARCHAR)),
                EventID VARCHAR,
                Version UTINYINT,
                Level UTINYINT,
                Task INTEGER,
                Opcode INTEGER,
                Keywords VARCHAR,
                TimeCreated STRUCT("#attributes" STRUCT(SystemTime TIMESTAMP)),
                EventRecordID UBIGINT,
                Execution STRUCT("#attributes" STRUCT(ProcessID UINTEGER, ThreadID UINTEGER)),
                Correlation JSON,
                Channel VARCHAR,
                Computer VARCHAR,
                Security STRUCT("#attributes" STRUCT(UserID VARCHAR))
            ),
            EventData JSON,
            UserData JSON,
            BinaryEventData JSON,
            DebugData JSON,
            ProcessingErrorData JSON,
            RenderingInfo JSON
        )',
        'number': 'UBIGINT',
        'recovered': 'BOOLEAN',
        'damaged': 'BOOLEAN'
    }
)
