-- Lines of the Internet Mail Service's SMTP log into smtp_event. Grain: one data line.
-- Relations: line(record, text), segment(first_line, last_line, date_order).
WITH cut AS (
    SELECT
        l.record, l.text, s.date_order,
        -- 9/3/99 5:00:15 AM : <<< EHLO pc1.corp.example
        regexp_extract(
            l.text,
            '^(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}) (\d{1,2}[:.]\d\d[:.]\d\d(?: ?[AaPp][.]?[Mm][.]?)?) ?: ?(<<<|>>>)? ?(.*)$',
            ['day', 'clock', 'arrow', 'said']
        ) AS p
    FROM line AS l
    LEFT JOIN segment AS s ON l.record BETWEEN s.first_line AND s.last_line
    WHERE l.text IS NOT NULL
),

told AS (
    SELECT
        record, text, p.arrow, lp_value(p.said) AS said,
        lp_written_time(nullif(p.day, ''), p.clock, date_order) AS ts,
        -- "250-mx1.corp.example", "354 Send", a lone "250"
        try_cast(nullif(regexp_extract(p.said, '^([2-5][0-9][0-9])(?:[ -]|$)', 1), '') AS SMALLINT) AS code,
        upper(nullif(regexp_extract(p.said, '^(?i)(EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|QUIT|NOOP|VRFY|EXPN|ETRN|TURN|HELP|AUTH|STARTTLS|X-?[A-Z0-9]+)(?:[ :]|$)', 1), '')) AS verb
    FROM cut
),

sided AS (  -- <<< is what the service heard, >>> what it said
    SELECT
        *,
        CASE
            WHEN arrow <> '' AND code IS NOT NULL THEN 'reply'
            WHEN arrow <> '' AND verb IS NOT NULL THEN 'command'
            ELSE 'mark'
        END AS kind
    FROM told
)

SELECT
    record,
    ts,
    ts AS local_ts,
    CASE
        WHEN kind = 'command' THEN CASE arrow WHEN '<<<' THEN 'in' ELSE 'out' END
        WHEN kind = 'reply' THEN CASE arrow WHEN '<<<' THEN 'out' ELSE 'in' END
    END AS direction,
    kind,
    CASE
        WHEN kind = 'command' AND arrow = '<<<' AND verb IN ('HELO', 'EHLO') THEN lp_value(substr(said, 5))
    END AS peer_name,
    CASE WHEN kind = 'command' THEN verb END AS verb,
    CASE WHEN kind = 'command' THEN lp_value(substr(said, length(verb) + 1)) ELSE said END AS argument,
    CASE WHEN kind = 'command' AND verb IN ('MAIL', 'RCPT') THEN lp_mailbox(said) END AS address,
    CASE WHEN kind = 'reply' THEN code END AS reply_code,
    CASE WHEN kind = 'reply' THEN lp_status_code(said) END AS enhanced,
    CASE WHEN kind = 'mark' AND arrow <> '' THEN MAP {'arrow': arrow} END AS extra,
    CASE
        WHEN lp_spoiled(text) IS NOT NULL THEN lp_spoiled(text)
        WHEN ts IS NULL OR ts NOT BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01'
        THEN 'no readable date and time'
    END AS reject,
    lp_excerpt(text) AS excerpt
FROM sided
