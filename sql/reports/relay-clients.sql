/*
title = "Who uses this relay: every client address, with what it sent, how, and when last"
grain = "One row: one client address on one host, in one kind of log."
columns = ["client", "messages", "host", "last_seen", "refused", "tls", "authenticated", "names", "connections", "accepted", "senders", "failures", "log", "top_failure", "top_senders", "first_seen", "source", "record"]
unknown = "Message tracking tells nothing of connections, refusals, logon or TLS; a W3C log only where a client of that host ever used them."
empty = "No client in the store that connected then. Collect the SMTP service's logs (W3C, NCSA or IIS), SmtpReceive protocol logs, or message tracking logs, and run 'logpipe analyze'."

[params.from]
kind = "moment"
unit = "UTC"
text = "only from then on"

[params.to]
kind = "moment"
unit = "UTC"
text = "only before"

[params.since]
kind = "span"
unit = "minutes"
text = "in place of from: so long before the newest moment in the mail logs"

[params.hosts]
kind = "hosts"
text = "only these hosts"
*/
-- log: smtp (protocol logs of either generation) or tracking. Message tracking is asked for the days on
-- which no protocol log of its host tells of received mail; where logs are kept per connector (2007 and later),
-- also for connectors and clients that none of them knows that day. So nothing is counted twice, and no client
-- of a connector without a log is lost. connections: greetings, or QUITs where those are more.
-- messages: accepted ones. accepted, refused: recipients. failures: replies of 400 and above, refused
-- recipients among them. authenticated, tls: yes, no, both; NULL: not known. source, record: first seen.
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

spoken AS (  -- what clients said to SMTPSVC and its like, which name no session; as the log orders it
    SELECT
        o.host, o.format, e.peer AS client, e.ts, e.verb, e.reply_code, e.address, e.peer_name, e.source_id, e.record,
        lag(e.verb) OVER told AS before_verb,
        lag(e.reply_code) OVER told AS before_code
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'in' AND e.kind = 'command' AND o.format <> 'smtp_protocol'
    WINDOW told AS (PARTITION BY o.host, e.site, e.peer, e.peer_name ORDER BY o.place, e.record)
),

logged AS (  -- whether such a log has rows of these commands at all, and replies
    SELECT
        host, format,
        bool_or(verb = 'AUTH') AS auth_logged,
        bool_or(verb = 'STARTTLS') AS tls_logged,
        count(reply_code) > 0 AS replies_logged
    FROM spoken
    GROUP BY host, format
),

command_step AS (  -- one row: one command
    SELECT
        c.host, 'smtp' AS log, c.client, c.ts, c.ts AS until_ts, c.source_id, c.record,
        nullif(ltrim(c.peer_name, '+'), '') AS name,
        CASE  -- the greeting after STARTTLS opens nothing
            WHEN c.verb IN ('EHLO', 'HELO') AND coalesce(c.reply_code, 250) < 400
                 AND NOT (coalesce(c.before_verb, '') = 'STARTTLS' AND coalesce(c.before_code, 220) < 400)
            THEN 1
            ELSE 0
        END AS greetings,
        CASE WHEN c.verb = 'QUIT' THEN 1 ELSE 0 END AS quits,
        CASE WHEN l.replies_logged THEN
            -- several BDAT in a row are one message
            CASE
                WHEN (c.verb = 'DATA' OR (c.verb = 'BDAT' AND coalesce(c.before_verb, '') <> 'BDAT'))
                     AND c.reply_code BETWEEN 200 AND 299
                THEN 1
                ELSE 0
            END
        END AS messages,
        CASE WHEN l.replies_logged THEN CASE WHEN c.verb = 'RCPT' AND c.reply_code BETWEEN 200 AND 299 THEN 1 ELSE 0 END END AS accepted,
        CASE WHEN l.replies_logged THEN CASE WHEN c.verb = 'RCPT' AND c.reply_code >= 400 THEN 1 ELSE 0 END END AS refused,
        CASE WHEN c.verb = 'MAIL' AND coalesce(c.reply_code, 250) < 400 THEN coalesce(c.address, '<>') END AS sender,
        CASE WHEN l.auth_logged THEN CASE WHEN c.verb = 'AUTH' AND c.reply_code = 235 THEN 1 ELSE 0 END END AS auths,
        CASE WHEN l.tls_logged THEN CASE WHEN c.verb = 'STARTTLS' AND c.reply_code = 220 THEN 1 ELSE 0 END END AS secured,
        CASE WHEN l.replies_logged THEN CASE WHEN c.reply_code >= 400 THEN 1 ELSE 0 END END AS failures,
        CASE WHEN c.reply_code >= 400 THEN c.reply_code || ' to ' || c.verb END AS failure
    FROM spoken AS c
    JOIN logged AS l ON l.host IS NOT DISTINCT FROM c.host AND l.format = c.format
),

session_step AS (  -- one row: one session of a SmtpReceive log (Exchange 2007 and later)
    SELECT
        host, 'smtp' AS log, peer AS client, started AS ts, ended AS until_ts, source_id, record, helo AS name,
        1 AS greetings, 0 AS quits,
        messages_accepted AS messages, recipients_accepted AS accepted, recipients_refused AS refused,
        CAST(NULL AS VARCHAR) AS sender,
        CASE WHEN auth = 'accepted' THEN 1 ELSE 0 END AS auths,
        CASE WHEN tls THEN 1 ELSE 0 END AS secured,
        0 AS failures,
        CAST(NULL AS VARCHAR) AS failure
    FROM smtp_session
    WHERE direction = 'in'
),

sender_step AS (  -- one row: one MAIL command in such a session
    SELECT
        host, 'smtp' AS log, peer AS client, ts, ts AS until_ts, source_id, record, CAST(NULL AS VARCHAR) AS name,
        0 AS greetings, 0 AS quits, 0 AS messages, 0 AS accepted, 0 AS refused,
        coalesce(address, '<>') AS sender,
        0 AS auths, 0 AS secured, 0 AS failures, CAST(NULL AS VARCHAR) AS failure
    FROM smtp_answer
    WHERE direction = 'in' AND verb = 'MAIL' AND coalesce(reply_code, 250) < 400
),

refusal_step AS (  -- one row: one reply of 400 or above in such a session
    SELECT
        o.host, 'smtp' AS log, e.peer AS client, e.ts, e.ts AS until_ts, e.source_id, e.record, CAST(NULL AS VARCHAR) AS name,
        0 AS greetings, 0 AS quits, 0 AS messages, 0 AS accepted, 0 AS refused, CAST(NULL AS VARCHAR) AS sender,
        0 AS auths, 0 AS secured, 1 AS failures,
        lp_alike(e.argument) AS failure
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE o.format = 'smtp_protocol' AND e.direction = 'in' AND e.kind = 'reply' AND e.reply_code >= 400
      AND substring(e.argument, 4, 1) <> '-'
),

told AS (  -- one row: one day on which a protocol log saw a client on a connector (W3C names none)
    SELECT DISTINCT o.host, lower(e.connector) AS connector, e.peer AS client, date_trunc('day', e.ts) AS day
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'in' AND e.kind = 'command'
    UNION
    -- what begins before midnight may be tracked after it
    SELECT DISTINCT o.host, lower(e.connector), e.peer, date_trunc('day', e.ts + INTERVAL 10 MINUTE)
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'in' AND e.kind = 'command' AND e.connector IS NOT NULL
),

told_host AS (
    SELECT host, day, bool_or(connector IS NULL) AS whole
    FROM told
    GROUP BY host, day
),

told_connector AS (
    SELECT DISTINCT host, day, connector
    FROM told
    WHERE connector IS NOT NULL
),

told_client AS (
    SELECT DISTINCT host, day, client
    FROM told
    WHERE client IS NOT NULL
),

handed_in AS (  -- one row: one message that message tracking saw coming in by SMTP
    SELECT
        o.host, e.client_ip AS client, lower(e.connector) AS connector,
        coalesce(e.network_id, e.message_id, 'line ' || e.source_id || ':' || e.record) AS message,
        min(e.ts) AS ts,
        date_trunc('day', min(e.ts)) AS day,
        min(e.client_host) AS name,
        coalesce(min(coalesce(nullif(e.sender, '<>'), e.return_path, e.sender)), '<>') AS sender,
        nullif(count(DISTINCT e.recipient), 0) AS recipients,
        coalesce(bool_or(e.client_ip = e.server_ip), false) AS from_itself,
        arg_min(e.source_id, (e.ts, e.source_id, e.record)) AS source_id,
        arg_min(e.record, (e.ts, e.source_id, e.record)) AS record
    FROM tracking_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.class = 'enter' AND e.client_ip IS NOT NULL AND coalesce(e.component, 'SMTP') = 'SMTP'
    GROUP BY o.host, e.client_ip, lower(e.connector), coalesce(e.network_id, e.message_id, 'line ' || e.source_id || ':' || e.record)
),

tracking_step AS (  -- what a service hands to another one of the same server is in a protocol log already
    SELECT
        t.host, 'tracking' AS log, t.client, t.ts, t.ts AS until_ts, t.source_id, t.record, t.name,
        CAST(NULL AS INTEGER) AS greetings, CAST(NULL AS INTEGER) AS quits,
        1 AS messages, t.recipients AS accepted, CAST(NULL AS INTEGER) AS refused, t.sender,
        CAST(NULL AS INTEGER) AS auths, CAST(NULL AS INTEGER) AS secured, CAST(NULL AS INTEGER) AS failures,
        CAST(NULL AS VARCHAR) AS failure
    FROM handed_in AS t
    LEFT JOIN told_host AS h ON h.host = t.host AND h.day = t.day
    LEFT JOIN told_connector AS n ON n.host = t.host AND n.day = t.day AND n.connector = t.connector
    LEFT JOIN told_client AS c ON c.host = t.host AND c.day = t.day AND c.client = t.client
    WHERE h.host IS NULL
       OR NOT (h.whole OR t.connector IS NULL OR n.connector IS NOT NULL OR c.client IS NOT NULL OR t.from_itself)
),

every_step AS (
    SELECT * FROM command_step
    UNION ALL
    SELECT * FROM session_step
    UNION ALL
    SELECT * FROM sender_step
    UNION ALL
    SELECT * FROM refusal_step
    UNION ALL
    SELECT * FROM tracking_step
),

step AS (
    SELECT s.*
    FROM every_step AS s
    CROSS JOIN asked AS a
    WHERE (a.from_ts IS NULL OR s.ts >= a.from_ts)
      AND (a.until_ts IS NULL OR s.ts < a.until_ts)
      AND (CAST($hosts AS VARCHAR[]) IS NULL OR list_contains(CAST($hosts AS VARCHAR[]), s.host))
),

said AS (  -- names, senders and failures of each client, the most frequent first
    SELECT
        host, log, client, what, text, times,
        row_number() OVER (PARTITION BY host, log, client, what ORDER BY times DESC, text) AS place
    FROM (
        SELECT host, log, client, 'name' AS what, name AS text, count(*) AS times
        FROM step
        WHERE name IS NOT NULL
        GROUP BY host, log, client, name
        UNION ALL
        SELECT host, log, client, 'sender', sender, count(*)
        FROM step
        WHERE sender IS NOT NULL
        GROUP BY host, log, client, sender
        UNION ALL
        SELECT host, log, client, 'failure', failure, count(*)
        FROM step
        WHERE failure IS NOT NULL
        GROUP BY host, log, client, failure
    ) AS w
),

words AS (  -- one row: one client
    SELECT
        host, log, client,
        array_to_string(list(text ORDER BY place) FILTER (WHERE what = 'name' AND place <= 5), ', ')
            || CASE WHEN max(place) FILTER (WHERE what = 'name') > 5
                    THEN ', and ' || (max(place) FILTER (WHERE what = 'name') - 5) || ' more' ELSE '' END AS names,
        count(*) FILTER (WHERE what = 'sender') AS senders,
        array_to_string(list(text || ' (' || times || ')' ORDER BY place) FILTER (WHERE what = 'sender' AND place <= 3), ', ') AS top_senders,
        min(text || ' (' || times || ')') FILTER (WHERE what = 'failure' AND place = 1) AS top_failure
    FROM said
    GROUP BY host, log, client
),

client AS (
    SELECT
        host, log, client,
        greatest(sum(greetings), sum(quits)) AS connections,
        sum(messages) AS messages, sum(accepted) AS accepted, sum(refused) AS refused,
        sum(auths) AS auths, sum(secured) AS secured, sum(failures) AS failures,
        min(ts) AS first_seen,
        max(until_ts) AS last_seen,
        arg_min(source_id, (ts, source_id, record)) AS source_id,
        arg_min(record, (ts, source_id, record)) AS record
    FROM step
    GROUP BY host, log, client
)

SELECT
    c.host, c.client, c.log, w.names,
    CAST(c.connections AS BIGINT) AS connections,
    CAST(c.messages AS BIGINT) AS messages,
    CAST(c.accepted AS BIGINT) AS accepted,
    CAST(c.refused AS BIGINT) AS refused,
    coalesce(w.senders, 0) AS senders,
    w.top_senders,
    c.first_seen, c.last_seen,
    CASE WHEN c.auths = 0 THEN 'no' WHEN c.auths >= c.connections THEN 'yes' WHEN c.auths > 0 THEN 'both' END AS authenticated,
    CASE WHEN c.secured = 0 THEN 'no' WHEN c.secured >= c.connections THEN 'yes' WHEN c.secured > 0 THEN 'both' END AS tls,
    CAST(c.failures AS BIGINT) AS failures,
    w.top_failure,
    s.path AS source, c.record
FROM client AS c
LEFT JOIN words AS w ON w.host IS NOT DISTINCT FROM c.host AND w.log = c.log AND w.client IS NOT DISTINCT FROM c.client
LEFT JOIN source AS s ON s.source_id = c.source_id
ORDER BY c.messages DESC NULLS LAST, c.connections DESC NULLS LAST, c.host, c.client, c.log
