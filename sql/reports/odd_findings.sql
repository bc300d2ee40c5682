-- A finding of rule $rule that cannot be shown: at no time of a calendar, at its end before its start, or with evidence
-- in a file that is none.
SELECT
    CASE
        WHEN c.source_id IS NULL AND f.source_id IS NOT NULL THEN 'names source_id ' || f.source_id || ', which table source does not have'
        WHEN ts_end < ts THEN 'ends at ' || CAST(ts_end AS VARCHAR) || ', before its ts ' || CAST(ts AS VARCHAR)
        WHEN ts NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
            THEN 'has the ts ' || CAST(ts AS VARCHAR)
        ELSE 'has the ts_end ' || CAST(ts_end AS VARCHAR)
    END AS what,
    text
FROM finding AS f
LEFT JOIN source AS c ON c.source_id = f.source_id
WHERE rule = $rule
  AND (
      (c.source_id IS NULL AND f.source_id IS NOT NULL)
      OR ts_end < ts
      OR ts NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
      OR ts_end NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
  )
ORDER BY what, text
LIMIT 1
