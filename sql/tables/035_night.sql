-- Nightly runs that came to their end. One row: one night.
CREATE TABLE IF NOT EXISTS night (
    night_id  INTEGER PRIMARY KEY,  -- from 1
    began     TIMESTAMP NOT NULL,   -- UTC, by the clock of the machine that ran it
    run_id    INTEGER NOT NULL,     -- its ingest
    from_ts   TIMESTAMP,            -- UTC, events from here on were looked at; NULL: all
    to_ts     TIMESTAMP,            -- UTC, the newest event of any log; NULL: no log has one
    files     BIGINT NOT NULL,      -- files that were new, or had changed
    records   BIGINT NOT NULL,      -- records of them that were not known
    report    VARCHAR,              -- folder of its report, beside those of other nights
    delivered TIMESTAMP             -- UTC, when its report had gone to all who get it
);
