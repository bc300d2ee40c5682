-- Memory by the hour. One row: the median of one counter of memory in one hour of one uptime segment,
-- in bytes. segment counts the cuts of table memory_cut before it; source_id and record lead to its first
-- sample in the first file that has any.
CREATE OR REPLACE TABLE memory_hour AS
WITH stream AS (  -- grain: one sample, or one cut
    SELECT
        coalesce(s.host, '') AS host, s.counter_id, s.ts, s.value * c.scale AS value,
        -- file and line in one number: the least of these is found faster than the first of two columns
        s.source_id * 1099511627776 + CAST(s.record AS BIGINT) AS place, 0 AS cut
    FROM counter_sample AS s
    JOIN memory_counter AS c ON c.counter_id = s.counter_id
    WHERE s.ts IS NOT NULL AND c.measure <> 'id'
      -- 0 bytes is a process that is not there, 1e15 is more than any machine has
      AND (s.value > 0 OR (s.value = 0 AND c.measure = 'available')) AND s.value * c.scale < 1e15
    UNION ALL
    SELECT
        host, counter_id, cut_at AS ts, CAST(NULL AS DOUBLE) AS value,
        CAST(NULL AS BIGINT) AS place, 1 AS cut
    FROM memory_cut
),

numbered AS (  -- a cut and a sample of the same moment: the sample is after the cut
    SELECT
        host, counter_id, ts, value, place,
        CAST(sum(cut) OVER (PARTITION BY counter_id ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS INTEGER) AS segment
    FROM stream
)

SELECT
    nullif(n.host, '') AS host, c.process, c.measure, n.counter_id, n.segment,
    date_trunc('hour', n.ts) AS hour,
    quantile_cont(n.value, 0.5) AS value,
    count(*) AS samples,
    min(n.ts) AS first_ts,
    max(n.ts) AS last_ts,
    CAST(floor(min(n.place) / 1099511627776.0) AS INTEGER) AS source_id,
    CAST(min(n.place) % 1099511627776 AS UBIGINT) AS record
FROM numbered AS n
JOIN memory_counter AS c ON c.counter_id = n.counter_id
WHERE n.value IS NOT NULL
GROUP BY n.host, c.process, c.measure, n.counter_id, n.segment, date_trunc('hour', n.ts);
