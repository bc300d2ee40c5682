-- The signs of each known problem that was considered for an incident. One row: one sign of one problem for one incident.
CREATE TABLE IF NOT EXISTS sign (
    rule         VARCHAR NOT NULL,  -- with host and incident_key: the incident
    host         VARCHAR,           -- as in the incident
    incident_key VARCHAR NOT NULL,  -- as in the incident
    problem      VARCHAR NOT NULL,  -- KB934709, ...; see known_problem
    sign_id      VARCHAR NOT NULL,  -- letter of the sign, as in known_sign
    title        VARCHAR NOT NULL,  -- what the sign says
    state        VARCHAR NOT NULL   -- unknown: nothing in the store tells
        CHECK (state IN ('present', 'absent', 'unknown')),
    text         VARCHAR,           -- what was seen, with its numbers, or what is lacking
    source_id    INTEGER,           -- the evidence: file, where one place shows it
    record       UBIGINT            -- and line or record number
);
