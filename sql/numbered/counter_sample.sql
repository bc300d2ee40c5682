-- The numbers of the counters that a log names. Grain: one path. Relation: segment(counters).
SELECT path, counter_id, host
FROM counter
WHERE path IN (SELECT c.path FROM (SELECT unnest(counters) AS c FROM segment))
