-- When each product tries again and gives up, by default. One row: the service behind one kind of
-- log. The values are those of the product; what holds for a host is in table host_retry.
-- retry_min: the longest regular retry interval, minutes; slack_min: allowance for a busy queue,
-- minutes; delay_h: hours until the sender is told of the delay; expire_h: hours until a message is
-- returned; early_h: how much earlier still counts as
-- expiry (clock, rounding); Windows values from Microsoft's "Configuring Retry Attempts and
-- Intervals"; Exchange 2000/2003 may retry sooner, so the Windows interval is the cautious one.
CREATE OR REPLACE VIEW retry_policy AS
SELECT log, retry_min, slack_min, delay_h, expire_h, early_h
FROM (
    VALUES
    ('smtp', 240, 60, 12.0, 48.0, 0.25),
    ('tracking_2003', 240, 60, 12.0, 48.0, 0.25),
    ('tracking_2007', 30, 60, 4.0, 48.0, 0.25)
) AS known (log, retry_min, slack_min, delay_h, expire_h, early_h);
