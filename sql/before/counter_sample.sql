-- Counters that no file brought before, so that the load finds the number of each. Grain: one path.
-- Relation: segment(counters: list of path, host, object, instance, counter and place in the line).
INSERT INTO counter BY NAME
SELECT
    CAST(
        (SELECT coalesce(max(counter_id), 0) FROM counter)
        + row_number() OVER (ORDER BY min(first_line), min(c.place), c.path) AS INTEGER
    ) AS counter_id,
    c.path,
    lp_host(any_value(c.host)) AS host,
    any_value(c.object) AS object,
    any_value(c.instance) AS instance,
    any_value(c.counter) AS counter
FROM (SELECT first_line, unnest(counters) AS c FROM segment)
WHERE c.path NOT IN (SELECT path FROM counter)
GROUP BY c.path
