-- Settings of IIS and its SMTP service: MetaBase.xml, adsutil enum. One row: one property of one key. A state, not an event.
CREATE TABLE IF NOT EXISTS host_setting (
    source_id INTEGER NOT NULL,  -- the file
    record    UBIGINT NOT NULL,  -- physical line on which the element or property begins, from 1
    ts        TIMESTAMP,         -- UTC, when the copy was taken; NULL: these files do not tell
    host      VARCHAR,           -- short upper-case name, where the file says it
    section   VARCHAR,           -- key, as written: /LM/SmtpSvc/1, or SMTPSVC/1 of adsutil; NULL where adsutil does not show it
    name      VARCHAR,           -- property: SmtpRemoteProgressiveRetry; NULL where the row is a key by itself
    type      VARCHAR,           -- as written: DWORD, STRING, MULTISZ, INTEGER, LIST, BOOLEAN, ...; NULL where the file gives none
    value     VARCHAR,           -- as written; several strings one a line
    number    BIGINT,            -- of whole numbers; 1 and 0 of true and false
    extra     MAP(VARCHAR, VARCHAR)  -- ID, UserType, Attributes and what else the element says
);
