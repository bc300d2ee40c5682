-- Registry exports (.reg) and reg query. One row: one value, or one key by itself (type KEY). A state, not an event.
-- Names compare without case in Windows: ask key_folded and name_folded.
CREATE TABLE IF NOT EXISTS registry_value (
    source_id   INTEGER NOT NULL,  -- the file
    record      UBIGINT NOT NULL,  -- physical line of the value's or key's first line, from 1
    ts          TIMESTAMP,         -- UTC, when the export was taken; NULL: these files do not tell
    host        VARCHAR,           -- short upper-case name, where the file holds the ComputerName or Hostname value
    key         VARCHAR NOT NULL,  -- as written: HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\SMTPSVC\Queuing
    key_folded  VARCHAR NOT NULL,  -- lower case, hive in full, controlsetNNN as currentcontrolset (see control_set)
    control_set INTEGER,           -- n where the key says ControlSet00n; NULL where CurrentControlSet or none
    name        VARCHAR,           -- as written; @ is the key's default value; NULL where type is KEY
    name_folded VARCHAR,           -- lower case
    type        VARCHAR NOT NULL,  -- KEY, REG_SZ, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_BINARY, ..., DELETED
    value       VARCHAR,           -- text; numbers in decimal, unsigned; several strings one a line; binary as upper-case hexadecimal
    number      BIGINT,            -- REG_DWORD and REG_QWORD as two's complement: 0xffffffc4 is -60 (a time zone's Bias)
    deleted     BOOLEAN NOT NULL,  -- the file says that key or value be deleted: it is no evidence that it was there
    extra       MAP(VARCHAR, VARCHAR)  -- data that could not be decoded, and the name of the default value as shown
);
