-- Files of which members were read. Grain: one archive, as given.
SELECT DISTINCT a.path
FROM source AS a
JOIN source AS m ON starts_with(m.path, a.path || '!')
ORDER BY a.path
