-- Files of a folder listing, decoded already, as rows of queue_entry. When the listing was taken it does not say: no ts.
SELECT
    record, 'file' AS kind, queue, name, bytes,
    arrived_ts, arrived_local_ts, written_ts, written_local_ts,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    reject, excerpt
FROM batch;
