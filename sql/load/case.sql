-- What a rule's case leaves out: the class of tracking events, and the sources of the rows it gives.
UPDATE tracking_event
SET class = coalesce((SELECT k.class FROM tracking_class AS k WHERE k.event = tracking_event.event), 'other')
WHERE class = '';

INSERT INTO source BY NAME
SELECT
    source_id, path, format, host, 'content' AS host_known_by, 'UTC' AS zone, 'format' AS zone_known_by,
    first_ts, last_ts, records, records AS rows, 0 AS duplicates, 0 AS rejects, 0 AS recovered,
    'loaded' AS status, 1 AS run_id
FROM (
    SELECT
        source_id, 'case/' || host || '.evt' AS path, 'evt' AS format, host,
        min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS records
    FROM windows_event
    GROUP BY source_id, host
    UNION ALL
    SELECT
        source_id, 'case/' || host || '.smtp.log', 'smtpsvc_w3c', host,
        min(ts), max(ts), count(*)
    FROM smtp_event
    GROUP BY source_id, host
    UNION ALL
    SELECT
        source_id, 'case/' || host || '.tracking.log',
        CASE WHEN bool_and(regexp_full_match(event, '[0-9]+')) THEN 'tracking_2003' ELSE 'tracking_2007' END,
        host, min(ts), max(ts), count(*)
    FROM tracking_event
    GROUP BY source_id, host
);
