-- Trends of memory counters, before they are computed: no rows. One row: one host, counter and uptime segment.
CREATE OR REPLACE TABLE memory_trend (
    host VARCHAR, counter_id INTEGER, process VARCHAR, object VARCHAR, counter VARCHAR, unit VARCHAR,
    seg_from TIMESTAMP, seg_until TIMESTAMP, ended_by VARCHAR, samples BIGINT, hours DOUBLE,
    first_value DOUBLE, last_value DOUBLE, growth DOUBLE, growth_pct DOUBLE, slope_per_h DOUBLE, mk_z DOUBLE,
    flat_end BOOLEAN, kind VARCHAR, source_id INTEGER, record UBIGINT
);

-- What else rose while a process grew, before it is computed: no rows. One row: one host, process and uptime segment.
CREATE OR REPLACE TABLE leak_covariate (
    host VARCHAR, process VARCHAR, seg_from TIMESTAMP, new_domains BIGINT, imap_sessions BIGINT, auth_failures BIGINT,
    messages BIGINT, corr_domains DOUBLE, corr_imap DOUBLE, corr_auth DOUBLE, corr_messages DOUBLE
);
