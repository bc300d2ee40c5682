-- The known problems. One row: one problem. kind: queue (mail that waits), leak (memory that grows). product: where it
-- can be at all. twin: an article that the logs cannot tell from it.
CREATE OR REPLACE VIEW known_problem AS
SELECT problem, title, kind, product, twin, reference, todo
FROM (
    VALUES
    ('KB934709', 'KB934709: messages lie idle in the queue folder of a Server 2003 SMTP gateway until SMTPSVC restarts', 'queue',
        'Windows Server 2003 SMTP service, no Exchange on the host', NULL, 'KB 934709',
        'Install the hotfix for the service pack at hand (aqueue.dll 6.0.3790.2950 with SP1, 6.0.3790.4094 with SP2); IIS Admin and what depends on it restart. Until then restart SMTPSVC when mail is older than two retry intervals.'),
    ('KB941060', 'KB941060: Exchange 2003 messages stay queued and return with 4.4.7 once the store''s property cache is full', 'queue',
        'Exchange Server 2003', NULL, 'KB 941060',
        'Install the hotfix (exmime.dll 6.5.7653.20, needs Exchange 2003 SP2); the Information Store and IIS Admin restart. Until then restart the Information Store, which empties the cache.'),
    ('KB910932', 'KB910932: the SMTP service of Server 2003 grows in memory with the number of destination domains', 'leak',
        'Windows Server 2003 SMTP service', NULL, 'KB 910932',
        'Install SP2 or the hotfix (aqueue.dll 6.0.3790.2619, needs SP1 except on x64) and set ZombieDomainEntryThreshold to 0x3e8 under SMTPSVC\Queuing; the file alone does nothing. Until then restart SMTPSVC before memory runs out.'),
    ('Q176708', 'Q176708 / Q176709: the store of Exchange 5.0 grows without end', 'leak',
        'Exchange Server 5.0', 'Q176709', 'Q176708, Q176709',
        'Install Exchange 5.0 Service Pack 2. The two articles have one symptom: Q176708 blames the MTA, Q176709 the store itself, and counters cannot tell them apart. Until then restart the Information Store.'),
    ('KB944903', 'KB944903: inetinfo of an Exchange 2003 front end grows when authentication with public folder servers fails', 'leak',
        'Exchange Server 2003, front end', NULL, 'KB 944903',
        'Install the hotfix (imap4fe.dll 6.5.7653.23, needs Exchange 2003 SP2); IIS Admin and what depends on it restart. Mend the authentication with the public folder servers. Until then restart IIS Admin.')
) AS known (problem, title, kind, product, twin, reference, todo);
