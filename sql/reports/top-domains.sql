/*
title = "Domains that mail goes to: how many messages, what became of them, how long they took"
grain = "One row: one recipient domain."
columns = ["domain", "messages", "delivered", "returned", "failed", "open", "p95", "recipients", "last_seen", "first_seen"]
unknown = "A log that tells no end of any message does not tell what became of one."
empty = "No mail in the store that entered then. Collect message tracking logs, or the SMTP service's W3C logs with both directions, and run 'logpipe analyze'."

[params.by]
default = "messages"
choices = ["messages", "delivered", "failed", "returned", "open", "p95"]
text = "what counts: the greatest of these come first"

[params.most]
kind = "number"
default = 20
unit = "rows"
text = "so many rows"

[params.from]
kind = "moment"
unit = "UTC"
text = "only mail that entered from then on"

[params.to]
kind = "moment"
unit = "UTC"
text = "only mail that entered before"

[params.since]
kind = "span"
unit = "minutes"
text = "in place of from: so long before the newest moment in the mail logs"

[params.hosts]
kind = "hosts"
text = "only these hosts"
*/
-- delivered, failed, returned, open: recipients, by what their last host tells of them, so that a message is
-- counted once however many hosts it passed. p95: seconds from its first entry to its last delivery.
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

passed AS (  -- one row: one recipient of one message on one host
    SELECT
        coalesce(m.message_id, m.message) AS message,
        m.recipient, m.domain, m.outcome, m.ended,
        min(m.entered) OVER chain AS entered,
        min(CASE WHEN m.entry_seen THEN m.entered END) OVER chain AS entry,
        row_number() OVER (
            PARTITION BY coalesce(m.message_id, m.message), m.recipient ORDER BY m.entered DESC, m.host DESC, m.log, m.message
        ) AS from_last
    FROM counted_message AS m
    WHERE CAST($hosts AS VARCHAR[]) IS NULL OR list_contains(CAST($hosts AS VARCHAR[]), m.host)
    WINDOW chain AS (PARTITION BY coalesce(m.message_id, m.message), m.recipient)
),

mail AS (  -- one row: one recipient of one message
    SELECT
        p.*,
        CASE WHEN p.outcome = 'delivered' AND p.entry = p.entered THEN (lp_us(p.ended) - lp_us(p.entered)) / 1000000.0 END AS seconds
    FROM passed AS p
    CROSS JOIN asked AS a
    WHERE p.from_last = 1
      AND (a.from_ts IS NULL OR p.entered >= a.from_ts)
      AND (a.until_ts IS NULL OR p.entered < a.until_ts)
),

counted AS (
    SELECT
        domain,
        count(DISTINCT message) AS messages,
        count(*) AS recipients,
        count(*) FILTER (WHERE outcome <> 'unknown') AS known,
        count(*) FILTER (WHERE outcome = 'delivered') AS delivered,
        count(*) FILTER (WHERE outcome = 'failed') AS failed,
        count(*) FILTER (WHERE outcome = 'returned') AS returned,
        count(*) FILTER (WHERE outcome = 'open') AS still_open,
        quantile_cont(seconds, 0.95) AS p95,
        min(entered) AS first_seen,
        max(entered) AS last_seen
    FROM mail
    GROUP BY domain
),

told AS (
    SELECT
        domain, messages, recipients,
        CASE WHEN known > 0 THEN delivered END AS delivered,
        CASE WHEN known > 0 THEN failed END AS failed,
        CASE WHEN known > 0 THEN returned END AS returned,
        CASE WHEN known > 0 THEN still_open END AS open,
        round(p95, 1) AS p95,
        first_seen, last_seen
    FROM counted
)

SELECT domain, messages, recipients, delivered, failed, returned, open, p95, first_seen, last_seen
FROM told
ORDER BY
    CASE $by
        WHEN 'messages' THEN messages
        WHEN 'delivered' THEN delivered
        WHEN 'failed' THEN failed
        WHEN 'returned' THEN returned
        WHEN 'open' THEN open
        WHEN 'p95' THEN p95
    END DESC NULLS LAST,
    messages DESC, domain
LIMIT $most
