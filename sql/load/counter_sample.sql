-- Lines of counter logs into counter_sample. Grain: one cell with a value; a line without any gives
-- one row. Relations: line(record, text), segment(first_line, last_line, divider, least and most
-- cells, bias, layout, counters), numbered(path, counter_id, host).
WITH layout AS (
    SELECT
        layout,
        [NULL] || list(counter_id ORDER BY place) AS ids,  -- [1] is the time
        CASE WHEN count(DISTINCT host) > 1 THEN [NULL] || list(host ORDER BY place) END AS hosts,
        CASE WHEN count(DISTINCT host) = 1 THEN max(host) END AS host
    FROM (
        SELECT s.layout, c.counter_id, c.host, s.cell.place
        FROM (SELECT layout, unnest(counters) AS cell FROM segment) AS s
        JOIN numbered AS c ON c.path = s.cell.path
    )
    GROUP BY layout
),

governed AS (
    SELECT s.first_line, s.last_line, s.divider, s.least, s.most, s.bias, h.ids, h.hosts, h.host
    FROM segment AS s
    LEFT JOIN layout AS h ON h.layout = s.layout
),

cell AS (
    SELECT
        l.record, l.text, g.first_line, g.least, g.most, g.bias, g.ids, g.hosts, g.host,
        -- no value holds a quote, so that "," divides cells and nothing else
        CASE
            WHEN NOT starts_with(l.text, '"') THEN string_split(l.text, g.divider)
            WHEN ends_with(l.text, '"') THEN string_split(left(l.text, -1), '"' || g.divider || '"')
            ELSE string_split(l.text, '"' || g.divider || '"')
        END AS f
    FROM line AS l
    LEFT JOIN governed AS g ON l.record BETWEEN g.first_line AND g.last_line
    WHERE l.text IS NOT NULL
      AND NOT regexp_matches(
          l.text, '^\x{FEFF}?(?:"?\(PDH-|Exiting, please wait|The command completed)'
      )
),

number AS (
    SELECT
        *,
        try_cast(f AS DOUBLE[]) AS numbers,
        try_strptime(ltrim(f[1], '"'), ['%m/%d/%Y %H:%M:%S.%g', '%m/%d/%Y %H:%M:%S']) AS wall
    FROM cell
),

judged AS (
    SELECT
        record, f, numbers, ids, hosts, host,
        wall + to_minutes(CAST(coalesce(bias, 0) AS BIGINT)) AS ts,
        CASE WHEN bias IS NULL THEN wall END AS local_ts,
        CASE
            WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
            WHEN first_line IS NULL THEN 'no header line governs this line'
            WHEN array_length(f) NOT BETWEEN least AND most
            THEN array_length(f) || ' cells, ' || most || ' in the header line'
            WHEN starts_with(text, '"') AND NOT ends_with(text, '"')
            THEN 'cut short: no quote at its end'
            WHEN wall IS NULL OR wall NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
            THEN 'no readable date and time'
        END AS reject,
        lp_excerpt(text) AS excerpt,
        -- whether there are cells that are neither number nor blank
        list_count(numbers) < array_length(f) - 1
        AND list_count(numbers)
        + (strlen(text) - strlen(replace(text, '" "', ''))) // 3
        + (strlen(text) - strlen(replace(text, '""', ''))) // 2 < array_length(f) - 1 AS odd
    FROM number
),

sample AS (
    SELECT
        record, ts, local_ts, host, reject, excerpt, odd, f, ids,
        reject IS NOT NULL OR (list_count(numbers) = 0 AND NOT odd) AS bare,
        unnest(hosts) AS own_host,
        unnest(ids) AS counter_id,
        unnest(numbers) AS number
    FROM judged
),

told AS (
    SELECT
        *,
        CASE
            WHEN odd AND number IS NULL AND counter_id IS NOT NULL
            THEN nullif(trim(f[list_position(ids, counter_id)]), '')
        END AS text
    FROM sample
)

SELECT
    record, ts, local_ts,
    coalesce(own_host, host) AS host,
    counter_id,
    CASE
        WHEN isfinite(number) THEN number
        -- the decimal comma of some tools
        WHEN text IS NOT NULL THEN try_cast(replace(text, ',', '.') AS DOUBLE)
    END AS value,
    text, reject, excerpt
FROM told
WHERE number IS NOT NULL OR text IS NOT NULL OR (bare AND counter_id IS NULL)
