-- Sessions of the SMTP protocol logs of Exchange 2007 and later (SmtpReceive, SmtpSend). One row: one
-- session. SMTPSVC (W3C) rows carry no session id, so that their sessions are not here.
-- tls, auth: NULL where not tried; ending: quit (QUIT was said), disconnect (the connection ended
-- without), open (neither is in the logs). missing: sequence numbers from 0 that no row has.
CREATE OR REPLACE TABLE smtp_session AS
WITH spoken AS (
    SELECT
        o.host,
        coalesce(o.host, 'source ' || o.source_id) || ' ' || coalesce(e.direction, '?') || ' ' || e.session AS talk,
        e.direction, e.connector, e.session, e.peer, e.ts, e.kind, e.verb, e.argument, e.reply_code,
        e.sequence, o.place, e.source_id, e.record,
        coalesce(e.extra['context'], '') AS context
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE o.format = 'smtp_protocol' AND e.session IS NOT NULL
),

turned AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY talk ORDER BY coalesce(sequence, 2147483647), place, record) AS turn
    FROM spoken
),

heard AS (
    SELECT
        talk,
        min(host) AS host,
        min(direction) AS direction,
        min(session) AS session,
        min_by(connector, turn) AS connector,
        min_by(peer, turn) FILTER (WHERE peer IS NOT NULL) AS peer,
        min(ts) AS started,
        max(ts) AS ended,
        max_by(argument, turn) FILTER (WHERE kind = 'command' AND verb IN ('EHLO', 'HELO')) AS helo,
        max_by(reply_code, turn) FILTER (WHERE reply_code IS NOT NULL) AS last_reply_code,
        bool_or(kind = 'mark' AND context LIKE 'TLS protocol % negotiation succeeded%') AS tls_told,
        bool_or(kind = 'mark' AND regexp_matches(context, '^Inbound AUTH .* failed')) AS auth_failed_told,
        bool_or(kind = 'mark' AND verb = 'DISCONNECT') AS disconnected,
        count(*) AS events,
        max(sequence) + 1 - count(DISTINCT sequence) AS missing,
        min_by(source_id, turn) AS source_id,
        min_by(record, turn) AS record
    FROM turned
    GROUP BY talk
),

done AS (
    SELECT
        talk,
        bool_or(verb IN ('STARTTLS', 'X-ANONYMOUSTLS')) AS tls_tried,
        bool_or(verb IN ('STARTTLS', 'X-ANONYMOUSTLS') AND reply_code = 220) AS tls_agreed,
        bool_or(verb IN ('AUTH', 'X-EXPS')) AS auth_tried,
        bool_or(verb IN ('AUTH', 'X-EXPS') AND reply_code = 235) AS auth_done,
        bool_or(verb IN ('AUTH', 'X-EXPS') AND reply_code >= 400) AS auth_refused,
        bool_or(verb = 'QUIT') AS quit,
        sum(CASE WHEN verb = 'MAIL' THEN 1 ELSE 0 END) AS mails,
        sum(CASE WHEN verb = 'RCPT' AND reply_code BETWEEN 200 AND 299 THEN 1 ELSE 0 END) AS recipients_accepted,
        sum(CASE WHEN verb = 'RCPT' AND reply_code >= 400 THEN 1 ELSE 0 END) AS recipients_refused,
        count(DISTINCT CASE WHEN hands_over AND reply_code BETWEEN 200 AND 299 THEN message_no END) AS messages_accepted
    FROM smtp_answer
    GROUP BY talk
)

SELECT
    h.host, h.direction, h.connector, h.session, h.peer, h.helo, h.started, h.ended,
    CASE
        WHEN h.tls_told OR d.tls_agreed THEN true
        WHEN d.tls_tried THEN false
    END AS tls,
    CASE
        WHEN d.auth_done THEN 'accepted'
        WHEN d.auth_refused OR h.auth_failed_told THEN 'refused'
        WHEN d.auth_tried THEN 'unanswered'
    END AS auth,
    coalesce(d.mails, 0) AS mails,
    coalesce(d.recipients_accepted, 0) AS recipients_accepted,
    coalesce(d.recipients_refused, 0) AS recipients_refused,
    coalesce(d.messages_accepted, 0) AS messages_accepted,
    h.last_reply_code,
    CASE WHEN d.quit THEN 'quit' WHEN h.disconnected THEN 'disconnect' ELSE 'open' END AS ending,
    h.events, h.missing, h.source_id, h.record
FROM heard AS h
LEFT JOIN done AS d ON d.talk = h.talk;
