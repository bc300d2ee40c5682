-- Recipients whose mail failed or was delayed, by the reports on them. One row: one recipient of one report,
-- however many copies of the report were loaded. Columns beside those of delivery_report:
--   entered  when the reporting server took the message in: X-OriginalArrivalTime, unless Arrival-Date is another time
--   dwell_h  hours from then to the report
--   expired  it failed because it grew too old (x.4.7, or words that say so), whatever kept it
CREATE OR REPLACE VIEW bounce AS
WITH report AS (
    SELECT
        *,
        CASE
            -- another server's stamp: the message was there before
            WHEN abs(lp_us(original_arrival_ts) - lp_us(arrival_ts)) > lp_minutes(2) THEN arrival_ts
            ELSE coalesce(original_arrival_ts, arrival_ts)
        END AS entered,
        row_number() OVER (
            PARTITION BY
                coalesce(report_message_id, source_id || ' ' || record),
                host, recipient, action, ts
            ORDER BY source_id, record, recipient_no
        ) AS nth
    FROM delivery_report
    WHERE action IN ('failed', 'delayed')
)

SELECT
    host,
    ts AS reported,
    recipient,
    lp_domain(recipient) AS domain,
    action,
    status,
    entered,
    CASE WHEN ts >= entered THEN round(lp_hours(entered, ts), 3) END AS dwell_h,
    action = 'failed' AND (
        coalesce(status LIKE '_.4.7', false)
        OR coalesce(regexp_matches(
            lower(diagnostic), 'message expired|queue.expired|maximum time for delivering|in the time limit'
        ), false)
    ) AS expired,
    last_attempt_ts, will_retry_until,
    original_message_id AS message_id,
    original_sender AS sender,
    original_subject AS subject,
    diagnostic, remote_mta, kind, smtp_version, reporting_mta, report_message_id, source_id, record, recipient_no
FROM report
WHERE nth = 1;
