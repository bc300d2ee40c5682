/*
title = "What waited in the queues at one moment, beside what listings and counters saw"
grain = "One row: one destination of one host; one for all of a host's destinations, or one for each of its counters."
columns = ["host", "destination", "rebuilt", "oldest_min", "seen", "seen_by", "seen_at", "source", "record"]
unknown = "A host without a mail log at that moment has nothing rebuilt, one without a listing or counter nothing seen."
empty = "No mail log, listing or counter reaches that moment."

[params.at]
kind = "moment"
unit = "UTC"
required = true
text = "the moment"

[params.hosts]
kind = "hosts"
text = "only these hosts"
*/
-- What waited at one moment, rebuilt from the logs, beside what listings and counters saw within half an
-- hour of it. Parameters: $at (UTC), $hosts (a list; NULL: all). One row: one destination of one host; and
-- one for all of a host's destinations, or one for each of its counters. rebuilt is NULL where no mail log
-- of the host reaches that moment.
WITH spoken AS (  -- of a host's logs message tracking speaks before the SMTP log
    SELECT host, log
    FROM (
        SELECT
            host, log,
            row_number() OVER (PARTITION BY host ORDER BY CASE WHEN log = 'smtp' THEN 2 ELSE 1 END, log) AS choice
        FROM log_span
        WHERE $at BETWEEN first_ts AND last_ts
    ) AS l
    WHERE choice = 1
),

waiting AS (
    SELECT w.host, w.log, w.domain, w.message, w.entered, w.source_id, w.record
    FROM waiting_message AS w
    JOIN spoken AS s ON s.host = w.host AND s.log = w.log
    WHERE w.entered <= $at AND w.until_ts > $at
),

rebuilt AS (
    SELECT
        host, domain AS destination, count(*) AS messages, min(entered) AS oldest,
        arg_min(source_id, (entered, source_id, record)) AS source_id,
        arg_min(record, (entered, source_id, record)) AS record
    FROM waiting
    GROUP BY host, domain
),

total AS (
    SELECT
        s.host, count(DISTINCT w.message) AS messages, min(w.entered) AS oldest,
        arg_min(w.source_id, (w.entered, w.source_id, w.record)) AS source_id,
        arg_min(w.record, (w.entered, w.source_id, w.record)) AS record
    FROM spoken AS s
    LEFT JOIN waiting AS w ON w.host = s.host
    GROUP BY s.host
),

snapshot AS (  -- the nearest listing of each host
    SELECT
        host, ts,
        row_number() OVER (PARTITION BY host ORDER BY abs(lp_us(ts) - lp_us($at)), ts) AS choice
    FROM (SELECT DISTINCT host, ts FROM queue_entry WHERE host IS NOT NULL AND ts IS NOT NULL) AS q
    WHERE abs(lp_us(ts) - lp_us($at)) <= lp_minutes(30)
),

listed AS (  -- one listing may hold queues and their messages: the queues' own counts go first
    SELECT
        e.host, e.ts, coalesce(e.destination, lp_domain(e.recipient), '') AS destination,
        coalesce(
            sum(e.message_count) FILTER (WHERE e.kind = 'queue'),
            count(DISTINCT coalesce(e.message_id, e.internal_id, e.name)) FILTER (WHERE e.kind <> 'queue')
        ) AS messages
    FROM queue_entry AS e
    JOIN snapshot AS s ON s.host = e.host AND s.ts = e.ts AND s.choice = 1
    GROUP BY e.host, e.ts, coalesce(e.destination, lp_domain(e.recipient), '')
),

counter_near AS (
    SELECT
        coalesce(c.host, v.host) AS host, c.counter, v.ts, v.value, v.source_id, v.record,
        row_number() OVER (
            PARTITION BY v.counter_id ORDER BY abs(lp_us(v.ts) - lp_us($at)), v.ts, v.source_id, v.record
        ) AS choice
    FROM counter_sample AS v
    JOIN counter AS c ON c.counter_id = v.counter_id
    WHERE v.ts BETWEEN $at - INTERVAL 30 MINUTE AND $at + INTERVAL 30 MINUTE
      AND v.value >= 0 AND v.value < 1e15  -- else it is no count
      AND lower(c.instance) = '_total'
      AND (
          (lower(c.object) = 'smtp server' AND regexp_matches(lower(c.counter), '^(local|remote|categorizer).*queue length$'))
          OR (
              lower(c.object) = 'msexchangetransport queues'
              AND lower(c.counter) IN ('aggregate delivery queue length (all queues)', 'submission queue length', 'unreachable queue length')
          )
      )
),

every AS (
    SELECT
        coalesce(r.host, l.host) AS host,
        coalesce(r.destination, l.destination) AS destination,
        CASE WHEN r.host IS NOT NULL THEN r.messages WHEN s.host IS NOT NULL THEN 0 END AS rebuilt,
        r.oldest,
        l.messages AS seen,
        CASE WHEN l.host IS NOT NULL THEN 'listing' END AS seen_by,
        l.ts AS seen_at,
        r.source_id, r.record
    FROM rebuilt AS r
    FULL JOIN listed AS l ON l.host = r.host AND l.destination = r.destination
    LEFT JOIN spoken AS s ON s.host = coalesce(r.host, l.host)
    UNION ALL
    SELECT
        coalesce(t.host, n.host) AS host, NULL AS destination, t.messages AS rebuilt, t.oldest,
        n.value AS seen,
        n.counter AS seen_by,
        n.ts AS seen_at,
        t.source_id, t.record
    FROM total AS t
    FULL JOIN (SELECT * FROM counter_near WHERE choice = 1) AS n ON n.host = t.host
)

SELECT
    e.host, e.destination, e.rebuilt,
    round((lp_us($at) - lp_us(e.oldest)) / 60000000.0, 1) AS oldest_min,
    CAST(e.seen AS BIGINT) AS seen, e.seen_by, e.seen_at,
    s.path AS source, e.record
FROM every AS e
LEFT JOIN source AS s ON s.source_id = e.source_id
WHERE $hosts IS NULL OR list_contains($hosts, e.host)
ORDER BY e.host, e.destination NULLS FIRST, e.seen_by
