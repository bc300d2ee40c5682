-- Requests of mail clients (Exchange 2007 and later). One row: one command of an IMAP4 or POP3 session,
-- or one request through the HTTP proxy.
CREATE TABLE IF NOT EXISTS client_event (
    source_id   INTEGER NOT NULL,   -- the file
    record      UBIGINT NOT NULL,   -- physical line, from 1
    ts          TIMESTAMP NOT NULL, -- UTC, to the millisecond; of a request the end
    host        VARCHAR,            -- short upper-case name of the server that logged, where the line says
    protocol    VARCHAR,            -- lower case: imap4, pop3; of HTTP eas, ews, owa, ecp, mapi, rpchttp, autodiscover, ...
    session     VARCHAR,            -- session id; of HTTP the request's own id
    sequence    INTEGER,            -- number of the row within its session
    client      VARCHAR,            -- address of the client (a proxy's, where the server stands behind one)
    client_port INTEGER,            -- its port
    server      VARCHAR,            -- address that was called; of HTTP the back-end server that the request went to
    server_port INTEGER,            -- its port: 143, 993, 110, 995; 1993, 9993, ... behind a proxy
    username    VARCHAR,            -- who logged on, as written
    command     VARCHAR,            -- IMAP4 and POP3: verb, lower case, or OpenSession, CloseSession; HTTP: method
    target      VARCHAR,            -- HTTP: path of the URL
    parameters  VARCHAR,            -- what the command was given; HTTP: query of the URL
    status      VARCHAR,            -- OK, NO, BAD, +OK, -ERR; HTTP: status code to the client
    reply       VARCHAR,            -- IMAP4 and POP3: field context, or the server's line (2007, 2010)
    duration_ms BIGINT,             -- time it took
    bytes_in    BIGINT,             -- size of the request
    bytes_out   BIGINT,             -- size of the answer
    error       VARCHAR,            -- what was told where it was refused or failed
    extra       MAP(VARCHAR, VARCHAR)  -- every other non-empty value by its field name; surplus values as +1, +2
);
