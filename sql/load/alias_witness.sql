-- Names that hosts were seen to have beside their own, with their hosts. Grain: one pair; the same
-- alias may have several hosts here. Greetings are taken from sources of this run, and of those that
-- were killed before they came here: their count of fresh files is 0 still.
WITH own AS (  -- hosts whose own logs are here
    SELECT host, max(last_ts) AS last_ts
    FROM source
    WHERE host IS NOT NULL AND host_known_by <> 'neighbours'
    GROUP BY host
),

renamed AS (  -- "changed from %1 to %2"; not where another machine took the old name over
    SELECT DISTINCT lp_host(e.strings[1]) AS alias, lp_host(e.strings[2]) AS host, 'event 6011' AS known_by
    FROM windows_event AS e
    LEFT JOIN own AS o ON o.host = lp_host(e.strings[1])
    WHERE e.event_id = 6011 AND lower(e.provider) = 'eventlog' AND array_length(e.strings) >= 2
      AND (o.last_ts IS NULL OR o.last_ts <= e.ts + INTERVAL 1 DAY)
),

cut AS (  -- EXCHANGE-SERVER is the NetBIOS name of EXCHANGE-SERVER-01
    SELECT short.host AS alias, whole.host, 'NetBIOS' AS known_by
    FROM own AS short
    JOIN own AS whole ON left(whole.host, 15) = short.host AND length(whole.host) > 15
    WHERE length(short.host) = 15
),

greeting AS MATERIALIZED (  -- few of all rows: found before anything is cut out of them
    SELECT
        e.direction = 'out' AS calling,
        e.argument,
        coalesce(e.host, s.host) AS host
    FROM smtp_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE s.run_id IN (SELECT run_id FROM run WHERE fresh = 0)
      AND (
          (e.direction = 'out' AND e.kind = 'command' AND (e.verb = 'EHLO' OR e.verb = 'HELO'))
          OR (e.direction = 'in' AND e.kind = 'reply' AND e.reply_code = 220)
      )
),

spoken AS MATERIALIZED (
    SELECT DISTINCT
        CASE
            WHEN calling THEN regexp_extract(argument, '^[+ ]*([A-Za-z0-9][A-Za-z0-9.-]*)', 1)
            ELSE regexp_extract(argument, '^220[ +]([A-Za-z0-9][A-Za-z0-9.-]*)', 1)
        END AS name,
        host
    FROM greeting
),

greeted AS (  -- the name that a server gives of itself when it calls, or when it is called
    SELECT DISTINCT lp_host(name) AS alias, host, 'HELO' AS known_by
    FROM spoken
)

SELECT alias, host, known_by
FROM (FROM renamed UNION ALL FROM cut UNION ALL FROM greeted) AS pair
WHERE alias IS NOT NULL AND host IS NOT NULL AND alias <> host
  AND alias NOT IN ('LOCALHOST', '') AND NOT regexp_matches(alias, '^[0-9.]+$') AND NOT contains(alias, ':')
  -- a greeting that is another host's own name names that host
  AND (known_by <> 'HELO' OR alias NOT IN (SELECT host FROM own))
ORDER BY alias, known_by, host
