-- What else went on while a mail process grew, to tell causes apart. One row: one process of table
-- process_service and uptime segment that memory_trend judged. NULL: the logs do not tell.
--   counter, measure        the process's counter that is compared: Private Bytes, else Working Set, else Virtual Bytes
--   outbound_share          part of the segment between the first and the last row of SMTP or tracking logs
--   new_domains             distinct domains that mail went out to; they grow by those first seen in the segment
--   messages                messages accepted
--   imap_sessions           sessions in IMAP4 logs, else by counters of connections: all, else the most at once
--   auth_failures           failed logons in the Security log
--   corr_...                correlation of the growth from hour to hour with each of these in the two hours
--   available_first, _last  free memory of the host in the first and last three hours; _after: most within the hour after the restart
--   value_last, value_after the counter itself in the last three hours, and least within the hour after the restart
--   other_process, _growth  the other process that grew most in the meantime, and by how many bytes
CREATE OR REPLACE TABLE leak_covariate AS
WITH setting AS (
    SELECT
        12 AS least_hours,   -- hours that a correlation needs
        60 AS after_min      -- minutes after a restart in which memory is measured again
),

ranked AS (
    SELECT
        t.*,
        row_number() OVER (
            PARTITION BY t.host, t.process, t.seg_from
            ORDER BY CASE t.measure WHEN 'private' THEN 1 WHEN 'working' THEN 2 ELSE 3 END, t.counter_id
        ) AS best
    FROM memory_trend AS t
    JOIN (SELECT DISTINCT process FROM process_service) AS m ON m.process = t.process
    WHERE t.kind <> 'short'
),

main AS (  -- grain: one process and segment, here and in all that has part
    SELECT
        row_number() OVER (ORDER BY host, process, seg_from) AS part,
        host, process, counter, measure, counter_id, segment, seg_from, seg_until, ended_by, cut_at,
        date_trunc('hour', seg_from) AS from_hour
    FROM ranked
    WHERE best = 1
),

growth AS (  -- grain: one part and hour
    SELECT
        m.part, m.host, h.hour,
        CASE
            WHEN lp_us(h.hour) - lp_us(lag(h.hour) OVER (PARTITION BY m.part ORDER BY h.hour)) = 3600000000
            THEN (h.value - lag(h.value) OVER (PARTITION BY m.part ORDER BY h.hour)) / 1048576.0
        END AS mib
    FROM main AS m
    JOIN memory_hour AS h ON h.counter_id = m.counter_id AND h.segment = m.segment
),

sent AS (  -- grain: one domain and hour of a host
    SELECT host, lp_domain(recipient) AS domain, date_trunc('hour', ts) AS hour
    FROM smtp_attempt
    UNION
    SELECT coalesce(t.host, s.host) AS host, lp_domain(t.recipient) AS domain, date_trunc('hour', t.ts) AS hour
    FROM tracking_event AS t
    JOIN source AS s ON s.source_id = t.source_id
    WHERE t.event IN ('1020', '1031') OR (t.event = 'SEND' AND t.component = 'SMTP')
),

new_domain AS (
    SELECT m.part, d.domain, min(d.hour) AS hour
    FROM main AS m
    JOIN sent AS d ON d.host = m.host AND d.hour >= m.from_hour AND d.hour <= m.seg_until
    WHERE d.domain IS NOT NULL
    GROUP BY m.part, d.domain
),

entry AS (
    SELECT host, date_trunc('hour', entered) AS hour, count(DISTINCT message) AS n
    FROM message
    WHERE entered IS NOT NULL
    GROUP BY host, date_trunc('hour', entered)
),

imap_log AS (
    SELECT coalesce(c.host, s.host) AS host, date_trunc('hour', min(c.ts)) AS hour
    FROM client_event AS c
    JOIN source AS s ON s.source_id = c.source_id
    WHERE c.protocol = 'imap4' AND c.session IS NOT NULL
    GROUP BY coalesce(c.host, s.host), c.session
),

imap_counter AS (  -- of several instances the one with most: _Total, where it is there
    SELECT
        s.host, lower(c.counter) LIKE '%total%' AS cumulative, date_trunc('hour', s.ts) AS hour, max(s.value) AS value
    FROM counter_sample AS s
    JOIN counter AS c ON c.counter_id = s.counter_id
    WHERE lower(c.object) LIKE 'msexchangeimap4%' AND s.ts IS NOT NULL AND s.value < 1e15  -- more is no count
      AND lower(c.counter) IN ('connections total', 'total connections', 'connections current', 'current connections', 'active connections')
    GROUP BY s.host, lower(c.counter) LIKE '%total%', date_trunc('hour', s.ts)
),

imap_step AS (  -- a cumulative counter that is lower than before began again at 0
    SELECT
        host, hour,
        CASE
            WHEN value < lag(value) OVER (PARTITION BY host ORDER BY hour) THEN value
            ELSE value - lag(value) OVER (PARTITION BY host ORDER BY hour)
        END AS n
    FROM imap_counter
    WHERE cumulative
),

refusal AS (  -- 680 and 4776 are written for successes, too: their code is 0x0 then
    SELECT
        coalesce(e.host, s.host) AS host, date_trunc('hour', e.ts) AS hour,
        count(*) FILTER (
            WHERE e.event_id BETWEEN 529 AND 537 OR e.event_id IN (539, 675, 676, 681, 4625, 4771)
               OR (e.event_id IN (680, 4776) AND NOT regexp_matches(coalesce(e.strings[4], '0x0'), '^0x0*$'))
        ) AS n
    FROM windows_event AS e
    JOIN source AS s ON s.source_id = e.source_id
    WHERE lower(e.provider) IN ('security', 'microsoft-windows-security-auditing') AND NOT e.recovered
    GROUP BY coalesce(e.host, s.host), date_trunc('hour', e.ts)
),

fact AS (  -- grain: one thing in one hour of one part; rank: of two tellers of one thing the first is believed
    SELECT part, 'new_domains' AS what, 1 AS rank, hour, CAST(count(*) AS DOUBLE) AS n
    FROM new_domain
    GROUP BY part, hour
    UNION ALL
    SELECT m.part, 'messages', 1, e.hour, CAST(e.n AS DOUBLE)
    FROM main AS m JOIN entry AS e ON e.host = m.host AND e.hour >= m.from_hour AND e.hour <= m.seg_until
    UNION ALL
    SELECT m.part, 'imap_sessions', 1, i.hour, CAST(count(*) AS DOUBLE)
    FROM main AS m JOIN imap_log AS i ON i.host = m.host AND i.hour >= m.from_hour AND i.hour <= m.seg_until
    GROUP BY m.part, i.hour
    UNION ALL
    SELECT m.part, 'imap_sessions', 2, i.hour, i.n
    FROM main AS m JOIN imap_step AS i ON i.host = m.host AND i.hour >= m.from_hour AND i.hour <= m.seg_until
    WHERE i.n IS NOT NULL
    UNION ALL
    SELECT m.part, 'imap_sessions', 3, i.hour, i.value
    FROM main AS m JOIN imap_counter AS i ON i.host = m.host AND i.hour >= m.from_hour AND i.hour <= m.seg_until
    WHERE NOT i.cumulative
    UNION ALL
    SELECT m.part, 'auth_failures', 1, r.hour, CAST(r.n AS DOUBLE)
    FROM main AS m JOIN refusal AS r ON r.host = m.host AND r.hour >= m.from_hour AND r.hour <= m.seg_until
),

mail_log AS (  -- grain: one host
    SELECT host, min(hour) AS from_hour, max(hour) AS until_hour
    FROM coverage
    WHERE log IN ('smtp', 'tracking')
    GROUP BY host
),

known AS (  -- from when until when each thing would be seen. Grain: one part and thing
    SELECT m.part, w.what, 1 AS rank, l.from_hour, l.until_hour
    FROM main AS m
    JOIN mail_log AS l ON l.host = m.host AND l.from_hour <= m.seg_until AND l.until_hour >= m.from_hour
    CROSS JOIN (VALUES ('new_domains'), ('messages')) AS w (what)
    UNION ALL
    SELECT part, what, min(rank) AS rank, min(hour) AS from_hour, max(hour) AS until_hour
    FROM fact
    WHERE what IN ('imap_sessions', 'auth_failures')
    GROUP BY part, what
),

counted AS (  -- grain: one part, hour and thing that is known
    SELECT g.part, k.what, g.hour, g.mib, coalesce(f.n, 0) AS n
    FROM growth AS g
    JOIN known AS k ON k.part = g.part AND g.hour BETWEEN k.from_hour AND k.until_hour
    LEFT JOIN fact AS f ON f.part = g.part AND f.what = k.what AND f.rank = k.rank AND f.hour = g.hour
),

hourly AS (  -- between the middles of two hours lies half of each
    SELECT part, what, mib, (n + lag(n) OVER (PARTITION BY part, what ORDER BY hour)) / 2 AS n
    FROM counted
),

total AS (
    SELECT
        k.part, k.what,
        coalesce(CASE WHEN k.rank = 3 THEN max(f.n) ELSE sum(f.n) END, 0) AS n
    FROM known AS k
    LEFT JOIN fact AS f ON f.part = k.part AND f.what = k.what AND f.rank = k.rank
    GROUP BY k.part, k.what, k.rank
),

summed AS (
    SELECT
        part, what, CAST(count(*) AS DOUBLE) AS k,
        sum(mib) AS x, sum(n) AS y, sum(mib * mib) AS xx, sum(n * n) AS yy, sum(mib * n) AS xy
    FROM hourly
    WHERE mib IS NOT NULL AND n IS NOT NULL
    GROUP BY part, what
),

correlated AS (
    SELECT
        s.part, s.what,
        CASE
            WHEN s.k >= p.least_hours AND s.k * s.xx - s.x * s.x > 0 AND s.k * s.yy - s.y * s.y > 0
            THEN (s.k * s.xy - s.x * s.y) / (sqrt(s.k * s.xx - s.x * s.x) * sqrt(s.k * s.yy - s.y * s.y))
        END AS r
    FROM summed AS s
    CROSS JOIN setting AS p
),

compared AS (
    SELECT
        t.part,
        max(CASE WHEN t.what = 'new_domains' THEN t.n END) AS new_domains,
        max(CASE WHEN t.what = 'messages' THEN t.n END) AS messages,
        max(CASE WHEN t.what = 'imap_sessions' THEN t.n END) AS imap_sessions,
        max(CASE WHEN t.what = 'auth_failures' THEN t.n END) AS auth_failures,
        max(CASE WHEN t.what = 'new_domains' THEN c.r END) AS corr_new_domains,
        max(CASE WHEN t.what = 'messages' THEN c.r END) AS corr_messages,
        max(CASE WHEN t.what = 'imap_sessions' THEN c.r END) AS corr_imap_sessions,
        max(CASE WHEN t.what = 'auth_failures' THEN c.r END) AS corr_auth_failures
    FROM total AS t
    LEFT JOIN correlated AS c ON c.part = t.part AND c.what = t.what
    GROUP BY t.part
),

meanwhile AS (  -- every counter of the host in the hours of the part
    SELECT
        m.part, h.process, h.measure, h.counter_id, h.value, h.counter_id = m.counter_id AS own,
        row_number() OVER (PARTITION BY m.part, h.counter_id ORDER BY h.hour, h.segment) AS from_start,
        row_number() OVER (PARTITION BY m.part, h.counter_id ORDER BY h.hour DESC, h.segment DESC) AS from_end
    FROM main AS m
    JOIN memory_hour AS h ON h.host = m.host AND h.hour >= m.from_hour AND h.hour <= m.seg_until
    WHERE h.measure = 'available' OR h.measure = m.measure
),

edge AS (  -- grain: one part and counter
    SELECT
        part, process, measure, counter_id, own,
        quantile_cont(value, 0.5) FILTER (WHERE from_start <= 3) AS first_value,
        quantile_cont(value, 0.5) FILTER (WHERE from_end <= 3) AS last_value
    FROM meanwhile
    GROUP BY part, process, measure, counter_id, own
),

other AS (
    SELECT
        e.part, e.process, e.last_value - e.first_value AS growth,
        row_number() OVER (PARTITION BY e.part ORDER BY e.last_value - e.first_value DESC, e.process, e.counter_id) AS best
    FROM edge AS e
    JOIN main AS m ON m.part = e.part
    WHERE e.process <> m.process
),

free AS (
    SELECT part, max(first_value) AS first_value, max(last_value) AS last_value
    FROM edge
    WHERE measure = 'available'
    GROUP BY part
),

after AS (
    SELECT
        m.part,
        max(CASE WHEN c.measure = 'available' THEN s.value * c.scale END) AS available_after,
        min(CASE WHEN c.counter_id = m.counter_id THEN s.value END) AS value_after
    FROM main AS m
    CROSS JOIN setting AS p
    JOIN memory_counter AS c ON c.counter_id = m.counter_id OR c.measure = 'available'
    JOIN counter_sample AS s
        ON s.counter_id = c.counter_id AND s.host = m.host
       AND s.ts >= m.cut_at AND lp_us(s.ts) <= lp_us(m.cut_at) + lp_minutes(p.after_min)
       AND s.value > 0 AND s.value * c.scale < 1e15
    WHERE m.ended_by = 'restart'
    GROUP BY m.part
)

SELECT
    m.host, m.process, m.seg_from, m.seg_until, m.ended_by, m.cut_at, m.counter, m.measure,
    coalesce(
        greatest(
            lp_us(least(m.seg_until, l.until_hour + INTERVAL 1 HOUR)) - lp_us(greatest(m.seg_from, l.from_hour)), 0
        ) / nullif(CAST(lp_us(m.seg_until) - lp_us(m.seg_from) AS DOUBLE), 0),
        0
    ) AS outbound_share,
    CAST(c.new_domains AS BIGINT) AS new_domains,
    CAST(c.messages AS BIGINT) AS messages,
    CAST(c.imap_sessions AS BIGINT) AS imap_sessions,
    CAST(c.auth_failures AS BIGINT) AS auth_failures,
    c.corr_new_domains, c.corr_messages, c.corr_imap_sessions, c.corr_auth_failures,
    f.first_value AS available_first, f.last_value AS available_last, a.available_after,
    e.last_value AS value_last, a.value_after,
    o.process AS other_process, o.growth AS other_growth
FROM main AS m
LEFT JOIN compared AS c ON c.part = m.part
LEFT JOIN mail_log AS l ON l.host = m.host
LEFT JOIN free AS f ON f.part = m.part
LEFT JOIN edge AS e ON e.part = m.part AND e.own
LEFT JOIN other AS o ON o.part = m.part AND o.best = 1
LEFT JOIN after AS a ON a.part = m.part;
