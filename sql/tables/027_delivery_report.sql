-- Delivery reports: DSN and NDR mails, mailboxes of them, Badmail. One row: one recipient of one report.
CREATE TABLE IF NOT EXISTS delivery_report (
    source_id           INTEGER NOT NULL,   -- the file
    record              UBIGINT NOT NULL,   -- physical line on which the mail begins; 1 where the file is one mail
    recipient_no        UINTEGER NOT NULL,  -- which of the report's recipients, from 1
    ts                  TIMESTAMP,          -- UTC, when the report was written (Date, else its arrival); NULL where nothing tells
    host                VARCHAR,            -- short upper-case name of the server that reports
    reporting_mta       VARCHAR,            -- its name as written (Reporting-MTA, "Generating server", MSEXCH line)
    kind                VARCHAR NOT NULL,   -- dsn (fields of RFC 3464), text (told by prose), badmail (.BDR), mail (no report)
    recipient           VARCHAR,            -- lower case (Final-Recipient)
    original_recipient  VARCHAR,            -- lower case (Original-Recipient)
    action              VARCHAR,            -- failed, delayed, delivered, relayed, expanded; a prose report is failed or delayed
    status              VARCHAR,            -- enhanced status code (4.4.7); of prose, the code found in it
    diagnostic          VARCHAR,            -- Diagnostic-Code without its type; of prose, the lines below the recipient
    remote_mta          VARCHAR,            -- as written
    received_from_mta   VARCHAR,            -- as written
    arrival_ts          TIMESTAMP,          -- UTC, when the reporting server took the message in (Arrival-Date)
    last_attempt_ts     TIMESTAMP,          -- UTC (Last-Attempt-Date)
    will_retry_until    TIMESTAMP,          -- UTC, when it will give up (Will-Retry-Until)
    original_message_id VARCHAR,            -- Message-ID of the message reported on, without angle brackets
    original_arrival_ts TIMESTAMP,          -- UTC, its X-OriginalArrivalTime: the FILETIME in it where there is one
    original_date       TIMESTAMP,          -- UTC, its Date
    original_sender     VARCHAR,            -- lower case: its Return-Path, else From; <> is the null sender
    original_subject    VARCHAR,            -- encoded words decoded
    report_message_id   VARCHAR,            -- Message-ID of the report
    report_subject      VARCHAR,            -- encoded words decoded
    report_recipient    VARCHAR,            -- lower case: who got the report (To)
    smtp_version        VARCHAR,            -- version of the reporting server's SMTPSVC, from Received (6.0.3790.4675)
    dsn_context         VARCHAR,            -- X-DSNContext of Windows SMTPSVC
    extra               MAP(VARCHAR, VARCHAR)  -- every other field of the notification; dates that are none; who made the report
);
