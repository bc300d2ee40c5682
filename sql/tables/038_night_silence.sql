-- Hosts of which a night got no logs that go on. One row: one host in one night.
CREATE TABLE IF NOT EXISTS night_silence (
    night_id   INTEGER NOT NULL,    -- the night
    host       VARCHAR NOT NULL,    -- as in source
    last_ts    TIMESTAMP NOT NULL,  -- UTC, the newest event of its logs
    lasting    BOOLEAN NOT NULL,    -- the night before had none either
    suppressed VARCHAR              -- why it needs no attention, as the configuration says
);
