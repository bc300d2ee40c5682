-- Records that could not be loaded. One row: one line or record, never dropped, always counted.
CREATE TABLE IF NOT EXISTS reject (
    source_id INTEGER NOT NULL,  -- the file
    record    UBIGINT NOT NULL,  -- physical line, or position among the file's records, from 1
    reason    VARCHAR NOT NULL,  -- why, in a few words
    excerpt   VARCHAR            -- the first 200 characters, as read
);
