-- Files that table coverage says nothing of, or not all. One row: one file. state: unread (nothing of it
-- is in the store), partial (something is missing), uncounted (a report or a listing, which is no
-- continuous log). note: what is wrong with it, where something is.
CREATE OR REPLACE VIEW uncovered AS
SELECT
    s.source_id, s.host, k.kind AS log,
    CASE
        WHEN s.status IN ('unknown', 'failed') THEN 'unread'
        WHEN m.format IS NOT NULL THEN 'uncounted'
        ELSE 'partial'
    END AS state,
    s.path, s.first_ts, s.last_ts, s.rows,
    nullif(concat_ws(
        '; ',
        CASE WHEN s.rejects = 1 THEN '1 record refused' WHEN s.rejects > 1 THEN CAST(s.rejects AS VARCHAR) || ' records refused' END,
        s.note
    ), '') AS note
FROM source AS s
LEFT JOIN log_kind AS k ON k.format = s.format
LEFT JOIN momentary AS m ON m.format = s.format
WHERE s.status IN ('unknown', 'failed', 'partial') OR m.format IS NOT NULL;
