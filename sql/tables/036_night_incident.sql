-- What became of incidents from night to night. One row: one incident in one night's report.
CREATE TABLE IF NOT EXISTS night_incident (
    night_id    INTEGER NOT NULL,  -- the night
    known_as    VARCHAR NOT NULL,  -- its id in the first night that had it: the same in all nights
    incident_id VARCHAR,           -- its id this night; NULL: it is not found any more
    state       VARCHAR NOT NULL   -- beside the night before
        CHECK (state IN ('new', 'continuing', 'worse', 'better', 'gone', 'reopened')),
    seen        BOOLEAN NOT NULL,  -- false: no logs that go on came of its host, so that its absence tells nothing
    suppressed  VARCHAR,           -- why it needs no attention, as the configuration says
    rule        VARCHAR NOT NULL,  -- as in the incident
    host        VARCHAR,           -- as in the incident
    service     VARCHAR,           -- as in the incident
    severity    VARCHAR NOT NULL,  -- this night, or as it was last found
    title       VARCHAR NOT NULL,  -- this night, or as it was last found
    messages    BIGINT NOT NULL,   -- affected since it began; 0 where it is not about messages
    started_at  TIMESTAMP NOT NULL,  -- UTC, the earliest any night found
    last_at     TIMESTAMP NOT NULL,  -- UTC, its latest fact
    ended_at    TIMESTAMP          -- UTC; NULL while it lasts; of one that is continuing: its end so far
);
