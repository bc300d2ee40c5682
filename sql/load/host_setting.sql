-- Properties of a metabase, decoded already, as rows of host_setting. ts is left out and becomes NULL.
SELECT
    record, lp_host(host) AS host, section, name, type, value, number,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    reject, excerpt
FROM batch;
