-- Versions of programme files: VersionInfo by Export-Csv, wmic datafile. One row: one file on one host. A state,
-- not an event. Compare versions by their four numbers: the text may carry a branch name, or be the vendor's fancy.
CREATE TABLE IF NOT EXISTS file_version (
    source_id   INTEGER NOT NULL,  -- the file
    record      UBIGINT NOT NULL,  -- physical line, from 1
    ts          TIMESTAMP,         -- UTC, when the inventory was taken; NULL: these files do not tell
    host        VARCHAR,           -- short upper-case name of the host, where the file says it (wmic: Node)
    path        VARCHAR,           -- as written, where the file gives a path
    name        VARCHAR,           -- file name without folder, lower case: aqueue.dll
    version     VARCHAR,           -- file version as written: 6.0.3790.3959 (srv03_sp2_rtm.070216-1710)
    major       INTEGER,           -- first number of the file version
    minor       INTEGER,           -- second number
    build       INTEGER,           -- third number: the branch (3790), or an Exchange build (7653)
    private     INTEGER,           -- fourth number: the fix within the branch (4094)
    bytes       BIGINT,            -- size of the file
    modified_ts TIMESTAMP,         -- UTC, last write of the file
    extra       MAP(VARCHAR, VARCHAR)  -- every other non-empty value by its column name
);
