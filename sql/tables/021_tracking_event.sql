-- Message tracking of Exchange 4.0 to Subscription Edition and of Exchange Online. One row: one event of one message for one recipient.
CREATE TABLE IF NOT EXISTS tracking_event (
    source_id     INTEGER NOT NULL,   -- the file
    record        UBIGINT NOT NULL,   -- physical line, from 1
    recipient_no  USMALLINT NOT NULL, -- which of the line's recipients, from 1
    ts            TIMESTAMP NOT NULL, -- UTC
    local_ts      TIMESTAMP,          -- the time as written, where an export has local times without offset
    host          VARCHAR,            -- short upper-case name of the server that wrote the line
    event         VARCHAR NOT NULL,   -- native: a number (2000/2003) or a word (2007 and later)
    class         VARCHAR NOT NULL,   -- enter, attempt, progress, wait, ok, fail, replaced, report, other
    component     VARCHAR,            -- 2007 and later: the native column source (SMTP, STOREDRIVER, QUEUE, ...)
    message_id    VARCHAR,            -- Message-ID without angle brackets
    internal_id   VARCHAR,            -- internal-message-id of that server
    network_id    VARCHAR,            -- network-message-id, the same on every server (2013 and later)
    linked_id     VARCHAR,            -- 2000/2003: the message's id in another service
    sender        VARCHAR,            -- lower case; <> is the null sender
    return_path   VARCHAR,            -- lower case; <> marks DSNs (2007 and later)
    recipient     VARCHAR,            -- lower case
    recipients    INTEGER,            -- recipients of the whole message as the line says
    status        VARCHAR,            -- this recipient's status as written
    status_split  BOOLEAN,            -- false where a list of statuses could not be told apart by recipient
    status_code   VARCHAR,            -- enhanced status code in it (4.4.7)
    bytes         BIGINT,             -- size of the message
    subject       VARCHAR,            -- where subject logging is on
    client_ip     VARCHAR,            -- who handed the message in
    client_host   VARCHAR,            -- its name as logged
    server_ip     VARCHAR,            -- this server, or the next hop of a send
    server_host   VARCHAR,            -- as written
    connector     VARCHAR,            -- connector-id
    partner       VARCHAR,            -- 2000/2003: next service or host
    context       VARCHAR,            -- source-context
    reference     VARCHAR,            -- reference; related ids
    related       VARCHAR,            -- related-recipient-address: the address this one replaces
    origin_ts     TIMESTAMP,          -- UTC, when the message was first accepted, where the line says
    info          VARCHAR,            -- message-info: the latency tree (2010 and later), or flags
    directionality VARCHAR,           -- Incoming, Originating (2010 and later)
    tenant_id     VARCHAR,            -- tenant-id (2010 and later)
    original_client_ip VARCHAR,       -- who handed the message in to the first server (2010 and later)
    original_server_ip VARCHAR,       -- the first server (2010 and later)
    custom_data   VARCHAR,            -- custom-data: what agents noted (2010 and later)
    traffic_type  VARCHAR,            -- transport-traffic-type (2016 and later)
    log_id        VARCHAR,            -- log-id (2016 and later)
    schema_version VARCHAR,           -- schema-version: build of the server that wrote the line (2016 and later)
    version       VARCHAR,            -- 2000/2003: version of the Windows SMTP service that logged
    extra         MAP(VARCHAR, VARCHAR)  -- every other non-empty value by its column name; surplus values as +1, +2
);
