-- Files that nightly runs read, as they were then: one that is the same size with the same time need not
-- be read again to know that. One row: one file, an archive as a whole.
CREATE TABLE IF NOT EXISTS seen_file (
    path     VARCHAR PRIMARY KEY,  -- as offered
    bytes    BIGINT NOT NULL,      -- size when it was read
    modified BIGINT NOT NULL,      -- nanoseconds since 1970, when it was last written to
    run_id   INTEGER NOT NULL      -- the run that read it
);
