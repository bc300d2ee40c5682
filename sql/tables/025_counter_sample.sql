-- Performance counters, each path once, whatever files it comes in. One row: one counter of one host.
CREATE TABLE IF NOT EXISTS counter (
    counter_id INTEGER PRIMARY KEY,  -- number of the counter in this store, from 1; the same in all files
    path       VARCHAR NOT NULL,     -- as written: \\HOST\Object(Instance)\Counter; a path that comes twice in one header has [2] at its end
    host       VARCHAR,              -- short upper-case name of the host in the path
    object     VARCHAR,              -- Process, SMTP Server, ...: in the language of the host
    instance   VARCHAR,              -- what stands in the brackets after the object: inetinfo, _Total, svchost#3
    counter    VARCHAR               -- Private Bytes, Remote Queue Length, ...; the whole path where it cannot be divided
);

-- Samples of performance counters. One row: one value of one counter. A blank cell is no row, never 0.
CREATE TABLE IF NOT EXISTS counter_sample (
    source_id  INTEGER NOT NULL USING COMPRESSION rle,  -- the file
    record     UBIGINT NOT NULL USING COMPRESSION rle,  -- physical line, from 1; in a BLG the number of the sample
    ts         TIMESTAMP USING COMPRESSION rle,         -- UTC, to the millisecond
    local_ts   TIMESTAMP USING COMPRESSION rle,         -- the time as written, where the header tells no distance from UTC
    host       VARCHAR USING COMPRESSION dict_fsst,     -- short upper-case name of the host that was measured
    counter_id INTEGER USING COMPRESSION bitpacking,    -- the counter; NULL in the one row that a line without any value leaves
    value      DOUBLE USING COMPRESSION alp,            -- NULL where the cell holds no number
    text       VARCHAR USING COMPRESSION dict_fsst      -- the cell as written where it is no plain number
);
