-- Counters of memory. One row: one counter of memory or of a process id.
-- process is the instance in lower case without #2 or :1234; NULL for the memory of the host.
-- measure: private, virtual, working (bytes of a process), available (free memory of the host), id.
-- scale: bytes in one unit of the counter. Names in other languages are not known, and left out.
CREATE OR REPLACE TABLE memory_counter AS
WITH folded AS (
    SELECT
        counter_id, object, counter,
        lower(object) AS object_folded, lower(instance) AS instance, lower(counter) AS counter_folded
    FROM counter
)

SELECT
    counter_id, object, counter, instance,
    CASE WHEN object_folded <> 'memory' THEN regexp_replace(instance, '[#:][0-9]+$', '', 'g') END AS process,
    CASE counter_folded
        WHEN 'private bytes' THEN 'private'
        WHEN 'virtual bytes' THEN 'virtual'
        WHEN 'working set' THEN 'working'
        WHEN 'id process' THEN 'id'
        WHEN 'process id' THEN 'id'
        ELSE 'available'
    END AS measure,
    CASE counter_folded WHEN 'available kbytes' THEN 1024 WHEN 'available mbytes' THEN 1048576 ELSE 1 END AS scale
FROM folded
WHERE (
        object_folded IN ('process', 'process v2') AND instance NOT IN ('_total', 'idle', 'system')
        AND counter_folded IN ('private bytes', 'virtual bytes', 'working set', 'id process', 'process id')
    )
   OR (object_folded = 'memory' AND counter_folded IN ('available bytes', 'available kbytes', 'available mbytes'));

-- Where the memory of a process begins anew, or is lost from sight. One row: one cut of one counter of memory.
-- ended_by: restart (the process has another id, its memory fell by more than 30 % within two samples, to
-- clearly less than in all of the last 20 hours, or its service or host restarted) or gap (over an hour, or three of the usual distances,
-- without a sample, unless the process's id is the same after it). Free memory is cut where a mail process is.
CREATE OR REPLACE TABLE memory_cut AS
WITH setting AS (
    SELECT
        0.30 AS drop_share,  -- part of the value by which a fall is a restart
        0.15 AS below_share, -- part by which it is also below all of the last hours: a load falls back, too
        20 AS below_h,       -- those hours
        60 AS gap_min,       -- minutes without a sample that are a gap
        3 AS gap_samples,    -- usual distances without a sample that are one, where they are longer
        1440 AS bridge_min   -- minutes without a sample that an unchanged process id may bridge
),

sample AS (  -- grain: one value; 0 bytes is a process that is not there, 4294967296 no process id
    SELECT
        coalesce(s.host, '') AS host, s.counter_id, c.process, c.instance, c.measure,
        s.ts, s.value, s.source_id, s.record
    FROM counter_sample AS s
    JOIN memory_counter AS c ON c.counter_id = s.counter_id
    WHERE s.ts IS NOT NULL AND s.value > 0
      AND s.value * c.scale < CASE WHEN c.measure = 'id' THEN 4294967296.0 ELSE 1e15 END
),

ordered AS (
    SELECT
        *,
        lag(ts) OVER stream AS before_ts,
        lag(value, 1) OVER stream AS v1,
        lag(value, 2) OVER stream AS v2,
        lag(value, 3) OVER stream AS v3,
        lag(value, 4) OVER stream AS v4,
        lag(value, 5) OVER stream AS v5,
        lead(value) OVER stream AS next
    FROM sample
    WINDOW stream AS (PARTITION BY counter_id ORDER BY ts, source_id, record)
),

trusted AS (  -- the counter that shows a fall best: a working set is trimmed, too. Grain: one instance
    SELECT
        host, instance,
        min(CASE measure WHEN 'private' THEN 1 WHEN 'virtual' THEN 2 WHEN 'working' THEN 3 END) AS best
    FROM (SELECT DISTINCT host, instance, measure FROM sample WHERE measure IN ('private', 'virtual', 'working'))
    GROUP BY host, instance
),

other_id AS (
    SELECT
        host, process, instance, ts AS cut_at,
        'the process id changed from ' || CAST(v1 AS BIGINT) || ' to ' || CAST(value AS BIGINT) AS text,
        source_id, record
    FROM ordered
    WHERE measure = 'id' AND v1 <> value
),

sudden AS (  -- lower than all that was before the last sample: one that falls back from a peak is none
    SELECT
        o.host, o.process, o.instance, o.counter_id, o.ts, o.before_ts, o.value, o.source_id, o.record,
        least(o.v2, o.v3) AS before_value
    FROM ordered AS o
    JOIN trusted AS t
        ON t.host = o.host AND t.instance = o.instance
       AND t.best = CASE o.measure WHEN 'private' THEN 1 WHEN 'virtual' THEN 2 WHEN 'working' THEN 3 END
    CROSS JOIN setting AS p
    WHERE o.value < (1 - p.drop_share) * least(o.v2, o.v3, o.v4)
      AND coalesce(o.next, o.value) < (1 - p.drop_share) * least(o.v2, o.v3, o.v4)
      AND NOT coalesce(o.v1 < (1 - p.drop_share) * least(o.v3, o.v4, o.v5), false)
),

fall AS (  -- grain: one sudden fall below all of the last hours
    SELECT
        f.host, f.process, f.instance, f.ts AS cut_at,
        'its memory fell from ' || CAST(round(f.before_value / 1048576) AS BIGINT) || ' to '
            || CAST(round(f.value / 1048576) AS BIGINT) || ' MiB' AS text,
        f.source_id, f.record
    FROM sudden AS f
    CROSS JOIN setting AS p
    JOIN ordered AS o
        ON o.counter_id = f.counter_id AND o.ts < f.ts AND lp_us(f.ts) - lp_us(o.ts) <= lp_minutes(p.below_h * 60)
    GROUP BY f.host, f.process, f.instance, f.counter_id, f.ts, f.before_ts, f.value, f.before_value, f.source_id, f.record, p.below_share
    -- the sample just before may have been taken half-way
    HAVING f.value < (1 - p.below_share) * min(CASE WHEN o.ts < f.before_ts THEN o.value END)
),

service_start AS (
    SELECT DISTINCT
        i.host, i.process, i.instance, coalesce(r.stop_at, r.start_at) AS cut_at,
        r.display || ' restarted' AS text,
        r.source_id, r.record
    FROM (SELECT DISTINCT host, process, instance FROM sample WHERE process IS NOT NULL) AS i
    JOIN restart AS r ON r.host = i.host AND r.confidence IN ('high', 'medium')
    LEFT JOIN process_service AS s ON s.process = i.process AND s.service = r.service
    WHERE r.service = 'host' OR s.process IS NOT NULL
),

host_start AS (
    SELECT host, start_at AS cut_at, display || ' restarted' AS text, source_id, record
    FROM restart
    WHERE service = 'host' AND confidence IN ('high', 'medium')
),

instance_cut AS (  -- grain: one sign of a restart of one instance
    SELECT host, process, instance, cut_at, text, source_id, record FROM other_id
    UNION ALL
    SELECT host, process, instance, cut_at, text, source_id, record FROM fall
    UNION ALL
    SELECT host, process, instance, cut_at, text, source_id, record FROM service_start
),

series AS (
    SELECT DISTINCT host, counter_id, process, instance, measure
    FROM sample
    WHERE measure <> 'id'
),

known_id AS (
    SELECT host, instance, min(ts) AS first_ts, max(ts) AS last_ts
    FROM sample
    WHERE measure = 'id'
    GROUP BY host, instance
),

distance AS (  -- grain: one counter
    SELECT counter_id, quantile_cont(lp_us(ts) - lp_us(before_ts), 0.5) AS usual_us
    FROM ordered
    WHERE ts > before_ts
    GROUP BY counter_id
),

gap AS (
    SELECT o.host, o.counter_id, o.process, o.ts AS cut_at, o.source_id, o.record, lp_us(o.ts) - lp_us(o.before_ts) AS gap_us
    FROM ordered AS o
    JOIN distance AS d ON d.counter_id = o.counter_id
    CROSS JOIN setting AS p
    LEFT JOIN known_id AS k
        ON k.host = o.host AND k.instance = o.instance AND k.first_ts <= o.before_ts AND k.last_ts >= o.ts
    WHERE o.measure <> 'id'
      AND lp_us(o.ts) - lp_us(o.before_ts) > greatest(lp_minutes(p.gap_min), p.gap_samples * d.usual_us)
      AND (k.host IS NULL OR lp_us(o.ts) - lp_us(o.before_ts) > lp_minutes(p.bridge_min))
)

SELECT s.host, s.process, s.counter_id, c.cut_at, 'restart' AS ended_by, c.text, c.source_id, c.record
FROM series AS s
JOIN instance_cut AS c ON c.host = s.host AND c.instance = s.instance AND c.process = s.process
UNION
SELECT s.host, s.process, s.counter_id, c.cut_at, 'restart' AS ended_by, c.process || ': ' || c.text, c.source_id, c.record
FROM series AS s
JOIN instance_cut AS c ON c.host = s.host
JOIN (SELECT DISTINCT process FROM process_service) AS m ON m.process = c.process
WHERE s.measure = 'available'
UNION
SELECT s.host, s.process, s.counter_id, h.cut_at, 'restart' AS ended_by, h.text, h.source_id, h.record
FROM series AS s
JOIN host_start AS h ON h.host = s.host
WHERE s.measure = 'available'
UNION
SELECT
    host, process, counter_id, cut_at, 'gap' AS ended_by,
    'no sample for ' || round(gap_us / 3600000000.0, 1) || ' h' AS text,
    source_id, record
FROM gap;
