-- EVTX records as JSON lines into windows_event. Grain: one line. Parameter $path.
WITH line AS (
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
                    Provider STRUCT("#attributes" STRUCT(Name VARCHAR, EventSourceName VARCHAR)),
                    EventID VARCHAR,
                    Version VARCHAR,
                    Level VARCHAR,
                    Task VARCHAR,
                    Opcode VARCHAR,
                    Keywords VARCHAR,
                    TimeCreated STRUCT("#attributes" STRUCT(SystemTime VARCHAR)),
                    EventRecordID VARCHAR,
                    Execution STRUCT("#attributes" STRUCT(ProcessID VARCHAR)),
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
),

system AS (  -- numbers arrive as 7, "7" or {"#text": 7, "#attributes": {…}}
    SELECT
        -- a half-written record says 0 where its frame still has the number
        coalesce(
            nullif(TRY_CAST(Event.System.EventRecordID AS UBIGINT), 0), number,
            TRY_CAST(Event.System.EventRecordID AS UBIGINT)
        ) AS record,
        -- 6, 7 or 9 fractional digits: cut, not rounded
        TRY_CAST(left(rtrim(Event.System.TimeCreated."#attributes".SystemTime, 'Z'), 26) AS TIMESTAMP)
            AS ts,
        nullif(Event.System.Computer, '') AS computer,
        nullif(Event.System.Channel, '') AS channel,
        coalesce(
            nullif(Event.System.Provider."#attributes".Name, ''),
            nullif(Event.System.Provider."#attributes".EventSourceName, '')
        ) AS provider,
        Event.System.EventID AS id,
        starts_with(Event.System.EventID, '{') AS qualified,
        TRY_CAST(Event.System.Level AS UTINYINT) AS level,
        TRY_CAST(Event.System.Version AS UTINYINT) AS version,
        TRY_CAST(Event.System.Task AS INTEGER) AS task,
        TRY_CAST(Event.System.Opcode AS INTEGER) AS opcode,
        Event.System.Keywords AS keywords,
        TRY_CAST(Event.System.Execution."#attributes".ProcessID AS UINTEGER) AS process_id,
        Event.System.Security."#attributes".UserID AS user_sid,
        Event.EventData AS payload,
        json_keys(Event.EventData) AS keys,
        Event.EventData ->> '$.*' AS texts,  -- in the order of the keys, a repeated one included
        CASE
            WHEN Event.UserData IS NOT NULL THEN Event.UserData
            WHEN coalesce(
                Event.BinaryEventData, Event.DebugData, Event.ProcessingErrorData, Event.RenderingInfo
            ) IS NOT NULL THEN json_merge_patch(
                '{}',
                json_object(
                    'BinaryEventData', Event.BinaryEventData,
                    'DebugData', Event.DebugData,
                    'ProcessingErrorData', Event.ProcessingErrorData,
                    'RenderingInfo', Event.RenderingInfo
                )
            )
        END AS data,
        coalesce(recovered, false) AS recovered,
        coalesce(damaged, false) AS damaged,
        Event IS NULL AS broken
    FROM line
),

part AS (
    SELECT
        *,
        CASE
            WHEN qualified THEN TRY_CAST(id::JSON ->> '$."#text"' AS INTEGER)
            ELSE TRY_CAST(id AS INTEGER)
        END AS event_id,
        CASE
            WHEN qualified THEN TRY_CAST(id::JSON ->> '$."#attributes".Qualifiers' AS INTEGER)
        END AS qualifiers,
        -- unnamed: {"Data": {"#text": ["a", ""]}}, or {"#text": "a"} for a single one;
        -- a named Data that is itself called Data has no object below it
        CASE
            WHEN list_contains(keys, 'Data')
                AND json_type(payload, '$.Data."#text"') IS NOT NULL
                THEN CASE json_type(payload, '$.Data."#text"')
                    WHEN 'ARRAY' THEN payload ->> '$.Data."#text"[*]'
                    ELSE [payload ->> '$.Data."#text"']
                END
        END AS unnamed,
        CASE
            WHEN list_contains(keys, 'Binary')
                THEN upper(texts[list_position(keys, 'Binary')])
        END AS binary_hex
    FROM system
),

named AS (  -- what of EventData is a string by name: not the unnamed ones, not the binary
    SELECT
        *,
        CASE
            WHEN keys = ['Data'] OR keys = ['Data', 'Binary'] THEN NULL
            ELSE list_filter(
                list_zip(keys, texts),
                lambda pair: pair[1] NOT IN ('Binary', '#attributes', '#text')
                    AND NOT (pair[1] = 'Data' AND unnamed IS NOT NULL)
            )
        END AS pairs
    FROM part
),

spelled AS (
    SELECT
        *,
        CASE
            -- key and state of a service as UTF-16LE: 53004D0054005000… is SMTPSVC/4
            WHEN event_id = 7036 AND provider = 'Service Control Manager' AND binary_hex IS NOT NULL
                THEN rtrim(array_to_string(list_transform(
                    range(1, length(binary_hex) - 2, 4),
                    lambda at: chr(greatest(32, least(55295, coalesce(TRY_CAST(
                        '0x' || binary_hex[at + 2:at + 3] || binary_hex[at:at + 1] AS INTEGER
                    ), 63))))
                ), ''))
            -- two SYSTEMTIMEs of 8 words, local then UTC: year, month, weekday, day, h, m, s, ms
            WHEN event_id = 6008 AND lower(provider) = 'eventlog' AND length(binary_hex) >= 64
                THEN TRY_CAST(format(
                    '{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}',
                    TRY_CAST('0x' || binary_hex[35:36] || binary_hex[33:34] AS INTEGER),
                    TRY_CAST('0x' || binary_hex[39:40] || binary_hex[37:38] AS INTEGER),
                    TRY_CAST('0x' || binary_hex[47:48] || binary_hex[45:46] AS INTEGER),
                    TRY_CAST('0x' || binary_hex[51:52] || binary_hex[49:50] AS INTEGER),
                    TRY_CAST('0x' || binary_hex[55:56] || binary_hex[53:54] AS INTEGER),
                    TRY_CAST('0x' || binary_hex[59:60] || binary_hex[57:58] AS INTEGER)
                ) AS TIMESTAMP)::VARCHAR
        END AS decoded
    FROM named
),

judged AS (
    SELECT
        *,
        CASE
            WHEN broken THEN 'the decoder gave broken JSON'
            WHEN record IS NULL THEN 'no EventRecordID'
            WHEN ts IS NULL THEN 'no time of creation'
        END AS reject
    FROM spelled
)

SELECT
    coalesce(record, number, 0) AS record,
    ts,
    upper(split_part(computer, '.', 1)) AS host,
    computer,
    channel,
    provider,
    event_id,
    qualifiers,
    level,
    version,
    task,
    opcode,
    keywords,
    process_id,
    user_sid,
    CASE
        WHEN pairs IS NULL THEN coalesce(unnamed, CASE
            WHEN json_type(payload) = 'VARCHAR' THEN [payload ->> '$']
            ELSE []
        END)
        ELSE coalesce(unnamed, []) || list_transform(pairs, lambda pair: pair[2])
    END AS strings,
    CASE
        WHEN pairs IS NOT NULL AND pairs <> []
            THEN list_transform(coalesce(unnamed, []), lambda text: NULL::VARCHAR)
                || list_transform(pairs, lambda pair: pair[1])
    END AS names,
    data::VARCHAR AS data,
    binary_hex,
    CASE
        WHEN event_id = 6008 THEN replace(decoded, ' ', 'T') || 'Z'
        ELSE decoded
    END AS decoded,
    recovered,
    nullif(concat_ws(
        '; ',
        CASE WHEN damaged THEN 'its frame is damaged' WHEN recovered THEN 'found past damage' END,
        CASE WHEN provider IS NULL THEN 'half written: no provider' END,
        CASE WHEN event_id = 0 THEN 'event id 0: half written, or never set by the program' END,
        CASE WHEN event_id IS NULL THEN 'no event id' END
    ), '') AS note,
    reject,
    CASE
        WHEN reject IS NOT NULL THEN left(concat_ws(' ', computer, channel, provider, id), 200)
    END AS excerpt
FROM judged
WHERE reject IS NULL OR NOT recovered  -- recovered ones are beside the books
