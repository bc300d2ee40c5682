-- What became of a mail for each recipient. Reads trace_step, trace_clock and trace_hop. Parameter $mail. One row:
-- one recipient. outcome: delivered (into a mailbox, or to a service that no log follows), handed-on (to a host that no
-- log here tells more of), goes-on (under other addresses), returned, failed, open; reported (by a
-- report alone), unknown.
WITH life AS (
    SELECT
        m.host, m.log, m.recipient, m.outcome,
        coalesce(m.status_code, r.status_code, nullif(m.status, '0')) AS status, m.end_source_id, m.end_record,
        m.entered - to_microseconds(coalesce(c.shift_us, 0)) AS entered,
        m.ended - to_microseconds(coalesce(c.shift_us, 0)) AS ended,
        coalesce(c.moved, false) AS moved
    FROM message AS m
    LEFT JOIN trace_clock AS c ON c.host = m.host
    LEFT JOIN (
        SELECT host, log, message, recipient, min(status_code) AS status_code
        FROM returned_mail
        GROUP BY host, log, message, recipient
    ) AS r ON r.host = m.host AND r.log = m.log AND r.message = m.message AND r.recipient IS NOT DISTINCT FROM m.recipient
    WHERE coalesce(m.message_id, m.message) = $mail
),

ending AS (  -- the line that ends each life: where it went
    SELECT
        l.*, s.other, s.other_host, s.words,
        e.class = 'replaced' AS replaced, e.event,
        row_number() OVER (
            PARTITION BY l.host, l.log, l.recipient ORDER BY s.class <> 'ok', s.step_no, e.recipient_no
        ) AS choice
    FROM life AS l
    LEFT JOIN trace_step AS s
        ON s.source_id = l.end_source_id AND l.end_record BETWEEN s.record AND s.last_record
       -- lines of one step stand under the first; an address that goes on under another is not on its line
       AND (s.record = l.end_record OR list_contains(s.recipients, l.recipient))
    LEFT JOIN tracking_event AS e ON e.source_id = l.end_source_id AND e.record = l.end_record
),

last_life AS (  -- not the one that handed it to a host with a life of its own, then the latest
    SELECT
        e.*,
        row_number() OVER (
            PARTITION BY e.recipient
            ORDER BY
                EXISTS (SELECT 1 FROM life AS n WHERE n.host = e.other_host AND n.recipient = e.recipient),
                h.hop DESC NULLS LAST, e.log = 'smtp', e.entered DESC, e.host
        ) AS place
    FROM ending AS e
    LEFT JOIN trace_hop AS h ON h.host = e.host
    WHERE e.choice = 1
),

report AS (  -- what the last report says of a recipient
    SELECT recipient, max_by(words, step_no) AS words, max_by(coalesce(status, ''), step_no) AS status, max(at_ts) AS at_ts, max_by(host, step_no) AS host
    FROM (SELECT *, unnest(recipients) AS recipient FROM trace_step WHERE log = 'report') AS r
    GROUP BY recipient
),

handed AS (  -- logs without lives of messages, such as SmtpSend, tell this much
    SELECT
        recipient, max(at_ts) AS at_ts, max_by(host, step_no) AS host, bool_or(moved) AS moved,
        max_by(coalesce(other_host, other, ''), step_no) FILTER (WHERE class = 'ok') AS target,
        bool_or(class = 'ok') AS gone
    FROM (
        SELECT *, unnest(recipients) AS recipient
        FROM trace_step
        WHERE log IN ('tracking', 'smtp', 'protocol') AND class IN ('enter', 'ok') AND sure
    ) AS s
    GROUP BY recipient
),

addressed AS (
    SELECT DISTINCT unnest(recipients) AS recipient FROM trace_step WHERE class <> 'report' OR log = 'report'
)

SELECT
    a.recipient,
    CASE
        WHEN l.replaced THEN 'goes-on'
        WHEN l.outcome = 'delivered' AND l.other IS NOT NULL THEN 'handed-on'
        WHEN l.outcome IS NOT NULL AND l.outcome <> 'open' THEN l.outcome
        WHEN h.gone AND h.target <> '' THEN 'handed-on'
        WHEN r.recipient IS NOT NULL THEN 'reported'
        ELSE coalesce(l.outcome, 'unknown')
    END AS outcome,
    coalesce(l.host, h.host, r.host) AS host,
    coalesce(l.ended, CASE WHEN h.gone THEN h.at_ts END, r.at_ts) AS at_ts,
    coalesce(l.moved, h.moved, false) AS moved,
    CASE
        WHEN l.replaced THEN 'goes on under other addresses from ' || l.host
        WHEN l.outcome = 'delivered' AND l.other IS NOT NULL
        THEN 'handed to ' || coalesce(l.other_host, l.other) || ' by ' || l.host || '; no log here tells more'
        WHEN l.outcome = 'delivered' THEN 'delivered on ' || l.host
        WHEN l.outcome = 'returned'
        THEN 'returned to the sender by ' || l.host || coalesce(' (' || l.status || ')', '')
        WHEN l.outcome = 'failed' THEN 'failed on ' || l.host || coalesce(' (' || l.status || ')', '')
        WHEN h.gone AND h.target <> '' THEN 'handed to ' || h.target || ' by ' || h.host || '; no log here tells more'
        WHEN r.recipient IS NOT NULL THEN rtrim(r.words || ' ' || r.status)
        WHEN l.outcome = 'open' THEN 'no end in the logs of ' || l.host
        WHEN h.host IS NOT NULL THEN 'accepted by ' || h.host || '; no log here tells what became of it'
        ELSE 'named, and no log here tells of delivery'
    END AS text
FROM addressed AS a
LEFT JOIN last_life AS l ON l.recipient = a.recipient AND l.place = 1
LEFT JOIN report AS r ON r.recipient = a.recipient
LEFT JOIN handed AS h ON h.recipient = a.recipient
ORDER BY a.recipient
