-- SMTP protocol rows. One row: one command, reply or session mark.
CREATE TABLE IF NOT EXISTS smtp_event (
    source_id   INTEGER NOT NULL,   -- the file
    record      UBIGINT NOT NULL,   -- physical line, from 1
    ts          TIMESTAMP NOT NULL, -- UTC, to the second (Exchange 2007 and later: millisecond)
    local_ts    TIMESTAMP,          -- the time as written, where the log has local times without offset
    host        VARCHAR,            -- short upper-case name of the server that logged, where the line says
    site        VARCHAR,            -- virtual server: SMTPSVC1
    connector   VARCHAR,            -- connector-id (Exchange 2007 and later)
    session     VARCHAR,            -- session-id, where the log has one
    sequence    INTEGER,            -- number of the row within its session, as written
    direction   VARCHAR,            -- in (this server was called), out (it called), NULL where the fields do not tell
    kind        VARCHAR NOT NULL,   -- command, reply, or mark (anything else, such as TimeOut)
    peer        VARCHAR,            -- address of the other side
    peer_port   INTEGER,            -- its port, where the log has it
    peer_name   VARCHAR,            -- HELO name of an inbound client
    verb        VARCHAR,            -- upper case: EHLO, MAIL, RCPT, DATA, ...
    argument    VARCHAR,            -- as written, + for space
    address     VARCHAR,            -- mailbox in MAIL or RCPT, lower case; <> is the null sender
    message_id  VARCHAR,            -- Message-ID of an accepted DATA or BDAT, without angle brackets
    reply_code  SMALLINT,           -- our reply to a client's command, or the remote's reply
    enhanced    VARCHAR,            -- enhanced status code of a reply (4.7.1)
    win32       BIGINT,             -- sc-win32-status; on an inbound QUIT the length of the session in ms
    bytes_in    BIGINT,             -- cs-bytes
    bytes_out   BIGINT,             -- sc-bytes
    duration_ms BIGINT,             -- time-taken
    local_ip    VARCHAR,            -- s-ip: this server's address
    local_port  INTEGER,            -- s-port: 0 inbound, 25 outbound
    protocol    VARCHAR,            -- cs-version: SMTP
    extra       MAP(VARCHAR, VARCHAR)  -- every other non-empty value by its field name; surplus values as +1, +2
);
