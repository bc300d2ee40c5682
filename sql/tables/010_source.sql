-- Every file ever offered. One row: one content under one path (a copy under another name is a row of its own).
CREATE TABLE IF NOT EXISTS source (
    source_id     INTEGER PRIMARY KEY,  -- number of the file in this store, from 1
    path          VARCHAR NOT NULL,     -- as given on the command line, with / between folders
    sha256        VARCHAR,              -- of the unwrapped content; NULL where the file could not be read
    bytes         BIGINT,               -- size of the unwrapped content
    format        VARCHAR,              -- name of the format that claimed it; NULL where none did
    generation    VARCHAR,              -- product and version as the file tells it
    generation_known_by VARCHAR,        -- header, event 6009, or format (all that the format itself says)
    host          VARCHAR,              -- short upper-case name of the host that wrote it
    host_known_by VARCHAR,              -- content, neighbours (all other logs of that folder agree), or NULL
    zone          VARCHAR,              -- zone of the times in the file
    zone_known_by VARCHAR,              -- format (its times are UTC by definition), header, offset (of each row), UTC values (beside the local times), --tz, registry, event 6013, counter log, guess; NULL: nobody tells
    first_ts      TIMESTAMP,            -- UTC, earliest row
    last_ts       TIMESTAMP,            -- UTC, latest row
    records       BIGINT NOT NULL,      -- counted without the decoder: data lines or record signatures
    rows          BIGINT NOT NULL,      -- records loaded
    duplicates    BIGINT NOT NULL,      -- records another source had brought already, or that stand twice in one event log
    rejects       BIGINT NOT NULL,      -- records in table reject
    recovered     BIGINT NOT NULL,      -- overwritten records found beside the log proper; loaded, flagged, not in records
    status        VARCHAR NOT NULL,     -- loaded, duplicate, unknown, partial (rejects, losses or books that do not balance), failed
    note          VARCHAR,              -- what a reader of the report should know: damage, what was tried, what to do
    run_id        INTEGER NOT NULL      -- the run that offered it first
);
