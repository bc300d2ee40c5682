-- The newest moment of which a log speaks; a clock that runs ahead by more than a day speaks of none.
-- Parameter $began: when the run began (UTC).
SELECT max(last_ts) AS to_ts FROM source WHERE last_ts <= $began + INTERVAL 1 DAY
