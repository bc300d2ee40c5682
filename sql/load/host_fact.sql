-- Facts of a console tool's output, decoded already, as rows of host_fact.
SELECT
    record, ts, local_ts, lp_host(host) AS host, kind, subject, name, value, number, pid,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    reject, excerpt
FROM batch;
