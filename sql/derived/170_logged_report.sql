-- Reports of failure as mail logs show them: made here or taken in, DSN and 1030 in tracking, mail from <> in SMTP
-- logs; notices of delay are left out. One row: one report to one address. direction: made, taken; of tracking and
-- SMTP log the one that tells more speaks for a host and direction. address: who is told. freed: it is about a
-- message that lay in the queue when a mail service went down and ended within 30 minutes of its start (of reports
-- that are taken in, on the host that made them): the report comes within 10 minutes of that end, clocks of two
-- hosts 5 minutes apart; NULL where the logs do not show what it is about.
CREATE OR REPLACE TABLE logged_report AS
WITH tracked AS (  -- one row: one failure report, made here or taken in
    SELECT
        o.host, t.ts, CASE WHEN t.event IN ('DSN', '1030') THEN 'made' ELSE 'taken' END AS direction,
        -- 1030 names the failed recipient, and the sender who is told; DSN names who is told
        CASE WHEN t.event = '1030' THEN t.sender ELSE t.recipient END AS address,
        coalesce(t.message_id, t.network_id, t.source_id || ':' || t.record) AS report,
        t.source_id, t.record
    FROM tracking_event AS t
    JOIN source_order AS o ON o.source_id = t.source_id
    WHERE (
            t.event = '1030'
            OR (t.event = 'DSN' AND NOT regexp_matches(lower(coalesce(t.context, '') || ' ' || coalesce(t.subject, '')), 'delay|relayed|expanded'))
            OR (t.event IN ('RECEIVE', '1019') AND t.class = 'enter' AND t.component IS DISTINCT FROM 'DSN'
                AND (t.sender = '<>' OR t.return_path = '<>'))
        )
),

written AS (  -- SMTPSVC: mail from <> that it took in, and mail from <> that it sent without having taken it in
    SELECT a.host, a.ts, 'taken' AS direction, a.recipient AS address, a.message AS report, a.source_id, a.record
    FROM smtp_acceptance AS a
    WHERE a.sender = '<>'
    UNION ALL
    SELECT a.host, a.ts, 'made', a.recipient, a.source_id || ':' || a.record, a.source_id, a.record
    FROM smtp_attempt AS a
    JOIN source_order AS o ON o.source_id = a.source_id AND o.format <> 'smtp_protocol'
    WHERE a.sender = '<>' AND a.outcome = 'ok' AND NOT EXISTS (
        SELECT 1 FROM message_touch AS m WHERE m.source_id = a.source_id AND m.record = a.record AND m.log = 'smtp'
    )
),

every_report AS (
    SELECT host, ts, direction, address, report, source_id, record, 'tracking' AS log FROM tracked
    UNION ALL
    SELECT host, ts, direction, address, report, source_id, record, 'smtp' FROM written
),

once AS (  -- one log speaks for a host and direction: the one that tells more
    SELECT r.*
    FROM every_report AS r
    JOIN (
        SELECT host, direction, log, row_number() OVER (PARTITION BY host, direction ORDER BY count(*) DESC, log DESC) AS n
        FROM every_report
        GROUP BY host, direction, log
    ) AS c ON c.host = r.host AND c.direction = r.direction AND c.log = r.log AND c.n = 1
    WHERE r.address IS NOT NULL AND r.address <> '<>'
),

original AS (  -- what reports are about; freed: it lay in the queue when the service went down, and ended after the start
    SELECT
        m.host, m.sender AS address, m.ended AS ts,
        max(CASE WHEN r.start_at IS NULL THEN 0 ELSE 1 END) AS freed
    FROM message AS m
    LEFT JOIN restart AS r
        ON r.host = m.host AND r.mail AND m.entered < coalesce(r.stop_at, r.start_at)
       AND lp_us(m.ended) - lp_us(r.start_at) BETWEEN -60000000 AND lp_minutes(30)
    WHERE m.outcome IN ('returned', 'failed') AND m.sender IS NOT NULL AND m.sender <> '<>'
    GROUP BY m.host, m.sender, m.ended
),

about AS (  -- freed is NULL where the logs do not show what a report is about
    SELECT
        *,
        max(freed_here) OVER (
            PARTITION BY host, address ORDER BY lp_us(ts)
            RANGE BETWEEN lp_minutes(10) PRECEDING AND lp_minutes(1) FOLLOWING
        ) AS freed
    FROM (
        SELECT host, ts, direction, address, report, source_id, record, CAST(NULL AS INTEGER) AS freed_here FROM once
        UNION ALL
        SELECT host, ts, 'original', address, NULL, NULL, NULL, freed FROM original
    ) AS one
),

passed_on AS (  -- what one host was set free to report, other hosts take in
    SELECT
        *,
        max(CASE WHEN direction = 'made' THEN freed END) OVER (
            PARTITION BY address ORDER BY lp_us(ts)
            RANGE BETWEEN lp_minutes(15) PRECEDING AND lp_minutes(5) FOLLOWING
        ) AS freed_elsewhere
    FROM about
    WHERE direction <> 'original'
)

SELECT
    host, direction, ts, address, report,
    CASE direction WHEN 'made' THEN freed ELSE freed_elsewhere END = 1 AS freed,
    source_id, record
FROM passed_on;
