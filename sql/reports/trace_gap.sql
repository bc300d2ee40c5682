-- What the logs do not tell of a mail. Reads trace_step, trace_clock, trace_hop and trace_recipient. Parameter $mail.
-- One row: one thing that is missing or doubtful, with what to collect. kind: log-gap, no-log (a host that a step names
-- has no log here), not-in-log (no mail log of the host here names it), log-begins, log-ends, clock-set, clock-unknown.
WITH spanned AS (  -- one row: the mail's time on one host, by the host's own clock
    SELECT
        h.host, h.hop, h.own_in_ts, h.entry_seen, h.moved, h.in_ts,
        CASE
            WHEN o.host IS NOT NULL OR h.own_out_ts IS NULL THEN coalesce(greatest(h.own_in_ts, p.last_ts), h.own_in_ts)
            ELSE h.own_out_ts
        END AS until_ts,
        o.recipients AS open_recipients,
        coalesce(c.shift_us, 0) AS shift_us,
        p.first_ts AS log_from, p.last_ts AS log_until, p.log
    FROM trace_hop AS h
    LEFT JOIN trace_clock AS c ON c.host = h.host
    LEFT JOIN (SELECT host, count(*) AS recipients FROM trace_recipient WHERE outcome = 'open' GROUP BY host) AS o ON o.host = h.host
    LEFT JOIN (
        SELECT
            host, first_ts, last_ts, log,
            row_number() OVER (PARTITION BY host ORDER BY CASE WHEN log = 'smtp' THEN 2 ELSE 1 END, log) AS choice
        FROM log_span
    ) AS p ON p.host = h.host AND p.choice = 1
),

hole AS (
    SELECT
        'log-gap' AS kind, s.host, g.from_ts - to_microseconds(s.shift_us) AS at_ts, g.until_ts - to_microseconds(s.shift_us) AS until_ts,
        s.moved, NULL AS step_no,
        g.log || ' log of ' || s.host || ': ' || g.reason || ', ' || g.what
            || CASE WHEN g.sure THEN '' ELSE ' (there may have been nothing to log)' END AS text,
        'the ' || g.log || ' log of ' || s.host || ' for that time' AS collect
    FROM spanned AS s
    JOIN log_gap AS g ON g.host = s.host AND g.from_ts < s.until_ts AND g.until_ts > s.own_in_ts
    WHERE g.log IN ('tracking', 'smtp', 'events', 'connectivity')
),

sided AS (  -- one row: one other side without a step of its own
    SELECT
        s.side, s.other_host,
        CASE WHEN s.other_host <> upper(s.other) THEN s.other_host || ' (' || s.other || ')' ELSE s.other END AS name,
        coalesce(min(CASE WHEN s.class = 'ok' THEN s.step_no END), min(s.step_no)) AS step_no
    FROM trace_step AS s
    LEFT JOIN trace_hop AS h ON h.host = s.other_host
    WHERE s.other IS NOT NULL AND h.host IS NULL
      AND s.log IN ('tracking', 'smtp', 'protocol') AND s.class IN ('enter', 'ok', 'wait', 'attempt')
      -- where one log of a host gives an address and another the name, the name is enough
      AND NOT (
          regexp_matches(s.other, '^[0-9.]+$') AND s.other_host IS NULL
          AND EXISTS (
              SELECT 1 FROM trace_step AS n
              WHERE n.host = s.host AND n.side = s.side AND NOT regexp_matches(n.other, '^[0-9.]+$')
                AND abs(lp_us(n.at_ts) - lp_us(s.at_ts)) <= lp_minutes(1)
          )
      )
    GROUP BY ALL
),

outside AS (
    SELECT
        CASE WHEN d.other_host IS NULL THEN 'no-log' ELSE 'not-in-log' END AS kind,
        s.host, s.at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, s.moved, s.step_no,
        CASE
            WHEN d.side = 'from' THEN 'came from '
            WHEN s.class = 'ok' THEN 'handed to '
            ELSE 'tried at '
        END || d.name || ': '
            || CASE
                WHEN d.other_host IS NULL THEN 'no log of it here'
                WHEN p.host IS NULL THEN 'it has logs here, none of them of mail'
                WHEN s.at_ts + to_microseconds(coalesce(c.shift_us, 0)) NOT BETWEEN p.first_ts AND p.last_ts
                THEN 'its mail logs here (' || left(CAST(p.first_ts AS VARCHAR), 16) || ' to ' || left(CAST(p.last_ts AS VARCHAR), 16) || ') do not reach that time'
                ELSE 'its mail logs here do not name this message'
            END AS text,
        'SMTP or tracking logs of ' || d.name || ' of ' || left(CAST(s.at_ts AS VARCHAR), 16) || ' UTC, or ask who runs it' AS collect
    FROM sided AS d
    JOIN trace_step AS s ON s.step_no = d.step_no
    LEFT JOIN trace_clock AS c ON c.host = d.other_host
    LEFT JOIN (SELECT host, min(first_ts) AS first_ts, max(last_ts) AS last_ts FROM log_span GROUP BY host) AS p ON p.host = d.other_host
),

begins AS (
    SELECT
        'log-begins' AS kind, s.host, s.in_ts AS at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, s.moved, NULL AS step_no,
        'no row tells how it came to ' || s.host
            || coalesce('; its log begins at ' || left(CAST(s.log_from - to_microseconds(s.shift_us) AS VARCHAR), 19), '') AS text,
        'earlier logs of ' || s.host AS collect
    FROM spanned AS s
    WHERE NOT s.entry_seen
),

ends AS (
    SELECT
        'log-ends' AS kind, s.host, s.log_until - to_microseconds(s.shift_us) AS at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, s.moved, NULL AS step_no,
        'log of ' || s.host || ' ends; what became of the message for ' || s.open_recipients
            || CASE WHEN s.open_recipients = 1 THEN ' recipient' ELSE ' recipients' END || ' is unknown' AS text,
        'later logs of ' || s.host || ', or a listing of its queue' AS collect
    FROM spanned AS s
    WHERE s.open_recipients > 0 AND s.log_until IS NOT NULL
),

stepped AS (
    SELECT
        'clock-set' AS kind, s.host, k.after_ts - to_microseconds(s.shift_us) AS at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, s.moved, NULL AS step_no,
        'clock of ' || s.host || ' was set by ' || round(k.step_s, 1) || ' s; its times before and after do not agree' AS text,
        'w32tm /query /status of ' || s.host AS collect
    FROM spanned AS s
    JOIN clock_step AS k ON k.host = s.host AND k.after_ts >= s.own_in_ts AND k.before_ts <= s.until_ts
),

apart AS (
    SELECT
        'clock-unknown' AS kind, h.host, h.in_ts AS at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, false AS moved, NULL AS step_no,
        'clock of ' || h.host || ': no mail tells how far it is from the others; its times stand as they are' AS text,
        'logs in which both hosts name the same messages' AS collect
    FROM trace_hop AS h
    WHERE h.unsure_clock
),

unlogged AS (  -- hosts of reports, listings and events alone
    SELECT
        'not-in-log' AS kind, s.host, min(s.at_ts) AS at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, false AS moved, min(s.step_no) AS step_no,
        'no SMTP or tracking log here of ' || s.host || ' names this message' AS text,
        'SMTP and tracking logs of ' || s.host || coalesce(' up to ' || left(CAST(min(s.at_ts) AS VARCHAR), 16) || ' UTC', '') AS collect
    FROM trace_step AS s
    LEFT JOIN trace_hop AS h ON h.host = s.host
    WHERE h.host IS NULL AND s.host IS NOT NULL
    GROUP BY s.host
),

every AS (
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM hole
    UNION ALL
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM outside
    UNION ALL
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM begins
    UNION ALL
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM ends
    UNION ALL
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM stepped
    UNION ALL
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM apart
    UNION ALL
    SELECT kind, host, at_ts, until_ts, moved, step_no, text, collect FROM unlogged
)

SELECT DISTINCT * FROM every ORDER BY at_ts NULLS LAST, kind, host, text
