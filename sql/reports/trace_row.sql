-- Every row of every log about one mail, by the clock of its host. Parameter $mail (as trace_find has it).
-- One row: one line or record of a log, with the recipients it speaks of;
-- lines of one moment that say the same of several recipients are one (record the first, last_record the last).
--   log      tracking, smtp (SMTPSVC), protocol (2007 and later), report, listing, events
--   class    enter, attempt, progress, wait, ok, fail, replaced, report, other; ndr: returned to the sender
--   side     whether other is where it came from (from) or the next hop (to)
--   sure     false: the log does not name the mail; sender, recipient and time fit
WITH tracked AS (  -- one row: one recipient of a tracking line
    SELECT coalesce(o.host, e.host) AS host, e.*, coalesce(e.message_id, e.network_id) = $mail AS own
    FROM tracking_event AS e
    LEFT JOIN source_order AS o ON o.source_id = e.source_id
    WHERE coalesce(e.message_id, e.network_id) = $mail
       OR (  -- a report about it, which has an id of its own
           e.class = 'report' AND contains(e.reference, $mail)
           AND list_contains(list_transform(string_split(e.reference, ';'), LAMBDA r: trim(r, '<> ')), $mail)
       )
),

tracking_line AS (
    SELECT
        t.host, 'tracking' AS log, t.source_id, t.record, min(t.ts) AS ts,
        CASE
            WHEN NOT bool_and(t.own) THEN 'report'
            WHEN min(t.event) = '1030' OR bool_or(t.class = 'fail' AND t.status_code LIKE '_.4.7') THEN 'ndr'
            ELSE min(t.class)
        END AS class,
        coalesce(min(c.meaning) || ' (' || min(t.event) || coalesce(', ' || min(t.component), '') || ')', min(t.event)) AS words,
        CASE
            WHEN min(t.class) = 'enter' THEN 'from'
            WHEN min(t.class) IN ('ok', 'attempt', 'wait', 'fail') THEN 'to'
        END AS side,
        -- of a message that comes in the client is the other side, else the partner or server
        CASE
            WHEN min(t.class) = 'enter' THEN min(coalesce(t.client_host, t.client_ip))
            WHEN min(t.class) IN ('ok', 'attempt', 'wait', 'fail') THEN min(coalesce(t.partner, t.server_host, t.server_ip))
        END AS other,
        list(DISTINCT t.recipient ORDER BY t.recipient) FILTER (WHERE t.recipient IS NOT NULL) AS recipients,
        min(t.status) FILTER (WHERE t.status <> '0')
            || CASE
                WHEN count(DISTINCT t.status) > 1 THEN ' (and ' || (count(DISTINCT t.status) - 1) || ' more)'
                ELSE ''
            END AS status,
        true AS sure
    FROM tracked AS t
    LEFT JOIN tracking_class AS c ON c.event = t.event
    GROUP BY t.host, t.source_id, t.record
),

tracking_step AS (  -- Exchange 2003 writes a line for each recipient
    SELECT
        host, log, source_id, min(record) AS record, max(record) AS last_record, count(DISTINCT record) AS lines, ts, class, words, side, other,
        list(DISTINCT recipient ORDER BY recipient) FILTER (WHERE recipient IS NOT NULL) AS recipients, status, sure
    FROM (
        SELECT *, unnest(CASE WHEN array_length(recipients) > 0 THEN recipients ELSE [NULL] END) AS recipient
        FROM tracking_line
    ) AS l
    GROUP BY host, log, source_id, ts, class, words, side, other, status, sure
),

taken_line AS (  -- DATA lines of SMTPSVC logs, also those whose MAIL is not in the logs
    SELECT source_id, record FROM smtp_acceptance WHERE message = $mail
    UNION
    SELECT e.source_id, e.record
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.message_id = $mail AND e.direction = 'in' AND o.format <> 'smtp_protocol'
),

taken AS (
    SELECT
        coalesce(o.host, e.host) AS host, 'smtp' AS log, l.source_id, l.record, min(e.ts) AS ts,
        'enter' AS class, 'accepted (DATA)' AS words, 'from' AS side,
        min(coalesce(e.peer_name, e.peer)) AS other,
        list(DISTINCT a.recipient ORDER BY a.recipient) FILTER (WHERE a.recipient IS NOT NULL) AS recipients,
        CAST(min(e.reply_code) AS VARCHAR) AS status,
        coalesce(bool_and(a.sure), true) AS sure
    FROM taken_line AS l
    JOIN smtp_event AS e ON e.source_id = l.source_id AND e.record = l.record
    JOIN source_order AS o ON o.source_id = l.source_id
    LEFT JOIN smtp_acceptance AS a ON a.source_id = l.source_id AND a.record = l.record AND a.message = $mail
    GROUP BY coalesce(o.host, e.host), l.source_id, l.record
),

life AS (  -- one row: one recipient's time on a host, as its log tells it
    SELECT host, log, sender, recipient, entered, ended, outcome, end_source_id, end_record
    FROM message
    WHERE coalesce(message_id, message) = $mail
),

tried AS (  -- attempts that belong to it, and those that may, where tracking tells of it and the log of attempts does not
    SELECT a.host, a.peer, a.ts, a.recipient, a.outcome, a.reply_code, a.source_id, a.record, true AS sure
    FROM message_touch AS t
    JOIN smtp_attempt AS a ON a.source_id = t.source_id AND a.record = t.record AND a.recipient = t.recipient
    WHERE t.log = 'smtp' AND coalesce(t.message_id, t.message) = $mail AND t.what IN ('try', 'ok', 'fail')
    UNION
    SELECT a.host, a.peer, a.ts, a.recipient, a.outcome, a.reply_code, a.source_id, a.record, false AS sure
    FROM life AS m
    JOIN smtp_attempt AS a
        ON a.host = m.host AND a.recipient = m.recipient AND a.sender = m.sender
       AND a.ts >= m.entered - INTERVAL 1 MINUTE
       AND (m.ended IS NULL OR a.ts <= m.ended + INTERVAL 5 MINUTE)
    JOIN source_order AS o ON o.source_id = a.source_id
    WHERE m.log <> 'smtp' AND NOT (o.format = 'smtp_protocol' AND a.outcome = 'ok')  -- that one names its mail
      AND NOT EXISTS (
          SELECT 1 FROM message_touch AS t
          WHERE t.log = 'smtp' AND t.source_id = a.source_id AND t.record = a.record
      )
),

said AS (  -- the words of the answer: the next reply of that code
    SELECT a.source_id, a.record, a.recipient, min_by(r.argument, r.record) AS argument
    FROM tried AS a
    JOIN smtp_event AS r
        ON r.source_id = a.source_id AND r.peer = a.peer AND r.reply_code = a.reply_code
       AND r.direction = 'out' AND r.kind = 'reply' AND r.record > a.record AND r.record <= a.record + 256
    GROUP BY a.source_id, a.record, a.recipient
),

attempt AS (
    SELECT
        a.host, 'smtp' AS log, a.source_id, min(a.record) AS record, max(a.record) AS last_record,
        count(DISTINCT a.record) AS lines, a.ts,
        CASE a.outcome WHEN 'ok' THEN 'ok' WHEN 'failed' THEN 'fail' ELSE 'wait' END AS class,
        CASE
            WHEN a.outcome = 'ok' THEN 'handed over (RCPT, DATA)'
            WHEN a.outcome = 'failed' THEN 'refused'
            WHEN a.reply_code IS NULL THEN 'attempt without an answer'
            ELSE 'attempt put off'
        END AS words,
        'to' AS side, a.peer AS other,
        list(DISTINCT a.recipient ORDER BY a.recipient) AS recipients,
        coalesce(replace(left(ltrim(min(s.argument), '+'), 300), '+', ' '), CAST(a.reply_code AS VARCHAR)) AS status,
        a.sure
    FROM tried AS a
    LEFT JOIN said AS s ON s.source_id = a.source_id AND s.record = a.record AND s.recipient = a.recipient
    GROUP BY a.host, a.source_id, a.ts, a.outcome, a.reply_code, a.peer, a.sure
),

spoken AS (  -- 250 2.6.0 <id> in a session of Exchange 2007 and later
    SELECT
        o.host, e.source_id, e.record, e.ts, e.direction, e.peer, e.session, e.argument,
        coalesce(o.host, 'source ' || o.source_id) || ' ' || coalesce(e.direction, '?') || ' ' || e.session AS talk
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.message_id = $mail AND o.format = 'smtp_protocol'
),

protocol AS (
    SELECT
        p.host, 'protocol' AS log, p.source_id, p.record, p.ts,
        CASE WHEN p.direction = 'in' THEN 'enter' WHEN p.direction = 'out' THEN 'ok' ELSE 'other' END AS class,
        CASE WHEN p.direction = 'out' THEN 'handed over' ELSE 'accepted' END || ' (session ' || min(p.session) || ')'
            || coalesce(' with ' || nullif(max(s.missing), 0) || ' lines of the session missing', '') AS words,
        CASE WHEN p.direction = 'out' THEN 'to' ELSE 'from' END AS side,
        CASE
            WHEN p.direction = 'out' THEN min(p.peer)
            ELSE coalesce(min(regexp_replace(s.helo, '^[+ ]+', '', 'g')), min(p.peer))
        END AS other,
        list(DISTINCT r.address ORDER BY r.address) FILTER (WHERE r.address IS NOT NULL) AS recipients,
        min(p.argument) AS status,
        true AS sure
    FROM spoken AS p
    LEFT JOIN smtp_answer AS h ON h.talk = p.talk AND h.message_id = $mail
    LEFT JOIN smtp_answer AS r ON r.talk = h.talk AND r.message_no = h.message_no AND r.verb = 'RCPT'
       AND coalesce(r.reply_code, 250) < 400  -- a refused recipient is none
    LEFT JOIN smtp_session AS s
        ON coalesce(s.host, 'source ' || s.source_id) || ' ' || coalesce(s.direction, '?') || ' ' || s.session = p.talk
    GROUP BY p.host, p.source_id, p.record, p.ts, p.direction
),

returned AS (  -- SMTPSVC logs do not say what a report is about
    SELECT
        host, 'smtp' AS log, end_source_id AS source_id, end_record AS record, ended AS ts, 'ndr' AS class,
        'a report leaves for the sender' AS words, NULL AS side, NULL AS other,
        list(DISTINCT recipient ORDER BY recipient) AS recipients, NULL AS status, false AS sure
    FROM life
    WHERE log = 'smtp' AND outcome = 'returned' AND ended IS NOT NULL AND end_source_id IS NOT NULL
    GROUP BY host, end_source_id, end_record, ended
),

reported AS (  -- one row: one recipient of a report about it, copies counted
    SELECT
        *,
        row_number() OVER (
            PARTITION BY coalesce(report_message_id, source_id || ' ' || record), action, coalesce(recipient, original_recipient)
            ORDER BY source_id, record, recipient_no
        ) AS nth
    FROM delivery_report
    WHERE coalesce(original_message_id, 'line ' || source_id || ':' || record) = $mail
),

report AS (
    SELECT
        host, 'report' AS log, source_id, record, min(ts) AS ts,
        'report' AS class,
        'report found: ' || coalesce(min(action), 'of an unknown kind') || ' (' || min(kind) || ')' AS words,
        'to' AS side, min(remote_mta) AS other,
        list(DISTINCT coalesce(recipient, original_recipient) ORDER BY coalesce(recipient, original_recipient))
            FILTER (WHERE coalesce(recipient, original_recipient) IS NOT NULL) AS recipients,
        left(nullif(concat_ws(' ', min(status), min(diagnostic)), ''), 300) AS status,
        true AS sure
    FROM reported
    WHERE nth = 1
    GROUP BY host, source_id, record
),

numbered AS (  -- the server's own number of it
    SELECT DISTINCT host, internal_id FROM tracked WHERE own AND internal_id IS NOT NULL
),

listed AS (
    SELECT
        q.host, 'listing' AS log, q.source_id, q.record, min(q.ts) AS ts, 'other' AS class,
        'seen waiting' || coalesce(' in ' || min(q.queue), '') || coalesce(', ' || min(q.status), '')
            || coalesce(', attempts: ' || max(q.retries), '')
            || coalesce(', there since ' || left(CAST(min(q.arrived_ts) AS VARCHAR), 19), '') AS words,
        'to' AS side, min(q.destination) AS other,
        list(DISTINCT q.recipient ORDER BY q.recipient) FILTER (WHERE q.recipient IS NOT NULL) AS recipients,
        left(min(q.last_error), 300) AS status,
        true AS sure
    FROM queue_entry AS q
    LEFT JOIN numbered AS n ON n.host = q.host AND n.internal_id = q.internal_id
    WHERE q.kind <> 'queue'
      AND (
          coalesce(q.message_id, 'line ' || q.source_id || ':' || q.record) = $mail
          OR (q.message_id IS NULL AND n.internal_id IS NOT NULL)
      )
    GROUP BY q.host, q.source_id, q.record
),

worded AS (
    SELECT
        coalesce(e.host, s.host) AS host, e.source_id, e.record, e.ts, e.provider, e.event_id,
        array_to_string(e.strings, ' ') || coalesce(' ' || e.data, '') AS text
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE contains(array_to_string(e.strings, ' '), $mail) OR contains(e.data, $mail)
),

event AS (  -- the whole id, not a piece of a longer one
    SELECT
        host, 'events' AS log, source_id, record, ts, 'other' AS class,
        coalesce(provider, 'unknown provider') || ' ' || coalesce(CAST(event_id AS VARCHAR), '?') AS words,
        NULL AS side, NULL AS other, CAST(NULL AS VARCHAR[]) AS recipients, left(text, 300) AS status, true AS sure
    FROM worded
    WHERE list_contains(string_split(regexp_replace(text, '[][<>(){}"'';,\s]+', ' ', 'g'), ' '), $mail)
       OR text = $mail
),

every AS (
    SELECT host, log, source_id, record, last_record, lines, ts, class, words, side, other, recipients, status, sure FROM tracking_step
    UNION ALL
    SELECT host, log, source_id, record, record, 1, ts, class, words, side, other, recipients, status, sure FROM taken
    UNION ALL
    SELECT host, log, source_id, record, last_record, lines, ts, class, words, side, other, recipients, status, sure FROM attempt
    UNION ALL
    SELECT host, log, source_id, record, record, 1, ts, class, words, side, other, recipients, status, sure FROM protocol
    UNION ALL
    SELECT host, log, source_id, record, record, 1, ts, class, words, side, other, recipients, status, sure FROM returned
    UNION ALL
    SELECT host, log, source_id, record, record, 1, ts, class, words, side, other, recipients, status, sure FROM report
    UNION ALL
    SELECT host, log, source_id, record, record, 1, ts, class, words, side, other, recipients, status, sure FROM listed
    UNION ALL
    SELECT host, log, source_id, record, record, 1, ts, class, words, side, other, recipients, status, sure FROM event
)

SELECT
    host, log, source_id, record, last_record, lines, ts, class, words,
    -- a service of the same host, or the host itself, is no other side
    CASE WHEN upper(other) IN ('STORE', 'MTA', 'SMTP') OR lp_host(other) = host THEN NULL ELSE side END AS side,
    CASE WHEN upper(other) IN ('STORE', 'MTA', 'SMTP') OR lp_host(other) = host THEN NULL ELSE other END AS other,
    coalesce(recipients, CAST([] AS VARCHAR[])) AS recipients, status, sure
FROM every
