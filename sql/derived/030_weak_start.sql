-- Signs of a service start outside the Service Control Manager. One row: one witness.
-- A header block (inside a log, or at the top of a later one that does not open at midnight),
-- a message-id counter that began again, a single counter, an iisreset or one event of
-- the store or the MTA is weak alone (a block also opens with a changed logging option; the ids of store
-- and MTA events are not confirmed): table restart asks for two. Others suffice: LOAD rows, mounted
-- databases, a new process id, an engine start, mail moved to the poison queue at start.
-- what: start, or stop (of the same restart). from_ts: since when it may have been; counters are sampled.
-- A counter fell where it lost nine tenths of at least 10 and did not come back with the next sample;
-- samples more than an hour apart date nothing.
CREATE OR REPLACE TABLE weak_start AS
WITH opened AS (  -- a host's header blocks, and since when its logs speak
    SELECT
        s.host, b.ts, b.source_id, b.record,
        min(s.first_ts) OVER (PARTITION BY s.host) AS host_from
    FROM header_block AS b
    JOIN source AS s ON s.source_id = b.source_id
    WHERE b.ts IS NOT NULL AND starts_with(s.format, 'smtpsvc_')
),

block AS (  -- inside a log the SMTP service opened it anew; so it did at the top of a later log, if not at midnight
    SELECT host, 'SMTPSVC' AS service, ts, 'log header block' AS witness, source_id, record
    FROM opened
    WHERE record > 1
       OR (
           lp_us(ts) - lp_us(host_from) > lp_minutes(60)
           AND lp_us(ts) - lp_us(date_trunc('day', ts)) > lp_minutes(30)
       )
),

numbered AS (  -- ids made by the service end in an eight-digit counter: <GW1aBcDeFgHiJkL00001e05@...>
    SELECT
        o.host, e.ts, e.source_id, e.record,
        try_cast('0x' || regexp_extract(e.message_id, '[A-Za-z0-9]{12}([0-9a-f]{8})@', 1) AS BIGINT) AS number,
        o.place
    FROM smtp_event AS e
    JOIN source_order AS o ON o.source_id = e.source_id
    WHERE e.message_id IS NOT NULL
      AND regexp_matches(e.message_id, '[A-Za-z0-9]{12}[0-9a-f]{8}@')
      AND starts_with(upper(e.message_id), o.host)
),

counted AS (
    SELECT
        host, ts, source_id, record, number,
        lag(number) OVER (PARTITION BY host ORDER BY place, record) AS before,
        lag(ts) OVER (PARTITION BY host ORDER BY place, record) AS before_ts
    FROM numbered
),

reset AS (  -- the first id after a start may come long after it: a header block in between dates it
    SELECT
        c.host, 'SMTPSVC' AS service,
        -- one inside a log is surer than the top of a log
        coalesce(max(CASE WHEN b.record > 1 THEN b.ts END), max(b.ts), c.ts) AS ts,
        'message-id counter began again' AS witness, c.source_id, c.record
    FROM counted AS c
    LEFT JOIN block AS b ON b.host = c.host AND b.ts > c.before_ts AND b.ts <= c.ts
    WHERE c.number < c.before AND c.number < 256
    GROUP BY c.host, c.ts, c.source_id, c.record
),

loaded AS (  -- the transport service found messages in its queue database
    SELECT s.host, 'MSExchangeTransport' AS service, t.ts, 'LOAD by BOOTLOADER in tracking' AS witness, t.source_id, t.record
    FROM tracking_event AS t
    JOIN source AS s ON s.source_id = t.source_id
    WHERE t.event = 'LOAD' AND t.component = 'BOOTLOADER'
),

mounted AS (
    SELECT coalesce(e.host, s.host) AS host, 'MSExchangeIS' AS service, e.ts, 'MSExchangeIS 9523: database mounted' AS witness, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) LIKE 'msexchangeis%' AND e.event_id = 9523
),

told AS (  -- what Exchange, its databases and IIS write about themselves
    SELECT
        coalesce(e.host, s.host) AS host, lower(e.provider) AS provider, e.event_id, e.ts,
        lower(e.strings[1]) AS word, e.source_id, e.record
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE (lower(e.provider) = 'msexchangeis' AND e.event_id BETWEEN 1000 AND 1003)
       OR (lower(e.provider) = 'msexchangemta' AND e.event_id IN (9297, 9298))
       OR (lower(e.provider) = 'msexchangetransport' AND e.event_id = 10001)
       OR (lower(e.provider) IN ('ese', 'ese97', 'ese98') AND e.event_id IN (100, 101))
       OR (lower(e.provider) = 'iisctls' AND e.event_id IN (1, 3))
       OR (lower(e.provider) IN ('iis-iisreset', 'microsoft-windows-iis-iisreset') AND e.event_id IN (3201, 3203))
),

own_event AS (
    SELECT
        host,
        CASE
            WHEN provider IN ('msexchangeis', 'ese', 'ese97', 'ese98') AND coalesce(word, '') <> 'edgetransport'
            THEN 'MSExchangeIS'
            WHEN provider = 'msexchangemta' THEN 'MSExchangeMTA'
            WHEN provider IN ('iisctls', 'iis-iisreset', 'microsoft-windows-iis-iisreset') THEN 'SMTPSVC'
            ELSE 'MSExchangeTransport'
        END AS service,
        CASE
            WHEN provider = 'msexchangeis' AND event_id IN (1002, 1003) THEN 'stop'
            WHEN provider = 'msexchangemta' AND event_id = 9297 THEN 'stop'
            WHEN provider LIKE 'ese%' AND event_id = 101 THEN 'stop'
            ELSE 'start'
        END AS what,
        ts,
        CASE provider
            WHEN 'msexchangeis' THEN 'MSExchangeIS ' || event_id
            WHEN 'msexchangemta' THEN 'MSExchangeMTA ' || event_id
            WHEN 'msexchangetransport' THEN 'MSExchangeTransport 10001: messages moved to the poison queue at start'
            WHEN 'iisctls' THEN 'IISCTLS ' || event_id || ': iisreset'
            ELSE CASE
                WHEN provider LIKE 'ese%' AND event_id = 101 THEN 'ESE 101: engine stopped'
                WHEN provider LIKE 'ese%' THEN 'ESE 100: engine started'
                ELSE 'IIS-IISReset ' || event_id || ': iisreset'
            END
        END AS witness,
        source_id, record
    FROM told
    WHERE provider NOT LIKE 'ese%'
       OR regexp_matches(word, '^(information store|msexchangeis|store[.]exe|edgetransport)')
),

measured AS (  -- what a service counts from its start, and the number of its process
    SELECT
        c.counter_id, c.host, lower(c.counter) AS counter,
        CASE
            WHEN lower(c.object) = 'smtp server' THEN 'SMTPSVC'
            WHEN lower(c.instance) = 'inetinfo' THEN 'SMTPSVC'
            WHEN lower(c.instance) = 'store' THEN 'MSExchangeIS'
            WHEN lower(c.instance) = 'emsmta' THEN 'MSExchangeMTA'
            WHEN lower(c.instance) = 'mad' THEN 'MSExchangeSA'
            WHEN lower(c.instance) = 'msexcimc' THEN 'MSExchangeIMC'
            ELSE 'MSExchangeTransport'
        END AS service,
        lower(c.object) = 'process' AS is_process
    FROM counter AS c
    WHERE (
        lower(c.object) = 'smtp server'
        AND regexp_matches(
            lower(c.counter),
            '^(messages (received|delivered|sent) total|total messages submitted|dns queries total|(inbound|outbound) connections total)$'
        )
    ) OR (
        lower(c.object) = 'process' AND lower(c.counter) = 'id process'
        AND lower(c.instance) IN ('inetinfo', 'store', 'emsmta', 'mad', 'msexcimc', 'edgetransport', 'msexchangetransport')
    )
),

sampled AS (
    SELECT
        coalesce(m.host, v.host) AS host, m.service, m.counter, m.is_process, v.ts, v.value, v.source_id, v.record,
        lag(v.value) OVER ordered AS before,
        lag(v.ts) OVER ordered AS before_ts,
        lead(v.value) OVER ordered AS after
    FROM counter_sample AS v
    JOIN measured AS m ON m.counter_id = v.counter_id
    -- a process that is not there has the number 0, and no number has more than 32 bits
    WHERE v.ts IS NOT NULL AND (v.value > 0 OR (v.value = 0 AND NOT m.is_process))
      AND v.value < CASE WHEN m.is_process THEN 4294967296.0 ELSE 1e15 END
    WINDOW ordered AS (PARTITION BY v.counter_id ORDER BY v.ts, v.source_id, v.record)
),

fallen AS (
    SELECT
        host, service, before_ts AS from_ts, ts,
        CASE
            WHEN is_process THEN 'new process id in counters'
            ELSE 'SMTP Server counter ' || counter || ' fell'
        END AS witness,
        source_id, record
    FROM sampled
    WHERE lp_us(ts) - lp_us(before_ts) <= lp_minutes(60)
      AND CASE
          WHEN is_process THEN value <> before
          ELSE before >= 10 AND value < before * 0.1 AND (after IS NULL OR after < before)
      END
),

every AS (
    SELECT host, service, 'start' AS what, ts AS from_ts, ts, witness, source_id, record FROM block
    UNION ALL
    SELECT host, service, 'start' AS what, ts AS from_ts, ts, witness, source_id, record FROM reset
    UNION ALL
    SELECT host, service, 'start' AS what, ts AS from_ts, ts, witness, source_id, record FROM loaded
    UNION ALL
    SELECT host, service, 'start' AS what, ts AS from_ts, ts, witness, source_id, record FROM mounted
    UNION ALL
    SELECT host, service, what, ts AS from_ts, ts, witness, source_id, record FROM own_event
    UNION ALL
    SELECT host, service, 'start' AS what, from_ts, ts, witness, source_id, record FROM fallen
),

spaced AS (
    SELECT
        host, service, what, from_ts, ts, witness, source_id, record,
        lag(ts) OVER (PARTITION BY host, service ORDER BY ts, source_id, record) AS before
    FROM every
    WHERE host IS NOT NULL
),

grouped AS (  -- witnesses that follow each other within 15 minutes speak of one start
    SELECT
        host, service, what, from_ts, ts, witness, source_id, record,
        sum(CASE WHEN before IS NULL OR lp_us(ts) - lp_us(before) > 900000000 THEN 1 ELSE 0 END)
            OVER (PARTITION BY host, service ORDER BY ts, source_id, record) AS start_no
    FROM spaced
)

SELECT host, service, start_no, what, from_ts, ts, witness, source_id, record
FROM grouped;
