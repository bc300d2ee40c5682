-- Mails that are meant, newest first. Reads trace_mention. One row: one mail.
-- Parameters: $what (as typed; its words are those of a subject), $bare (without angle brackets: an id or
-- an address), $from and $until (UTC; NULL: any time), $hosts (a list; NULL: all), $most (rows at most).
-- An id speaks before an address, an address before a subject; matches counts what $most leaves out too.
WITH hit AS (  -- one row: one mail that fits, and how: 1 id, 2 address, 3 words of the subject
    SELECT
        mail,
        min(CASE
            WHEN mail = $bare OR network_id = lower($bare) OR internal_id = $bare THEN 1
            WHEN sender IN (lower($bare), $what) OR recipient = lower($bare) THEN 2
            ELSE 3
        END) AS fit
    FROM trace_mention
    WHERE mail = $bare OR network_id = lower($bare) OR internal_id = $bare
       OR sender IN (lower($bare), $what) OR recipient = lower($bare)
       OR contains(lower(subject), lower($what))
    GROUP BY mail
),

told AS (  -- what all logs say of those
    SELECT
        h.mail, h.fit,
        min(m.ts) AS entered,
        min(m.sender) AS sender,
        min(m.recipient) AS recipient,
        count(DISTINCT m.recipient) AS recipients,
        min(m.subject) AS subject,
        list(DISTINCT m.host ORDER BY m.host) FILTER (WHERE m.host IS NOT NULL) AS hosts
    FROM hit AS h
    JOIN trace_mention AS m ON m.mail = h.mail
    GROUP BY h.mail, h.fit
),

narrowed AS (
    SELECT *
    FROM told
    WHERE ($from IS NULL OR entered >= $from)
      AND ($until IS NULL OR entered < $until)
      AND ($hosts IS NULL OR array_length(list_filter(hosts, LAMBDA h: list_contains($hosts, h))) > 0)
),

ranked AS (
    SELECT
        *,
        min(fit) OVER () AS best,
        count(*) OVER (PARTITION BY fit) AS matches,
        row_number() OVER (PARTITION BY fit ORDER BY entered DESC NULLS LAST, mail) AS place
    FROM narrowed
)

SELECT mail, entered, sender, recipient, recipients, subject, hosts, fit, matches
FROM ranked
WHERE fit = best AND place <= $most
ORDER BY place
