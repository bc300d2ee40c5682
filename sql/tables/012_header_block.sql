-- Header blocks of text logs: a service writes one when it opens the file. One row: one block.
CREATE TABLE IF NOT EXISTS header_block (
    source_id INTEGER NOT NULL,  -- the file
    record    UBIGINT NOT NULL,  -- physical line of the block's first line, from 1
    ts        TIMESTAMP,         -- UTC, from its #Date line; NULL where there is none
    software  VARCHAR            -- its #Software line
);
