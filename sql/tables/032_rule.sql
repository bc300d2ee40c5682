-- The rules of the last detection, as their headers say. One row: one rule.
CREATE TABLE IF NOT EXISTS rule (
    rule       VARCHAR PRIMARY KEY,  -- id, the file's name
    title      VARCHAR NOT NULL,     -- $host, $service and measures are filled in per incident
    severity   VARCHAR NOT NULL,     -- info, low, medium, high, critical
    summary    VARCHAR NOT NULL,     -- as title
    why        VARCHAR NOT NULL,     -- what it means
    todo       VARCHAR NOT NULL,     -- what to do
    reference  VARCHAR[] NOT NULL,   -- articles
    params     VARCHAR NOT NULL      -- parameters as JSON
);
