-- What console tools say of a host: systeminfo, tasklist, sc and net start, hotfix lists, w32tm; and what a script of logpipe collect got. One row: one fact.
--   kind            subject            name                     value, number
--   system          -                  os_version, boot_time .. as written
--   hotfix          KB934709           installed                as written
--   process         inetinfo.exe       memory, services         as written; bytes
--   process_service SMTPSVC            inetinfo.exe             the process that runs it; pid
--   process_module  aqueue.dll         inetinfo.exe             the process that loaded it; pid
--   service         SMTPSVC            state, display_name ..   RUNNING; 4
--   clock           ref.corp.example   offset, delay, error     as written; seconds
--   collect         System event log   got, not got             why it was not got
CREATE TABLE IF NOT EXISTS host_fact (
    source_id INTEGER NOT NULL,  -- the file
    record    UBIGINT NOT NULL,  -- physical line of the fact's record, from 1; one record may give several facts
    ts        TIMESTAMP,         -- UTC: the moment that the fact is about, where its value is one; as local_ts where the zone is not known yet
    local_ts  TIMESTAMP,         -- that moment as written, where it is local without offset
    host      VARCHAR,           -- short upper-case name of the host, where the file says it
    kind      VARCHAR NOT NULL,  -- see above
    subject   VARCHAR,           -- what the fact is about; NULL: the host itself
    name      VARCHAR NOT NULL,  -- which fact
    value     VARCHAR,           -- as written
    number    DOUBLE,            -- the value as a number: bytes, seconds, or a state (1 stopped, 4 running)
    pid       BIGINT,            -- process id, where the fact is about a process
    extra     MAP(VARCHAR, VARCHAR)  -- every other value of the record, and the label as written
);
