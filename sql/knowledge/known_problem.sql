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

-- The signs of each known problem. One row: one sign. kind: signature (A to F), fix (V: the version is unfixed), product
-- (P: the host runs that product), exclusion (X…: present speaks against the problem), other product (present: nobody
-- would think of the problem there). collect: what would tell where
-- the sign is unknown (collect_next).
CREATE OR REPLACE VIEW known_sign AS
SELECT problem, sign_id, kind, title, collect
FROM (
    VALUES
    ('KB934709', 'A', 'signature', 'Messages were accepted and then not tried for longer than a retry interval', 'smtp-log'),
    ('KB934709', 'B', 'signature', 'Other mail to the same domains went out meanwhile', 'smtp-log'),
    ('KB934709', 'C', 'signature', 'A restart of SMTPSVC, IIS Admin or the host ended the wait', 'system-log'),
    ('KB934709', 'D', 'signature', 'Within 30 minutes of the start the waiting messages left together', 'system-log'),
    ('KB934709', 'E', 'signature', 'Mail ended later than expiry plus one retry interval, which a working queue cannot do', NULL),
    ('KB934709', 'F', 'signature', 'The queue folder holds files older than expiry, or never tried again', 'queue-folder'),
    ('KB934709', 'V', 'fix', 'aqueue.dll is of a version without the fix', 'aqueue'),
    ('KB934709', 'P', 'product', 'Windows Server 2003', 'systeminfo'),
    ('KB934709', 'X1', 'other product', 'Exchange is on the host', 'services'),
    ('KB934709', 'X2', 'exclusion', 'The messages left without a restart', NULL),
    ('KB934709', 'X3', 'exclusion', 'DNS over TCP fails for the domains concerned (event 4000, 0xC00402E7)', NULL),
    ('KB941060', 'A', 'signature', 'Messages stay open for hours while others to the same domains complete', 'tracking-log'),
    ('KB941060', 'B', 'signature', 'Mail returns at about expiry with 4.4.7', 'tracking-log'),
    ('KB941060', 'C', 'signature', 'It began hours to weeks after the Information Store started, and did not end by itself', 'system-log'),
    ('KB941060', 'D', 'signature', 'After a restart of the Information Store new messages complete again', 'system-log'),
    ('KB941060', 'V', 'fix', 'exmime.dll is of a version without the fix', 'exmime'),
    ('KB941060', 'P', 'product', 'Exchange 2003', 'tracking-log'),
    ('KB941060', 'X1', 'exclusion', 'A restart of SMTPSVC alone freed the messages, with the store up all along', NULL),
    ('KB941060', 'X3', 'exclusion', 'DNS over TCP fails for the domains concerned (event 4000, 0xC00402E7)', NULL),
    ('KB941060', 'X4', 'exclusion', 'The quota of named properties is reached (event 9667)', NULL),
    ('KB941060', 'X5', 'exclusion', 'The categorizer fails (events 6004, 9003, 9004, 9035)', NULL),
    ('KB910932', 'A', 'signature', 'inetinfo grows like a leak between restarts', 'counters'),
    ('KB910932', 'B', 'signature', 'Available memory falls by as much, and no other process explains it', 'counters'),
    ('KB910932', 'C', 'signature', 'Mail goes to 1,000 and more domains that were new in the segment', 'smtp-log'),
    ('KB910932', 'D', 'signature', 'A restart gives the memory back', 'counters'),
    ('KB910932', 'E', 'signature', 'Growth follows new domains rather than messages or IMAP4 sessions', 'counters'),
    ('KB910932', 'V', 'fix', 'aqueue.dll or ZombieDomainEntryThreshold lacks: not fixed', 'aqueue and registry'),
    ('KB910932', 'P', 'product', 'Windows Server 2003', 'systeminfo'),
    ('KB910932', 'X1', 'exclusion', 'Mail goes to few new domains only', NULL),
    ('Q176708', 'A', 'signature', 'The store grows like a leak for 48 hours and more', 'counters'),
    ('Q176708', 'B', 'signature', 'It grows on three days in a row', 'counters'),
    ('Q176708', 'C', 'signature', 'The MTA process does not grow with it', 'counters'),
    ('Q176708', 'D', 'signature', 'Virtual memory runs out (events 26, 2019, 2020, 5000)', NULL),
    ('Q176708', 'E', 'signature', 'A restart of the store gives the memory back', 'counters'),
    ('Q176708', 'V', 'fix', 'Exchange 5.0 below Service Pack 2', 'exchange-5-build'),
    ('Q176708', 'P', 'product', 'Exchange 5.0 or 5.5', 'exchange-5-build'),
    ('Q176708', 'X1', 'exclusion', 'Exchange 5.5 or later, whose store grows by design', 'exchange-5-build'),
    ('KB944903', 'A', 'signature', 'inetinfo grows like a leak between restarts', 'counters'),
    ('KB944903', 'B', 'signature', 'IMAP4 clients are at work in the segment', 'application-log'),
    ('KB944903', 'C', 'signature', 'Authentication with the back ends fails', 'security-log'),
    ('KB944903', 'D', 'signature', 'IMAP4 or IIS stops responding (7011, 1002, 7031, 7034)', 'system-log'),
    ('KB944903', 'E', 'signature', 'A restart of inetinfo gives the memory back', 'counters'),
    ('KB944903', 'F', 'signature', 'Growth follows IMAP4 sessions or failed authentication rather than new domains', 'counters'),
    ('KB944903', 'R', 'signature', 'The host is an Exchange 2003 front end', 'services'),
    ('KB944903', 'V', 'fix', 'imap4fe.dll is of a version without the fix', 'imap4fe'),
    ('KB944903', 'P', 'product', 'Exchange 2003', 'services'),
    ('KB944903', 'X1', 'exclusion', 'Another process grows more', NULL)
) AS known (problem, sign_id, kind, title, collect);

-- When a verdict holds. One row: one condition. A verdict holds when all rows of one of its ways hold; of the verdicts that
-- hold the first of ruled-out, confirmed, supported, possible is taken, and not-assessable where none holds.
-- state: present, absent, or not-present (absent or unknown), not-absent (present or unknown).
CREATE OR REPLACE VIEW verdict_logic AS
SELECT problem, verdict, way, sign_id, state
FROM (
    VALUES
    ('KB934709', 'ruled-out', 1, 'P', 'absent'),
    ('KB934709', 'ruled-out', 2, 'X1', 'present'),
    ('KB934709', 'ruled-out', 3, 'X3', 'present'),
    ('KB934709', 'ruled-out', 4, 'X2', 'present'),
    ('KB934709', 'ruled-out', 5, 'V', 'absent'),
    ('KB934709', 'confirmed', 1, 'A', 'present'), ('KB934709', 'confirmed', 1, 'B', 'present'),
    ('KB934709', 'confirmed', 1, 'C', 'present'), ('KB934709', 'confirmed', 1, 'D', 'present'),
    ('KB934709', 'confirmed', 1, 'V', 'present'),
    ('KB934709', 'confirmed', 2, 'A', 'present'), ('KB934709', 'confirmed', 2, 'E', 'present'),
    ('KB934709', 'confirmed', 2, 'C', 'present'), ('KB934709', 'confirmed', 2, 'D', 'present'),
    ('KB934709', 'confirmed', 2, 'V', 'present'),
    ('KB934709', 'supported', 1, 'E', 'present'), ('KB934709', 'supported', 1, 'C', 'present'),
    ('KB934709', 'supported', 2, 'A', 'present'), ('KB934709', 'supported', 2, 'C', 'present'),
    ('KB934709', 'supported', 2, 'D', 'present'),
    ('KB934709', 'possible', 1, 'F', 'present'),
    ('KB934709', 'possible', 2, 'A', 'present'), ('KB934709', 'possible', 2, 'B', 'present'),
    ('KB934709', 'possible', 3, 'A', 'present'), ('KB934709', 'possible', 3, 'C', 'present'),
    ('KB934709', 'possible', 4, 'E', 'present'),

    ('KB941060', 'ruled-out', 1, 'P', 'absent'),
    ('KB941060', 'ruled-out', 2, 'X1', 'present'),
    ('KB941060', 'ruled-out', 3, 'X3', 'present'),
    ('KB941060', 'ruled-out', 4, 'X4', 'present'),
    ('KB941060', 'ruled-out', 5, 'X5', 'present'),
    ('KB941060', 'ruled-out', 6, 'V', 'absent'),
    ('KB941060', 'confirmed', 1, 'A', 'present'), ('KB941060', 'confirmed', 1, 'B', 'present'),
    ('KB941060', 'confirmed', 1, 'D', 'present'), ('KB941060', 'confirmed', 1, 'V', 'present'),
    ('KB941060', 'confirmed', 1, 'P', 'not-absent'),
    ('KB941060', 'supported', 1, 'A', 'present'), ('KB941060', 'supported', 1, 'B', 'present'),
    ('KB941060', 'supported', 1, 'C', 'present'), ('KB941060', 'supported', 1, 'P', 'present'),
    ('KB941060', 'supported', 2, 'A', 'present'), ('KB941060', 'supported', 2, 'B', 'present'),
    ('KB941060', 'supported', 2, 'D', 'present'), ('KB941060', 'supported', 2, 'P', 'present'),
    ('KB941060', 'possible', 1, 'B', 'present'), ('KB941060', 'possible', 1, 'P', 'present'),
    ('KB941060', 'possible', 2, 'A', 'present'), ('KB941060', 'possible', 2, 'P', 'present'),
    ('KB941060', 'possible', 3, 'A', 'present'), ('KB941060', 'possible', 3, 'B', 'present'),
    ('KB941060', 'possible', 3, 'D', 'present'),

    ('KB910932', 'ruled-out', 1, 'P', 'absent'),
    ('KB910932', 'ruled-out', 2, 'A', 'absent'),
    ('KB910932', 'ruled-out', 3, 'X1', 'present'),
    ('KB910932', 'ruled-out', 4, 'V', 'absent'),
    ('KB910932', 'confirmed', 1, 'A', 'present'), ('KB910932', 'confirmed', 1, 'B', 'present'),
    ('KB910932', 'confirmed', 1, 'C', 'present'), ('KB910932', 'confirmed', 1, 'D', 'not-absent'),
    ('KB910932', 'confirmed', 1, 'E', 'not-absent'), ('KB910932', 'confirmed', 1, 'V', 'present'),
    ('KB910932', 'supported', 1, 'A', 'present'), ('KB910932', 'supported', 1, 'B', 'present'),
    ('KB910932', 'supported', 1, 'C', 'present'), ('KB910932', 'supported', 1, 'D', 'not-absent'),
    ('KB910932', 'supported', 1, 'E', 'not-absent'),
    ('KB910932', 'possible', 1, 'A', 'present'), ('KB910932', 'possible', 1, 'B', 'present'),
    ('KB910932', 'possible', 2, 'A', 'present'), ('KB910932', 'possible', 2, 'C', 'present'),

    ('Q176708', 'ruled-out', 1, 'P', 'absent'),
    ('Q176708', 'ruled-out', 2, 'X1', 'present'),
    ('Q176708', 'ruled-out', 3, 'A', 'absent'),
    ('Q176708', 'ruled-out', 4, 'C', 'absent'),
    ('Q176708', 'ruled-out', 5, 'V', 'absent'),
    ('Q176708', 'confirmed', 1, 'A', 'present'), ('Q176708', 'confirmed', 1, 'B', 'present'),
    ('Q176708', 'confirmed', 1, 'C', 'not-absent'), ('Q176708', 'confirmed', 1, 'E', 'not-absent'),
    ('Q176708', 'confirmed', 1, 'V', 'present'),
    ('Q176708', 'supported', 1, 'A', 'present'), ('Q176708', 'supported', 1, 'B', 'present'),
    ('Q176708', 'supported', 1, 'C', 'not-absent'), ('Q176708', 'supported', 1, 'P', 'present'),
    ('Q176708', 'possible', 1, 'A', 'present'), ('Q176708', 'possible', 1, 'P', 'present'),

    ('KB944903', 'ruled-out', 1, 'P', 'absent'),
    ('KB944903', 'ruled-out', 2, 'R', 'absent'),
    ('KB944903', 'ruled-out', 3, 'A', 'absent'),
    ('KB944903', 'ruled-out', 4, 'B', 'absent'),
    ('KB944903', 'ruled-out', 5, 'X1', 'present'),
    ('KB944903', 'ruled-out', 6, 'V', 'absent'),
    ('KB944903', 'confirmed', 1, 'A', 'present'), ('KB944903', 'confirmed', 1, 'D', 'present'),
    ('KB944903', 'confirmed', 1, 'E', 'present'), ('KB944903', 'confirmed', 1, 'R', 'present'),
    ('KB944903', 'confirmed', 1, 'V', 'present'), ('KB944903', 'confirmed', 1, 'F', 'not-absent'),
    ('KB944903', 'supported', 1, 'A', 'present'), ('KB944903', 'supported', 1, 'B', 'present'),
    ('KB944903', 'supported', 1, 'C', 'present'), ('KB944903', 'supported', 1, 'R', 'present'),
    ('KB944903', 'supported', 1, 'F', 'not-absent'),
    ('KB944903', 'supported', 2, 'A', 'present'), ('KB944903', 'supported', 2, 'B', 'present'),
    ('KB944903', 'supported', 2, 'D', 'present'), ('KB944903', 'supported', 2, 'R', 'present'),
    ('KB944903', 'supported', 2, 'F', 'not-absent'),
    ('KB944903', 'supported', 3, 'A', 'present'), ('KB944903', 'supported', 3, 'D', 'present'),
    ('KB944903', 'supported', 3, 'E', 'present'), ('KB944903', 'supported', 3, 'R', 'present'),
    ('KB944903', 'supported', 3, 'F', 'not-absent'),
    ('KB944903', 'possible', 1, 'A', 'present'), ('KB944903', 'possible', 1, 'R', 'present'),
    ('KB944903', 'possible', 2, 'A', 'present'), ('KB944903', 'possible', 2, 'B', 'present')
) AS known (problem, verdict, way, sign_id, state);

-- What to collect next, with the command to run on the host. One row: one piece of evidence.
CREATE OR REPLACE VIEW collect_next AS
SELECT id, text
FROM (
    VALUES
    ('aqueue', 'version of aqueue.dll: wmic datafile where "name=''C:\\WINDOWS\\system32\\inetsrv\\aqueue.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv'),
    ('exmime', 'version of exmime.dll: wmic datafile where "name=''C:\\Program Files\\Exchsrvr\\bin\\exmime.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv'),
    ('imap4fe', 'version of imap4fe.dll: wmic datafile where "name=''C:\\Program Files\\Exchsrvr\\bin\\imap4fe.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv'),
    ('smtpsvc-registry', 'registry of the SMTP service: reg export HKLM\SYSTEM\CurrentControlSet\Services\SMTPSVC smtpsvc.reg'),
    ('aqueue and registry', 'version of aqueue.dll and the registry of the SMTP service: wmic datafile where "name=''C:\\WINDOWS\\system32\\inetsrv\\aqueue.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv & reg export HKLM\SYSTEM\CurrentControlSet\Services\SMTPSVC smtpsvc.reg'),
    ('exchange-5-build', 'build of Exchange 5.0 (1457 RTM, 1458 SP1, 1460 SP2): regedit /e exchange.reg HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Exchange\Setup'),
    ('systeminfo', 'version and service pack of Windows: systeminfo /fo csv > systeminfo.csv'),
    ('services', 'services and the processes they run in: tasklist /svc /fo csv > tasklist.csv'),
    ('system-log', 'System event log over the whole time: copy %SystemRoot%\system32\config\SysEvent.Evt, or Event Viewer, Save Log File As'),
    ('application-log', 'Application event log over the whole time: copy %SystemRoot%\system32\config\AppEvent.Evt, or Event Viewer, Save Log File As'),
    ('security-log', 'Security event log, with failed logons audited: copy %SystemRoot%\system32\config\SecEvent.Evt, or Event Viewer, Save Log File As'),
    ('smtp-log', 'SMTP log in W3C format with all fields: copy %SystemRoot%\system32\LogFiles\SMTPSVC1\ex*.log'),
    ('tracking-log', 'message tracking logs: copy "C:\Program Files\Exchsrvr\%COMPUTERNAME%.log\*.log"'),
    ('queue-folder', 'listing of the queue folder, taken twice, at least one retry interval apart: dir /a /tc C:\inetpub\mailroot\Queue > queue-c.txt & dir /a /tw C:\inetpub\mailroot\Queue > queue-w.txt'),
    ('counters', 'counters over several days: typeperf "\Process(*)\Private Bytes" "\Process(*)\Working Set" "\Process(*)\ID Process" "\Memory\Available Bytes" -si 300 -f CSV -o perf.csv')
) AS known (id, text);

-- Articles with a like picture. One row: one problem and the article that fits instead where a sign of it is in that state.
CREATE OR REPLACE VIEW look_alike AS
SELECT problem, sign_id, state, article, differs_by
FROM (
    VALUES
    ('KB934709', 'X1', 'present', 'KB 950757', 'Exchange 2003: messages not visible in the queues; SMTP, store or server restart frees them; begins with a 4.7.1'),
    ('KB934709', 'X1', 'present', 'KB 826948', 'Exchange 2000: messages in retry are skipped after a failed connection; a restart of SMTP frees them'),
    ('KB934709', 'X3', 'present', 'KB 820284', 'DNS answers cut on UDP and TCP refused: all mail to those domains fails, and a restart does not help'),
    ('KB941060', 'X1', 'present', 'KB 950757', 'messages not visible in the queues, no report until a restart; SMTP alone frees them'),
    ('KB941060', 'X3', 'present', 'KB 820284', 'DNS answers cut on UDP and TCP refused: all mail to those domains fails, and a restart does not help'),
    ('KB941060', 'X4', 'present', 'event 9667', 'another limit: named properties, 8,192 by default, with reports 5.2.x'),
    ('KB941060', 'X5', 'present', 'KB 884996', 'the categorizer fails: mail waits before it is routed'),
    ('Q176708', 'X1', 'present', 'dynamic buffer allocation', 'from Exchange 5.5 on the store takes memory by design and gives it back'),
    ('Q176708', 'C', 'absent', 'the MTA itself', 'emsmta grows too, so it is not the store alone')
) AS known (problem, sign_id, state, article, differs_by);
