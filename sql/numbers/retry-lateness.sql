-- Waits for an attempt, in table message, that are longer than the product's interval and slack but within those of
-- the host (table host_retry), while the destination took other mail or had only asked to come again (greylisting).
-- The interval is the one that the attempts show, else the one that is configured.
SELECT
    i.incident_id,
    min(m.entered) AS started_at,
    max(m.ended) AS ended_at,
    count(DISTINCT m.message) AS messages,
    round(max(m.gap_h), 1) AS longest_wait_h,
    max(coalesce(p.observed_min, p.configured_min)) AS interval_min
FROM incident AS i
JOIN host_retry AS p ON p.host = i.host AND starts_with(i.incident_key, p.log || ' ')
JOIN message AS m
    ON m.host = p.host AND m.log = p.log AND m.entered >= i.started_at AND m.ended <= i.ended_at
   AND m.gap_h * 60 > p.default_min + p.slack_min AND m.gap_h * 60 <= p.retry_min + p.slack_min
JOIN message_touch AS t
    ON t.host = m.host AND t.log = m.log AND t.message = m.message
   AND t.recipient IS NOT DISTINCT FROM m.recipient AND t.what = 'try' AND t.ts = m.gap_from
WHERE i.rule = 'retry-lateness' AND (
    EXISTS (
        SELECT 1
        FROM message AS o
        WHERE o.host = m.host AND o.log = m.log AND o.domain = m.domain AND o.outcome = 'delivered'
          AND o.ended > m.gap_from AND o.ended < m.gap_until AND o.message <> m.message
    ) OR EXISTS (
        SELECT 1 FROM delivery_failure AS f WHERE f.kind = 'greylisting' AND f.source_id = t.source_id AND f.record = t.record
    )
)
GROUP BY i.incident_id;
