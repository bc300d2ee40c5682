-- Hosts of logs that do not name one: the only host that the other logs of the nearest folder name. An
-- archive may hold files of several. Parameter $formats: names of all formats of logs.
UPDATE source
SET host = near.host, host_known_by = 'neighbours'
FROM (
    WITH folder AS (  -- every folder above every file, with its depth
        SELECT
            s.source_id, s.host,
            array_to_string(list_slice(string_split(replace(s.path, '!', '/'), '/'), 1, d.depth), '/') AS folder,
            d.depth
        FROM source AS s
        CROSS JOIN generate_series(1, 30) AS d (depth)
        WHERE list_contains($formats, s.format) AND d.depth < array_length(string_split(replace(s.path, '!', '/'), '/'))
    ),

    named AS (  -- folders in which all logs that name a host name the same one
        SELECT folder, min(host) AS host
        FROM folder
        WHERE host IS NOT NULL
        GROUP BY folder
        HAVING count(DISTINCT host) = 1
    ),

    nearest AS (
        SELECT
            f.source_id, n.host,
            row_number() OVER (PARTITION BY f.source_id ORDER BY f.depth DESC) AS nearness
        FROM folder AS f
        JOIN named AS n ON n.folder = f.folder
        WHERE f.host IS NULL
    )

    SELECT source_id, host FROM nearest WHERE nearness = 1
) AS near
WHERE source.source_id = near.source_id AND source.host IS NULL
