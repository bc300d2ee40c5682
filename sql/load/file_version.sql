-- Rows of a version list, decoded already, as rows of file_version. ts is left out and becomes NULL.
SELECT
    record, lp_host(host) AS host, path, name, version, major, minor, build, private, bytes, modified_ts,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    reject, excerpt
FROM batch;
