-- Connectivity of the transport service (Exchange 2007 and later). One row: one step of one connection.
CREATE TABLE IF NOT EXISTS connection_event (
    source_id   INTEGER NOT NULL,   -- the file
    record      UBIGINT NOT NULL,   -- physical line, from 1
    ts          TIMESTAMP NOT NULL, -- UTC, to the millisecond
    host        VARCHAR,            -- the log names no host: always NULL; table source has it, from the logs beside it
    session     VARCHAR,            -- the same for every step of one connection
    component   VARCHAR,            -- field source: SMTP, MapiDelivery, MapiSubmission, DeliveryAgent, ...
    destination VARCHAR,            -- next hop as written: domain, server, database, shadowredundancy, ...
    direction   VARCHAR,            -- + connect, > in progress, - disconnect, * information
    description VARCHAR,            -- as written
    queued      BIGINT,             -- QueueLength of a connect: messages that wait for this destination
    messages    BIGINT,             -- Messages (RegularSubmissions) of a disconnect
    bytes       BIGINT,             -- Bytes of a disconnect
    reason      VARCHAR,            -- the text in brackets after the counts (Retry : Service not active), or the description of a step that names an error, a failure or throttling
    extra       MAP(VARCHAR, VARCHAR)  -- every other non-empty value by its field name; surplus values as +1, +2
);
