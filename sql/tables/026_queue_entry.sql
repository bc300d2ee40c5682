-- What stood in a queue at one moment: exports of Get-Queue and Get-Message, folder listings, mail files of a
-- copied Queue folder. One row: one queue, message or file seen waiting. A state, not an event: ts may be NULL.
CREATE TABLE IF NOT EXISTS queue_entry (
    source_id       INTEGER NOT NULL,  -- the file
    record          UBIGINT NOT NULL,  -- physical line of the entry's first line, or its position, from 1
    ts              TIMESTAMP,         -- UTC, when the snapshot was taken; NULL where nothing tells
    local_ts        TIMESTAMP,         -- that time as written, where it is local without offset
    host            VARCHAR,           -- short upper-case name of the server whose queue it is
    kind            VARCHAR NOT NULL,  -- queue (Get-Queue), message (Get-Message), file (listing, mail file)
    queue           VARCHAR,           -- identity of the queue as written (HUB1\17), or the folder
    delivery_type   VARCHAR,           -- DnsConnectorDelivery, SmartHostConnectorDelivery, MapiDelivery, ...
    destination     VARCHAR,           -- lower case: next hop domain, or the domain a file waits for
    status          VARCHAR,           -- as written: Ready, Retry, Suspended, Active, Connecting, ...
    message_count   BIGINT,            -- kind queue: messages waiting in it
    message_id      VARCHAR,           -- Message-ID without angle brackets
    internal_id     VARCHAR,           -- the server's number of the message (last part of a message's Identity)
    sender          VARCHAR,           -- lower case; <> is the null sender
    recipient       VARCHAR,           -- lower case; only where there is exactly one, or one row is one recipient
    recipients      INTEGER,           -- how many recipients the message has, where that is told
    subject         VARCHAR,           -- as written
    bytes           BIGINT,            -- size of the message or file
    arrived_ts      TIMESTAMP,         -- UTC, received or file created; as ts where the zone is not known yet
    arrived_local_ts TIMESTAMP,        -- that time as written, where it is local without offset
    written_ts      TIMESTAMP,         -- UTC, last write of the file, which is the last retry of SMTPSVC
    written_local_ts TIMESTAMP,        -- that time as written, where it is local without offset
    expires_ts      TIMESTAMP,         -- UTC, when the server will give the message up (ExpirationTime)
    expires_local_ts TIMESTAMP,        -- that time as written, where it is local without offset
    last_retry_ts   TIMESTAMP,         -- UTC, last attempt (LastRetryTime)
    last_retry_local_ts TIMESTAMP,     -- that time as written, where it is local without offset
    next_retry_ts   TIMESTAMP,         -- UTC, next attempt (NextRetryTime)
    next_retry_local_ts TIMESTAMP,     -- that time as written, where it is local without offset
    retries         INTEGER,           -- attempts so far
    last_error      VARCHAR,           -- as written
    status_code     VARCHAR,           -- enhanced status code in last_error (4.4.7)
    name            VARCHAR,           -- file name, without its folder
    extra           MAP(VARCHAR, VARCHAR)  -- every other non-empty value by its name
);
