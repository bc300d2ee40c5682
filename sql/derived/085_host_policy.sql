-- When each host tries again and gives up, as far as its settings tell. One row: one host and kind of log
-- that has a retry policy. configured_min: the longest retry interval in a copy of its metabase
-- (SmtpRemoteProgressiveRetry), minutes, NULL where none was collected; retry_min: the longer one of that and the
-- product's default_min; delay_h and expire_h: from the metabase, else the product's (view retry_policy).
CREATE OR REPLACE TABLE host_policy AS
WITH setting AS (
    SELECT
        coalesce(h.host, s.host) AS host, lower(h.name) AS name, h.value, h.source_id, h.record,
        -- what a virtual server says for itself stands above what all of them have
        rank() OVER (
            PARTITION BY coalesce(h.host, s.host), lower(h.name)
            ORDER BY CASE WHEN regexp_matches(lower(coalesce(h.section, '')), 'smtpsvc/[0-9]+$') THEN 0 ELSE 1 END
        ) AS choice
    FROM host_setting AS h
    JOIN source AS s ON s.source_id = h.source_id
    WHERE lower(h.name) IN ('smtpremoteprogressiveretry', 'smtpremotedelayexpireminutes', 'smtpremotendrexpireminutes')
),

part AS (  -- 15,30,60,240: of several virtual servers the most patient one counts
    SELECT host, name, source_id, record, try_cast(trim(unnest(string_split(value, ','))) AS INTEGER) AS minutes
    FROM setting
    WHERE choice = 1 AND host IS NOT NULL
),

told AS (
    SELECT
        host,
        max(CASE WHEN name = 'smtpremoteprogressiveretry' THEN minutes END) AS retry_min,
        max(CASE WHEN name = 'smtpremotedelayexpireminutes' THEN minutes END) AS delay_min,
        max(CASE WHEN name = 'smtpremotendrexpireminutes' THEN minutes END) AS expire_min,
        min(CASE WHEN name = 'smtpremoteprogressiveretry' THEN source_id END) AS source_id,
        min_by(record, source_id) FILTER (WHERE name = 'smtpremoteprogressiveretry') AS record
    FROM part
    WHERE minutes > 0
    GROUP BY host
)

SELECT
    l.host, l.log,
    greatest(p.retry_min, coalesce(t.retry_min, 0)) AS retry_min,
    p.slack_min,
    coalesce(t.delay_min / 60.0, p.delay_h) AS delay_h,
    coalesce(t.expire_min / 60.0, p.expire_h) AS expire_h,
    p.early_h,
    p.retry_min AS default_min,
    t.retry_min AS configured_min,
    t.source_id, t.record
FROM log_span AS l
JOIN retry_policy AS p ON p.log = l.log
-- the metabase rules the SMTP service of Windows and of Exchange 2000 and 2003
LEFT JOIN told AS t ON t.host = l.host AND l.log IN ('smtp', 'tracking_2003');
