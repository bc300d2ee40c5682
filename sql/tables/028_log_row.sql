-- Rows of Exchange logs that have no table of their own (EWS, ECP, agents, audit, cmdlets, queues, ...).
-- One row: one line.
CREATE TABLE IF NOT EXISTS log_row (
    source_id   INTEGER NOT NULL,   -- the file
    record      UBIGINT NOT NULL,   -- physical line, from 1
    ts          TIMESTAMP,          -- UTC; NULL where the log has no time field, or it is not written as ISO 8601
    host        VARCHAR,            -- short upper-case name of the server that logged, where a field names it
    log_type    VARCHAR,            -- #Log-type as written, lower case: ews logs, agent log, audit, ...
    data        MAP(VARCHAR, VARCHAR)  -- every non-empty value by its field name, as written; surplus values as +1, +2
);
