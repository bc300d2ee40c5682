/*
title = "Errors that mail met on its way out: like ones together, with where they were seen"
grain = "One row: one reply code, enhanced code and wording."
columns = ["code", "enhanced", "words", "messages", "tries", "domains", "last_seen", "hosts", "peers", "first_seen", "logs", "source", "record"]
unknown = "Connectivity and event logs name no message; tracking and event logs no address of the other side."
empty = "No failed delivery in the store for that time. Errors are told by message tracking, SMTP logs of the sending side, connectivity logs, events 4000, 4006 and 4007, and collected bounces."

[params.by]
default = "messages"
choices = ["messages", "tries", "domains", "last_seen"]
text = "what counts: the greatest of these come first"

[params.most]
kind = "number"
default = 20
unit = "rows"
text = "so many rows"

[params.from]
kind = "moment"
unit = "UTC"
text = "only failures from then on"

[params.to]
kind = "moment"
unit = "UTC"
text = "only failures before"

[params.since]
kind = "span"
unit = "minutes"
text = "in place of from: so long before the newest moment in the mail logs"

[params.hosts]
kind = "hosts"
text = "only these hosts"
*/
-- words: as lp_alike leaves them. tries: rows of the logs; messages, domains and peers are different ones.
-- Several logs tell of one failure: each day of each destination is counted by the first of SMTP log (W3C),
-- message tracking, SMTP log that names no message (SmtpSend), connectivity log, events and bounces that tells of it. source, record: where it was last seen.
WITH newest AS (
    SELECT max(s.last_ts) AS ts
    FROM source AS s
    JOIN log_kind AS k ON k.format = s.format
    WHERE k.kind IN ('smtp', 'tracking')
),

asked AS (
    SELECT
        coalesce(CAST($from AS TIMESTAMP), ts - to_microseconds(lp_minutes($since))) AS from_ts,
        CAST($to AS TIMESTAMP) AS until_ts
    FROM newest
),

failure AS (
    SELECT host, log, log AS kind, ts, destination, peer, message, text, source_id, record
    FROM delivery_failure
    UNION ALL
    -- tracking that says no more than that it failed (Exchange 5.x to 2003): no other log's reason is that
    SELECT
        o.host, 'tracking', NULL, e.ts, lp_domain(e.recipient), NULL, coalesce(e.network_id, e.message_id),
        k.meaning, e.source_id, e.record
    FROM tracking_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    JOIN tracking_class AS k ON k.event = e.event
    WHERE e.class = 'fail' AND (o.format = 'tracking_2003' OR (e.status IS NULL AND e.context IS NULL))
    UNION ALL
    SELECT
        host, 'report', 'report', reported, domain, NULL, CAST(NULL AS VARCHAR),
        coalesce(diagnostic, status, 'a report without a reason'), source_id, record
    FROM bounce
    WHERE reported IS NOT NULL
),

ranked AS (
    SELECT
        f.*,
        date_trunc('day', f.ts) AS day,
        CASE f.kind
            WHEN 'smtp' THEN CASE WHEN count(f.message) OVER (PARTITION BY f.host, f.kind) > 0 THEN 1 ELSE 3 END
            WHEN 'tracking' THEN 2
            WHEN 'connectivity' THEN 4
            WHEN 'events' THEN 5
            WHEN 'report' THEN 6
        END AS rank
    FROM failure AS f
    CROSS JOIN asked AS a
    WHERE (a.from_ts IS NULL OR f.ts >= a.from_ts)
      AND (a.until_ts IS NULL OR f.ts < a.until_ts)
      AND (CAST($hosts AS VARCHAR[]) IS NULL OR list_contains(CAST($hosts AS VARCHAR[]), f.host))
),

chosen AS (
    SELECT *, min(rank) OVER (PARTITION BY host, destination, day) AS best
    FROM ranked
),

worded AS (
    SELECT
        *,
        nullif(regexp_extract(text, '^\s*"?([245][0-9][0-9])(?:[ -]|$)', 1), '') AS code,
        lp_status_code(text) AS enhanced,
        lp_alike(regexp_replace(text, '^\s*(?:[245][0-9][0-9](?:[ -]|$))?(?:[245][.][0-9]{1,3}[.][0-9]{1,3}(?:\s|$))?', '', 'g')) AS words
    FROM chosen
    WHERE rank = best OR rank IS NULL
),

counted AS (
    SELECT
        code, enhanced, coalesce(nullif(words, ''), 'no reason is told') AS words,
        nullif(count(DISTINCT message), 0) AS messages,
        count(*) AS tries,
        count(DISTINCT destination) AS domains,
        nullif(count(DISTINCT peer), 0) AS peers,
        count(DISTINCT host) AS hosts,
        array_to_string(list(DISTINCT log ORDER BY log), ', ') AS logs,
        min(ts) AS first_seen,
        max(ts) AS last_seen,
        arg_max(source_id, (ts, source_id, record)) AS source_id,
        arg_max(record, (ts, source_id, record)) AS record
    FROM worded
    GROUP BY code, enhanced, coalesce(nullif(words, ''), 'no reason is told')
)

SELECT
    c.code, c.enhanced, c.words, c.messages, c.tries, c.domains, c.peers, c.hosts, c.logs, c.first_seen, c.last_seen,
    s.path AS source, c.record
FROM counted AS c
LEFT JOIN source AS s ON s.source_id = c.source_id
ORDER BY
    CASE $by
        WHEN 'messages' THEN c.messages
        WHEN 'tries' THEN c.tries
        WHEN 'domains' THEN c.domains
        WHEN 'last_seen' THEN lp_us(c.last_seen)
    END DESC NULLS LAST,
    c.tries DESC, c.code, c.enhanced, c.words
LIMIT $most
