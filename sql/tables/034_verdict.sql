-- What each known problem that was considered for an incident comes to. One row: one problem for one incident.
CREATE TABLE IF NOT EXISTS verdict (
    rule         VARCHAR NOT NULL,  -- with host and incident_key: the incident
    host         VARCHAR,           -- as in the incident
    incident_key VARCHAR NOT NULL,  -- as in the incident
    problem      VARCHAR NOT NULL,  -- KB934709, ...; see known_problem
    verdict      VARCHAR NOT NULL   -- which of its conditions (verdict_logic) hold
        CHECK (verdict IN ('confirmed', 'supported', 'possible', 'ruled-out', 'not-assessable')),
    rank         INTEGER NOT NULL,  -- 1: the best of the incident
    serious      BOOLEAN NOT NULL,  -- false: the host is known to run another product
    reason       VARCHAR NOT NULL,  -- the signs that decided
    missing      VARCHAR[]          -- what to collect to be surer, with the command
);
