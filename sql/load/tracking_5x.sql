-- Exchange 4.0 to 5.5 tracking records into tracking_event. Grain: one recipient of one record, or
-- the record where it names none. Relation: batch, all text but record, recipient_no, fields, named;
-- its host is a short name already.
WITH typed AS (
    SELECT
        *,
        -- '2002.4.29 18:50:47', month and day not zero-padded
        try_cast(replace(moment, '.', '-') AS TIMESTAMP) AS ts,
        try_cast(lp_value(length) AS BIGINT) AS bytes,
        try_cast(lp_value(recipients) AS INTEGER) AS count
    FROM batch
),

-- what no column takes, "priority=0⇥seconds=0⇥cost=0": a map for each of the few different sets
extra AS (
    SELECT
        rest,
        map_from_entries(list_transform(
            string_split(rest, chr(9)),
            LAMBDA pair: {
                'k': split_part(pair, '=', 1), 'v': substr(pair, strpos(pair, '=') + 1)
            }
        )) AS extra
    FROM (SELECT DISTINCT rest FROM batch WHERE rest <> '')
)

SELECT
    t.record,
    CAST(least(t.recipient_no, 65535) AS USMALLINT) AS recipient_no,
    t.ts,
    t.host,
    trim(t.event) AS event,
    coalesce(c.class, 'other') AS class,
    -- X.400 ids have no brackets to take off, and the pattern costs more than all else here
    CASE WHEN contains(t.message_id, '<') THEN lp_message_id(t.message_id) ELSE lp_value(t.message_id) END AS message_id,
    CASE WHEN contains(t.remote_id, '<') THEN lp_message_id(t.remote_id) ELSE lp_value(t.remote_id) END AS linked_id,
    lower(lp_value(t.originator)) AS sender,
    lower(lp_value(t.recipient)) AS recipient,
    t.count AS recipients,
    t.status,
    t.bytes,
    lp_value(t.gateway) AS connector,
    lp_value(t.partner) AS partner,
    lp_value(t.subject_id) AS reference,
    try_strptime(t.made, '%y%m%d%H%M%S') AS origin_ts,
    x.extra,
    CASE
        WHEN t.reject IS NOT NULL THEN t.reject
        WHEN t.fields < 13 THEN 'cut short: ' || t.fields || ' of 13 fields'
        WHEN t.ts IS NULL OR t.ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
        WHEN try_cast(t.event AS UINTEGER) IS NULL THEN 'no event number'
        WHEN t.named > 65535 THEN 'more than 65,535 recipients'
    END AS reject,
    t.excerpt
FROM typed AS t
LEFT JOIN tracking_class AS c ON c.event = t.event
LEFT JOIN extra AS x ON x.rest = t.rest
