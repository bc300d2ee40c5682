-- Which process runs which service: a restart of the service begins the process's memory anew.
-- One row: one process (lower case, without .exe) and service. Mail processes, and no others.
CREATE OR REPLACE VIEW process_service AS
SELECT process, service
FROM (
    VALUES
    ('inetinfo', 'IISADMIN'),
    ('inetinfo', 'SMTPSVC'),
    ('store', 'MSExchangeIS'),
    ('microsoft.exchange.store.service', 'MSExchangeIS'),
    ('microsoft.exchange.store.worker', 'MSExchangeIS'),
    ('emsmta', 'MSExchangeMTA'),
    ('mad', 'MSExchangeSA'),
    ('msexcimc', 'MSExchangeIMC'),
    ('edgetransport', 'MSExchangeTransport'),
    ('msexchangetransport', 'MSExchangeTransport'),
    ('msexchangefrontendtransport', 'MSExchangeFrontEndTransport'),
    ('msexchangedelivery', 'MSExchangeDelivery'),
    ('msexchangesubmission', 'MSExchangeSubmission'),
    ('w3wp', 'W3SVC')
) AS known (process, service);
