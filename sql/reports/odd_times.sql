-- A finding of rule $rule whose times cannot be shown: at no time of a calendar, or at its end before its start.
SELECT
    CASE
        WHEN ts_end < ts THEN 'ends at ' || CAST(ts_end AS VARCHAR) || ', before its ts ' || CAST(ts AS VARCHAR)
        WHEN ts NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
            THEN 'has the ts ' || CAST(ts AS VARCHAR)
        ELSE 'has the ts_end ' || CAST(ts_end AS VARCHAR)
    END AS what,
    text
FROM finding
WHERE rule = $rule
  AND (
      ts_end < ts
      OR ts NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
      OR ts_end NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'
  )
ORDER BY what, text
LIMIT 1
