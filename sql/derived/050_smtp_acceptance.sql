-- Mail that the SMTP service took in. One row: one recipient of one accepted message.
-- W3C rows carry no session. Read in file order, the commands of one client (address and HELO name)
-- pair like brackets: a DATA answered with 2xx closes the latest MAIL still open, so a MAIL that was
-- given up stays unpaired. Where sessions of one client overlap (an island of pairs), the first MAIL
-- goes with the first DATA, and a RCPT that could belong to several goes where the outbound side saw
-- that sender write to that recipient; sure is false for those.
-- What Exchange 2007 and later take in (SmtpReceive) is not here: such a log is kept per connector and
-- a front end hands mail on to a back end on the same host, so that it does not tell what left again.
-- Their message tracking does, and table smtp_session has the sessions.
CREATE OR REPLACE TABLE smtp_acceptance AS
WITH command AS (
    SELECT
        o.host,
        coalesce(e.site, '') || ' ' || e.peer || ' ' || coalesce(e.peer_name, '') AS client,
        o.place, e.source_id, e.record, e.ts, e.verb, e.address, e.message_id, e.bytes_in,
        lag(e.verb) OVER (
            PARTITION BY o.host, e.site, e.peer, e.peer_name ORDER BY o.place, e.record
        ) AS before_verb,
        row_number() OVER (
            PARTITION BY o.host, e.site, e.peer, e.peer_name ORDER BY o.place, e.record
        ) AS seq
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.direction = 'in' AND e.verb IN ('MAIL', 'RCPT', 'DATA', 'BDAT')
      AND e.reply_code BETWEEN 200 AND 299 AND o.format <> 'smtp_protocol'
),

stepped AS (  -- several BDAT in a row are one message
    SELECT
        *,
        CASE
            WHEN verb = 'MAIL' THEN 1
            WHEN verb = 'DATA' OR (verb = 'BDAT' AND coalesce(before_verb, '') <> 'BDAT') THEN -1
            ELSE 0
        END AS step
    FROM command
),

running AS (
    SELECT *, sum(step) OVER (
        PARTITION BY host, client ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS total
    FROM stepped
),

levelled AS (
    SELECT
        *,
        total - least(0, min(total) OVER (
            PARTITION BY host, client ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )) + CASE WHEN step = -1 THEN 1 ELSE 0 END AS level
    FROM running
),

bracket AS (  -- each DATA with the latest MAIL of its level
    SELECT
        host, client, seq, step,
        last_value(CASE WHEN step = 1 THEN seq END IGNORE NULLS) OVER ordered AS mail_seq,
        lag(step) OVER ordered AS before_step
    FROM levelled
    WHERE step <> 0
    WINDOW ordered AS (PARTITION BY host, client, level ORDER BY seq)
),

pair AS (
    SELECT
        host, client, mail_seq, seq AS data_seq,
        max(seq) OVER (
            PARTITION BY host, client ORDER BY mail_seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS data_before
    FROM bracket
    WHERE step = -1 AND before_step = 1
),

island AS (
    SELECT
        host, client, mail_seq, data_seq,
        sum(CASE WHEN data_before > mail_seq THEN 0 ELSE 1 END)
            OVER (PARTITION BY host, client ORDER BY mail_seq) AS island_no
    FROM pair
),

ranked AS (
    SELECT
        host, client, island_no, mail_seq, data_seq,
        row_number() OVER (PARTITION BY host, client, island_no ORDER BY mail_seq) AS mail_rank,
        row_number() OVER (PARTITION BY host, client, island_no ORDER BY data_seq) AS data_rank
    FROM island
),

submission AS (  -- first MAIL with first DATA
    SELECT m.host, m.client, m.island_no, m.mail_seq, d.data_seq
    FROM ranked AS m
    JOIN ranked AS d
        ON d.host = m.host AND d.client = m.client AND d.island_no = m.island_no
       AND d.data_rank = m.mail_rank
),

accepted AS (
    SELECT
        s.host, s.client, s.island_no, s.mail_seq, s.data_seq,
        coalesce(m.address, '<>') AS sender,
        d.ts, d.place, d.source_id, d.record, d.bytes_in AS bytes, d.message_id
    FROM submission AS s
    JOIN command AS m ON m.host = s.host AND m.client = s.client AND m.seq = s.mail_seq
    JOIN command AS d ON d.host = s.host AND d.client = s.client AND d.seq = s.data_seq
),

mailed AS (  -- the island that each command follows
    SELECT
        c.host, c.client, c.seq, c.verb, c.address,
        last_value(s.island_no IGNORE NULLS) OVER (
            PARTITION BY c.host, c.client ORDER BY c.seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS island_no
    FROM command AS c
    LEFT JOIN submission AS s ON s.host = c.host AND s.client = c.client AND s.mail_seq = c.seq
),

choice AS (  -- the messages that a RCPT may belong to
    SELECT
        a.host, a.client, a.ts, a.place, a.source_id, a.record, a.bytes, a.message_id, a.sender,
        a.mail_seq, r.seq, r.address AS recipient,
        count(*) OVER (PARTITION BY r.host, r.client, r.seq) AS choices
    FROM mailed AS r
    JOIN accepted AS a
        ON a.host = r.host AND a.client = r.client AND a.island_no = r.island_no
       AND r.seq > a.mail_seq AND r.seq < a.data_seq
    WHERE r.verb = 'RCPT' AND r.address IS NOT NULL
),

witness AS (  -- for the doubtful ones: when the sender was seen to write there, or to get a report
    SELECT
        c.host, c.client, c.seq, c.mail_seq,
        min(CASE WHEN t.recipient = c.recipient AND t.sender = c.sender THEN t.ts END) AS sent_at,
        min(CASE WHEN t.recipient = c.sender AND t.sender = '<>' AND lp_us(t.ts) - lp_us(c.ts) > lp_minutes(2820) THEN t.ts END) AS told_at
    FROM choice AS c
    JOIN smtp_attempt AS t
        ON t.host = c.host AND t.ts >= c.ts
       AND ((t.recipient = c.recipient AND t.sender = c.sender) OR (t.recipient = c.sender AND t.sender = '<>'))
    WHERE c.choices > 1
    GROUP BY c.host, c.client, c.seq, c.mail_seq
),

decided AS (
    SELECT
        c.*,
        row_number() OVER (
            PARTITION BY c.host, c.client, c.seq
            ORDER BY w.sent_at NULLS LAST, w.told_at NULLS LAST, c.mail_seq DESC
        ) AS preference
    FROM choice AS c
    LEFT JOIN witness AS w
        ON w.host = c.host AND w.client = c.client AND w.seq = c.seq AND w.mail_seq = c.mail_seq
)

SELECT DISTINCT
    host, ts, place, source_id, record, bytes,
    -- without a Message-ID the place names the message
    coalesce(message_id, 'line ' || source_id || ':' || record) AS message,
    message_id, sender, recipient,
    choices = 1 AS sure
FROM decided
WHERE preference = 1;
