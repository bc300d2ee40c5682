-- Names of the services that matter to mail. One row: one way a service is named, and its key.
-- pattern is matched against the lower-case display name or key, whole; the first rank wins.
CREATE OR REPLACE VIEW service_name AS
SELECT pattern, service, rank
FROM (
    VALUES
    ('smtpsvc|simple mail transfer( transport)? protocol( [(]smtp[)])?|.*[(]smtp[)]', 'SMTPSVC', 1),
    ('iisadmin|iis admin service|iis-verwaltungsdienst', 'IISADMIN', 2),
    ('w3svc|world wide web publishing( service)?|www-publishingdienst', 'W3SVC', 3),
    ('msexchangeis|microsoft exchange information store', 'MSExchangeIS', 4),
    ('msexchangesa|microsoft exchange system attendant', 'MSExchangeSA', 5),
    ('msexchangemta|microsoft exchange mta stacks|microsoft exchange message transfer agent', 'MSExchangeMTA', 6),
    ('msexchangeimc|microsoft exchange internet mail (service|connector)', 'MSExchangeIMC', 7),
    ('resvc|microsoft exchange routing engine', 'RESvc', 8),
    ('imap4svc|microsoft exchange imap4', 'IMAP4Svc', 9),
    ('pop3svc|microsoft exchange pop3', 'POP3Svc', 10),
    ('msexchangetransport|microsoft exchange transport', 'MSExchangeTransport', 11),
    ('msexchangefrontendtransport|microsoft exchange frontend transport', 'MSExchangeFrontEndTransport', 12),
    ('msexchangeedgesync|microsoft exchange edgesync', 'MSExchangeEdgeSync', 13),
    ('msexchangedelivery|microsoft exchange mailbox transport delivery', 'MSExchangeDelivery', 14),
    ('msexchangesubmission|microsoft exchange mailbox transport submission', 'MSExchangeSubmission', 15)
) AS known (pattern, service, rank);

-- Which service names a restart of several at once: the host, then whoever owns the queue. One row: one service that counts;
-- the least weight speaks, and a service without a row speaks last. queue: mail waits in its queue, or it restarts who has one.
CREATE OR REPLACE VIEW service_weight AS
SELECT service, weight, queue
FROM (
    VALUES
    ('host', 1, true),
    ('MSExchangeTransport', 2, true),
    ('MSExchangeIS', 3, true),
    ('SMTPSVC', 4, true),
    ('MSExchangeMTA', 5, false),
    ('MSExchangeIMC', 6, false),
    ('IISADMIN', 7, true)
) AS known (service, weight, queue);
