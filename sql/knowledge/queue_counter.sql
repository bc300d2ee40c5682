-- Counters of queues, and the length from which on it is a fault by itself. One row: one counter.
-- Names in lower case. limit_count is the vendor's where there is one (known_by says whose), else ours.
CREATE OR REPLACE VIEW queue_counter AS
SELECT object, counter, service, limit_count, known_by
FROM (
    VALUES
    ('smtp server', 'remote queue length', 'SMTPSVC', 1000, 'ours'),
    ('smtp server', 'remote retry queue length', 'SMTPSVC', 1000, 'ExBPA'),
    ('smtp server', 'local queue length', 'SMTPSVC', 1000, 'ours'),
    ('smtp server', 'local retry queue length', 'SMTPSVC', 1000, 'ours'),
    ('smtp server', 'categorizer queue length', 'SMTPSVC', 1000, 'ours'),
    ('smtp server', 'messages pending routing', 'SMTPSVC', 1000, 'ours'),
    ('smtp server', 'messages currently undeliverable', 'SMTPSVC', 1000, 'ours'),
    ('msexchangetransport queues', 'aggregate delivery queue length (all queues)', 'MSExchangeTransport', 3000, 'vendor'),
    ('msexchangetransport queues', 'active remote delivery queue length', 'MSExchangeTransport', 250, 'vendor'),
    ('msexchangetransport queues', 'active mailbox delivery queue length', 'MSExchangeTransport', 250, 'vendor'),
    ('msexchangetransport queues', 'active non-smtp delivery queue length', 'MSExchangeTransport', 250, 'vendor'),
    ('msexchangetransport queues', 'retry remote delivery queue length', 'MSExchangeTransport', 100, 'vendor'),
    ('msexchangetransport queues', 'retry mailbox delivery queue length', 'MSExchangeTransport', 100, 'vendor'),
    ('msexchangetransport queues', 'retry non-smtp delivery queue length', 'MSExchangeTransport', 100, 'vendor'),
    ('msexchangetransport queues', 'submission queue length', 'MSExchangeTransport', 100, 'vendor'),
    ('msexchangetransport queues', 'unreachable queue length', 'MSExchangeTransport', 100, 'vendor'),
    ('msexchangetransport queues', 'largest delivery queue length', 'MSExchangeTransport', 200, 'vendor'),
    ('msexchangemta', 'work queue length', 'MSExchangeMTA', 200, 'ours'),
    ('msexchangemta connections', 'queue length', 'MSExchangeMTA', 200, 'ours'),
    ('msexchangeis mailbox', 'send queue size', 'MSExchangeIS', 200, 'ours'),
    ('msexchangeis mailbox', 'receive queue size', 'MSExchangeIS', 200, 'ours'),
    ('msexchangeis mailbox', 'messages queued for submission', 'MSExchangeIS', 200, 'ours'),
    ('epoxy', 'client out queue length', 'MSExchangeIS', 50, 'ExBPA'),
    ('epoxy', 'store out queue length', 'MSExchangeIS', 50, 'ExBPA')
) AS known (object, counter, service, limit_count, known_by);
