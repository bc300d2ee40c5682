-- Who gets the report of a night, and who has it. One row: one receiver of one night's report.
CREATE TABLE IF NOT EXISTS delivery (
    night_id INTEGER NOT NULL,  -- the night
    way      VARCHAR NOT NULL   -- how it is sent
        CHECK (way IN ('mail', 'notify', 'webhook')),
    receiver VARCHAR NOT NULL,  -- an address of mail; else what holds the address, which is a secret
    tries    INTEGER NOT NULL,  -- times that it was tried
    sent     TIMESTAMP,         -- UTC, when it was taken for this receiver; NULL: not yet
    fault    VARCHAR            -- why the last try failed; NULL: none did, or it was sent
);
