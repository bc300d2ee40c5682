-- EVTX records into windows_event. Relation: line, which sql/lines/evtx.sql gives. Grain: one line.
WITH placed AS (
    SELECT *, row_number() OVER () AS position
    FROM line
),

system AS (
    SELECT
        -- a half-written record says 0 where its frame still has the number; the place among the
        -- lines keeps apart those that have none at all
        coalesce(nullif(Event.System.EventRecordID, 0), number, position) AS record,
        Event.System.EventRecordID IS NULL AND number IS NULL AS unnumbered,
        Event.System.TimeCreated."#attributes".SystemTime AS ts,
        nullif(Event.System.Computer, '') AS computer,
        nullif(Event.System.Channel, '') AS channel,
        coalesce(
            nullif(Event.System.Provider."#attributes".Name, ''),
            nullif(Event.System.Provider."#attributes".EventSourceName, '')
        ) AS provider,
        Event.System.EventID AS id,
        starts_with(Event.System.EventID, '{') AS qualified,
        Event.System.Level AS level,
        Event.System.Version AS version,
        Event.System.Task AS task,
        Event.System.Opcode AS opcode,
        Event.System.Keywords AS keywords,
        Event.System.Execution."#attributes".ProcessID AS process_id,
        Event.System.Execution."#attributes".ThreadID AS thread_id,
        Event.System.Provider."#attributes".Guid AS provider_guid,
        Event.System.Security."#attributes".UserID AS user_sid,
        Event.EventData AS payload,
        json_keys(Event.EventData) AS keys,
        Event.EventData ->> '$.*' AS texts,  -- in the order of the keys, a repeated one included
        CASE
            WHEN Event.UserData IS NOT NULL
                AND nullif(Event.System.Correlation::VARCHAR, 'null') IS NOT NULL
                THEN json_merge_patch(
                    Event.UserData, json_object('Correlation', Event.System.Correlation)
                )
            WHEN Event.UserData IS NOT NULL THEN Event.UserData
            WHEN coalesce(
                Event.BinaryEventData,
                Event.DebugData,
                Event.ProcessingErrorData,
                Event.RenderingInfo,
                nullif(Event.System.Correlation::VARCHAR, 'null')
            ) IS NOT NULL
            OR contains(Event.EventData, '#attributes":{"Name"')
            OR Event.System.Provider."#attributes".EventSourceName
                <> Event.System.Provider."#attributes".Name
            THEN json_merge_patch(
                '{}',
                json_object(
                    'BinaryEventData', Event.BinaryEventData,
                    'DebugData', Event.DebugData,
                    'ProcessingErrorData', Event.ProcessingErrorData,
                    'RenderingInfo', Event.RenderingInfo,
                    'Correlation', Event.System.Correlation,
                    'EventData', Event.EventData -> '$."#attributes"',
                    'EventSourceName', nullif(
                        Event.System.Provider."#attributes".EventSourceName,
                        Event.System.Provider."#attributes".Name
                    )
                )
            )
        END AS data,
        coalesce(recovered, false) AS recovered,
        coalesce(damaged, false) AS damaged,
        Event IS NULL AS broken
    FROM placed
),

part AS (
    SELECT
        *,
        -- 7, "7", or {"#attributes":{"Qualifiers":16384},"#text":7040}; cut out, for a second
        -- parser over every record costs more than all other columns of this step
        CASE
            WHEN qualified THEN TRY_CAST(trim(split_part(id, '"#text":', 2), '"}') AS INTEGER)
            ELSE TRY_CAST(id AS INTEGER)
        END AS event_id,
        CASE
            WHEN qualified
                THEN TRY_CAST(
                    trim(split_part(split_part(id, '"Qualifiers":', 2), '}', 1), '"') AS INTEGER
                )
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

plain AS (  -- keys that are names of strings, but for a Binary at the end: nearly every record
    SELECT
        *,
        CASE
            WHEN keys[-1] = 'Binary' THEN array_length(keys) - 1
            ELSE array_length(keys)
        END AS strings_end,
        list_has_any(
            list_slice(keys, 1, strings_end), ['Data', 'Binary', '#attributes', '#text']
        ) AS mixed
    FROM part
),

named AS (
    SELECT
        *,
        CASE  -- where unnamed, named and other values stand side by side
            WHEN mixed AND NOT (unnamed IS NOT NULL AND strings_end = 1)
                THEN list_filter(
                    list_zip(keys, texts),
                    lambda pair: pair[1] NOT IN ('Binary', '#attributes', '#text')
                        AND NOT (pair[1] = 'Data' AND unnamed IS NOT NULL)
                )
        END AS pairs
    FROM plain
),

spelled AS (
    SELECT
        *,
        CASE
            -- key and state of a service as UTF-16LE: 53004D0054005000… is SMTPSVC/4
            WHEN event_id = 7036 AND provider = 'Service Control Manager'
                AND regexp_full_match(binary_hex, '(?:[0-7][0-9A-F]00)+')
                THEN replace(decode(unhex(binary_hex)), chr(0), '')
            -- the same for a key beyond ASCII, character by character; no NUL, no half pair
            WHEN event_id = 7036 AND provider = 'Service Control Manager' AND binary_hex IS NOT NULL
                THEN rtrim(array_to_string(list_transform(
                    range(1, length(binary_hex) - 2, 4),
                    lambda place: chr(greatest(32, least(55295, coalesce(TRY_CAST(
                        '0x' || binary_hex[place + 2:place + 3] || binary_hex[place:place + 1]
                        AS INTEGER
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
            WHEN unnumbered THEN 'no EventRecordID'
            WHEN ts IS NULL THEN 'no time of creation'
        END AS reject
    FROM spelled
)

SELECT
    record,
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
    thread_id,
    provider_guid,
    user_sid,
    CASE
        WHEN pairs IS NOT NULL
            THEN coalesce(unnamed, []) || list_transform(pairs, lambda pair: pair[2])
        WHEN mixed THEN unnamed
        WHEN strings_end > 0 THEN list_slice(texts, 1, strings_end)
        WHEN json_type(payload) = 'VARCHAR' THEN [payload ->> '$']
        ELSE []
    END AS strings,
    CASE
        WHEN pairs = [] THEN NULL
        WHEN pairs IS NOT NULL
            THEN list_transform(coalesce(unnamed, []), lambda text: NULL::VARCHAR)
                || list_transform(pairs, lambda pair: pair[1])
        WHEN NOT mixed AND strings_end > 0 THEN list_slice(keys, 1, strings_end)
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
-- recovered records are beside the books: one without a time is no reject
WHERE reject IS NULL OR NOT recovered
