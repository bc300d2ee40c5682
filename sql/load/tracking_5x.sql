-- Exchange 4.0 to 5.5 tracking records into tracking_event. Grain: one recipient of one record, or
-- the record where it names none. Relation: batch, all text but record, recipient_no, fields, named.
WITH typed AS (
    SELECT
        *,
        -- '2002.4.29 18:50:47', month and day not zero-padded
        try_cast(replace(moment, '.', '-') AS TIMESTAMP) AS ts,
        try_cast(lp_value(length) AS BIGINT) AS bytes,
        try_cast(lp_value(recipients) AS INTEGER) AS count
    FROM batch
),

-- what no column takes: few different sets of values, so that a map is made once for each of them
rest AS (
    SELECT DISTINCT
        priority, seconds, cost, loose,
        CASE WHEN bytes IS NULL THEN length END AS odd_length,
        CASE WHEN count IS NULL THEN recipients END AS odd_count
    FROM typed
),

extra AS (
    SELECT
        *,
        nullif(map_from_entries(list_filter([
            {'k': 'priority', 'v': lp_value(priority)},
            {'k': 'seconds', 'v': lp_value(seconds)},
            {'k': 'cost', 'v': lp_value(cost)},
            {'k': 'length', 'v': lp_value(odd_length)},
            {'k': 'recipients', 'v': lp_value(odd_count)},
            {'k': 'status without recipient', 'v': loose}
        ], LAMBDA e: e.v IS NOT NULL)), MAP {}) AS extra
    FROM rest
)

SELECT
    t.record,
    CAST(least(t.recipient_no, 65535) AS USMALLINT) AS recipient_no,
    t.ts,
    lp_host(t.host) AS host,
    trim(t.event) AS event,
    coalesce(c.class, 'other') AS class,
    lp_message_id(t.message_id) AS message_id,
    lp_message_id(t.remote_id) AS linked_id,
    lower(lp_value(t.originator)) AS sender,
    lower(lp_value(t.recipient)) AS recipient,
    t.count AS recipients,
    t.status,
    t.bytes,
    lp_value(t.gateway) AS connector,
    lp_value(t.partner) AS partner,
    lp_message_id(t.subject_id) AS reference,
    -- c=US;a= ;p=ORG;l=SRV1-020425175433Z-7: when the id was made, which is the submission
    try_strptime(
        nullif(regexp_extract(t.message_id, ';l=[^;]*-([0-9]{12})Z-', 1), ''), '%y%m%d%H%M%S'
    ) AS origin_ts,
    x.extra,
    CASE
        WHEN t.reject IS NOT NULL THEN t.reject
        WHEN t.fields < 13 THEN 'cut short: ' || t.fields || ' of 13 fields'
        WHEN t.ts IS NULL OR t.ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
        WHEN NOT coalesce(regexp_matches(t.event, '^ *[0-9]+ *$'), false) THEN 'no event number'
        WHEN t.named > 65535 THEN 'more than 65,535 recipients'
    END AS reject,
    t.excerpt
FROM typed AS t
LEFT JOIN tracking_class AS c ON c.event = t.event
LEFT JOIN extra AS x
    ON x.priority IS NOT DISTINCT FROM t.priority
   AND x.seconds IS NOT DISTINCT FROM t.seconds
   AND x.cost IS NOT DISTINCT FROM t.cost
   AND x.loose IS NOT DISTINCT FROM t.loose
   AND x.odd_length IS NOT DISTINCT FROM CASE WHEN t.bytes IS NULL THEN t.length END
   AND x.odd_count IS NOT DISTINCT FROM CASE WHEN t.count IS NULL THEN t.recipients END
