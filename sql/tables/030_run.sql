-- Runs of logpipe on this store. One row: one ingest, with what it was told to read.
CREATE TABLE IF NOT EXISTS run (
    run_id  INTEGER PRIMARY KEY,  -- from 1
    version VARCHAR NOT NULL,     -- of logpipe
    inputs  VARCHAR[] NOT NULL,   -- as given on the command line
    files   BIGINT NOT NULL,      -- files offered
    fresh   BIGINT NOT NULL       -- files whose records were not all known already; 0 until the run has ended
);
