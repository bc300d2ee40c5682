-- SMTPSVC lines in NCSA format into smtp_event. Grain: one data line. Relation: line(record, text).
-- Each line is cut by its first [ and ] and its last quote: quotes inside the command are no ends.
WITH cut AS (
    SELECT
        record, text,
        -- 192.0.2.10 - pc1 [03/Sep/2007:07:00:15 +0200] "MAIL -?+FROM:<a@x.example> SMTP" 250 44
        regexp_extract(
            text,
            '^(\S+) (\S+) (.*?) ?\[(\d{1,2}/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d) ?([+-]) ?(\d\d)(\d\d)\] "(.*)" (\S+) (\S+)\s*$',
            ['client', 'ident', 'username', 'moment', 'sign', 'hours', 'minutes', 'request', 'status', 'bytes']
        ) AS p
    FROM line
    WHERE text IS NOT NULL
),

named AS (
    SELECT
        record, text,
        nullif(p.client, '') AS peer,
        lp_value(p.ident) AS ident,
        lp_value(p.username) AS username,
        try_strptime(p.moment, '%d/%b/%Y:%H:%M:%S') AS written,
        -- the offset is what local time is ahead of UTC
        CASE p.sign WHEN '-' THEN 1 ELSE -1 END
            * (60 * try_cast(p.hours AS BIGINT) + try_cast(p.minutes AS BIGINT)) AS minutes_to_utc,
        lp_value(p.request) AS request,
        -- "EHLO -?+pc1 SMTP", "DATA - SMTP", and of a reply "- -?220+mx1 SMTP"
        regexp_extract(
            p.request, '^(\S+)(?: ([^ ?]*)(?:\?(.*?))?)?(?: ([A-Za-z]+))?$',
            ['verb', 'target', 'query', 'protocol']
        ) AS r,
        lp_value(p.status) AS status,
        lp_value(p.bytes) AS bytes
    FROM cut
),

typed AS (
    SELECT
        record, text, peer, ident, username, status, bytes, request,
        written + to_minutes(minutes_to_utc) AS ts,
        upper(lp_value(r.verb)) AS verb,
        lp_value(r.target) AS target,
        lp_value(r.query) AS query,
        lp_value(r.protocol) AS protocol,
        -- a request of another shape is one argument
        CASE WHEN nullif(r.verb, '') IS NULL THEN request ELSE coalesce(lp_value(r.query), lp_value(r.target)) END AS argument,
        try_cast(status AS SMALLINT) AS status_no,
        try_cast(bytes AS BIGINT) AS bytes_out
    FROM named
),

sided AS (  -- outbound rows name themselves
    SELECT
        *,
        CASE WHEN starts_with(username, 'OutboundConnection') THEN 'out' ELSE 'in' END AS direction,
        CASE
            WHEN username = 'OutboundConnectionCommand' THEN 'command'
            WHEN username = 'OutboundConnectionResponse' THEN 'reply'
            WHEN verb IS NULL THEN 'mark'
            WHEN verb IN ('TIMEOUT', 'XXXX') THEN 'mark'
            ELSE 'command'
        END AS kind
    FROM typed
)

SELECT
    record,
    ts,
    direction,
    kind,
    peer,
    CASE WHEN direction = 'in' THEN username END AS peer_name,
    verb,
    argument,
    CASE WHEN verb IN ('MAIL', 'RCPT') THEN lp_mailbox(argument) END AS address,
    CASE
        WHEN direction = 'in' AND verb IN ('DATA', 'BDAT') AND status_no BETWEEN 200 AND 299
        THEN lp_message_id(argument)
    END AS message_id,
    CASE
        WHEN kind = 'reply' THEN try_cast(regexp_extract(argument, '^[+]?([0-9]{3})', 1) AS SMALLINT)
        WHEN direction = 'in' THEN status_no
    END AS reply_code,
    CASE WHEN kind = 'reply' THEN lp_status_code(argument) END AS enhanced,
    bytes_out,
    protocol,
    CASE
        WHEN ident IS NULL AND (query IS NULL OR target IS NULL)
             AND (status IS NULL OR (status_no IS NOT NULL AND (direction = 'in' OR status_no = 0)))
             AND (bytes IS NULL OR bytes_out IS NOT NULL)
        THEN NULL
        ELSE nullif(map_from_entries(list_filter([
            {'k': 'ident', 'v': ident},
            {'k': 'target', 'v': CASE WHEN query IS NOT NULL THEN target END},
            {'k': 'status', 'v': CASE WHEN status_no IS NULL OR (direction = 'out' AND status_no <> 0) THEN status END},
            {'k': 'bytes', 'v': CASE WHEN bytes_out IS NULL THEN bytes END}
        ], LAMBDA e: e.v IS NOT NULL)), MAP {})
    END AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN peer IS NULL AND regexp_matches(text, '^\S+ \S+ .*?\[\d{1,2}/[A-Za-z]{3}/\d{4}:')
        THEN 'cut short: not all of client, time, command, status and bytes'
        WHEN peer IS NULL THEN 'not a line of this log'
        WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM sided
