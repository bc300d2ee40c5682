-- What a rule saw. One row: one dated fact with its place. A rule's SELECT gives these columns, all but rule.
CREATE TABLE IF NOT EXISTS finding (
    rule         VARCHAR NOT NULL,    -- the rule's id; set by the runner
    incident_key VARCHAR NOT NULL,    -- findings of one rule and host with one key are one incident; the same over the same facts
    role         VARCHAR NOT NULL     -- its part in the incident: cause, symptom, sign, restart, release, context
        CHECK (role IN ('cause', 'symptom', 'sign', 'restart', 'release', 'context')),
    severity     VARCHAR              -- info, low, medium, high, critical; NULL: the rule's
        CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
    ts           TIMESTAMP NOT NULL,  -- UTC, when it began
    ts_end       TIMESTAMP,           -- UTC, when it ended; NULL for a moment, or while it lasts
    ongoing      BOOLEAN,             -- true: still so at the end of the logs
    host         VARCHAR,             -- where
    service      VARCHAR,             -- key of the service: SMTPSVC, MSExchangeIS, host, ...; of a fault elsewhere the destination
    message      VARCHAR,             -- the affected message, where there is one: counted distinct
    text         VARCHAR NOT NULL,    -- one sentence for the timeline
    measure      VARCHAR,             -- name and unit of the value: longest_wait_h
    value        DOUBLE,              -- an incident shows the largest of each measure
    missing      VARCHAR,             -- evidence that would make this surer, and is not in the store
    source_id    INTEGER,             -- the evidence: file
    record       UBIGINT              -- and line or record number
);
