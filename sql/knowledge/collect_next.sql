-- What to collect next, with the command to run on the host, in cmd.exe. One row: one piece of evidence. text is
-- what it is, a colon, and the command, which can be pasted as it stands.
CREATE OR REPLACE VIEW collect_next AS
SELECT id, what || ': ' || command AS text, command
FROM (
    VALUES
    ('aqueue', 'version of aqueue.dll', 'wmic datafile where "name=''C:\\WINDOWS\\system32\\inetsrv\\aqueue.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv'),
    ('exmime', 'version of exmime.dll', 'wmic datafile where "name=''C:\\Program Files\\Exchsrvr\\bin\\exmime.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv'),
    ('imap4fe', 'version of imap4fe.dll', 'wmic datafile where "name=''C:\\Program Files\\Exchsrvr\\bin\\imap4fe.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv'),
    ('smtpsvc-registry', 'registry of the SMTP service', 'reg export HKLM\SYSTEM\CurrentControlSet\Services\SMTPSVC smtpsvc.reg'),
    ('aqueue and registry', 'version of aqueue.dll and the registry of the SMTP service', 'wmic datafile where "name=''C:\\WINDOWS\\system32\\inetsrv\\aqueue.dll''" get Name,Version,FileSize,LastModified /format:csv > fv.csv & reg export HKLM\SYSTEM\CurrentControlSet\Services\SMTPSVC smtpsvc.reg'),
    ('exchange-5-build', 'build of Exchange 5.0 (1457 RTM, 1458 SP1, 1460 SP2)', 'regedit /e exchange.reg HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Exchange\Setup'),
    ('systeminfo', 'version and service pack of Windows', 'systeminfo /fo csv > systeminfo.csv'),
    ('services', 'services and the processes they run in', 'tasklist /svc /fo csv > tasklist.csv'),
    ('system-log', 'System event log over the whole time (or Event Viewer, Save Log File As)', 'wevtutil epl System system.evtx || copy %SystemRoot%\system32\config\SysEvent.Evt'),
    ('application-log', 'Application event log over the whole time (or Event Viewer, Save Log File As)', 'wevtutil epl Application application.evtx || copy %SystemRoot%\system32\config\AppEvent.Evt'),
    ('security-log', 'Security event log, with failed logons audited', 'wevtutil epl Security security.evtx || copy %SystemRoot%\system32\config\SecEvent.Evt'),
    ('service-states', 'states of the services', 'sc queryex type= service state= all > services.txt'),
    ('hotfixes', 'installed hotfixes', 'wmic qfe list full /format:csv > qfe.csv'),
    ('time-zone', 'time zone of the host', 'reg export HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation tz.reg'),
    ('computer-name', 'name of the host', 'reg export HKLM\SYSTEM\CurrentControlSet\Control\ComputerName computer.reg'),
    ('smtp-settings', 'settings of the SMTP service (retry intervals, expiry)', 'cscript //nologo %SystemDrive%\inetpub\AdminScripts\adsutil.vbs enum SMTPSVC/1 | findstr /v /i password > adsutil.txt'),
    ('smtp-log', 'SMTP log in W3C format with all fields', 'copy %SystemRoot%\system32\LogFiles\SMTPSVC1\ex*.log'),
    ('smtp-and-event-logs', 'SMTP log in W3C format, System and Application event logs', 'copy %SystemRoot%\system32\LogFiles\SMTPSVC1\ex*.log & copy %SystemRoot%\system32\config\SysEvent.Evt & copy %SystemRoot%\system32\config\AppEvent.Evt'),
    ('tracking-log', 'message tracking logs', 'copy "C:\Program Files\Exchsrvr\%COMPUTERNAME%.log\*.log"'),
    ('queue-folder', 'listing of the queue folder, taken twice, at least one retry interval apart', 'dir /a /tc C:\inetpub\mailroot\Queue > queue-c.txt & dir /a /tw C:\inetpub\mailroot\Queue > queue-w.txt'),
    ('transport-logs', 'connectivity and SMTP logs of Exchange 2010 and later', 'xcopy /s /i "%ExchangeInstallPath%TransportRoles\Logs" transport-logs'),
    ('clock', 'how far a clock is from a time server; name one that the host reaches', 'w32tm /stripchart /computer:time.windows.com /samples:5 /dataonly > w32tm.txt'),
    ('imap4-counters', 'IMAP4 sessions beside the memory of inetinfo, over several days', 'typeperf "\MSExchangeIMAP4(*)\*" "\Process(inetinfo)\Private Bytes" "\Process(inetinfo)\ID Process" -si 300 -f CSV -o imap4.csv'),
    ('counters', 'counters over several days', 'typeperf "\Process(*)\Private Bytes" "\Process(*)\Working Set" "\Process(*)\ID Process" "\Memory\Available Bytes" -si 300 -f CSV -o perf.csv')
) AS known (id, what, command);
