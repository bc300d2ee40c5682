-- Values of a registry export, decoded already, as rows of registry_value. ts is left out and becomes NULL.
SELECT
    record, lp_host(host) AS host, key, key_folded, control_set, name, lower(name) AS name_folded, type, value, number,
    deleted,
    CASE WHEN len(extra) > 0 THEN map_from_entries(extra) END AS extra,
    reject, excerpt
FROM batch;
