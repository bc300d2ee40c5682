-- Other names of a host, found in the logs. One row: one name that rows of log tables had, or may have.
CREATE TABLE IF NOT EXISTS host_alias (
    alias    VARCHAR PRIMARY KEY,  -- as macro lp_host gives it: short, upper case
    host     VARCHAR NOT NULL,     -- the host's own name; rows under the alias are kept under this one
    known_by VARCHAR NOT NULL      -- event 6011 (renamed), NetBIOS (cut after 15 characters), HELO (its own greeting)
);
-- Zones of hosts, for logs with local times. One row: one host; * stands for every host not named.
CREATE TABLE IF NOT EXISTS host_zone (
    host     VARCHAR PRIMARY KEY,  -- short, upper case
    zone     VARCHAR NOT NULL,     -- IANA name, or UTC+02:00 (east of Greenwich) where no rules are known
    known_by VARCHAR NOT NULL      -- --tz, registry, event 6013, counter log, guess (all hosts with a known zone agree)
);
-- Rules of the zones in use. One row: one stretch of local time with one distance to UTC.
CREATE TABLE IF NOT EXISTS zone_period (
    zone        VARCHAR NOT NULL,    -- as in host_zone
    local_from  TIMESTAMP NOT NULL,  -- first local time
    local_until TIMESTAMP NOT NULL,  -- first local time of the next stretch; an hour that comes twice belongs to its first pass
    east_s      INTEGER NOT NULL,    -- seconds east of Greenwich: UTC = local time - east_s
    fold_s      INTEGER NOT NULL     -- length of the hour at the end that comes twice, 0 where none does
);
