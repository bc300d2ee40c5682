-- Numbers that the diagnosis compares with. One row: one threshold, with its unit. The articles give only two of them (65,536
-- entries are not seen in logs; 1,000 domains); the rest is ours. View known_limit has them side by side.
CREATE OR REPLACE VIEW known_threshold AS
SELECT name, value, unit, meaning
FROM (
    VALUES
    ('burst_messages', 3.0, 'messages', 'that one restart must free to be a burst; two may be chance'),
    ('burst_min', 30.0, 'minutes', 'after the start of a service in which an attempt is the work of the restart'),
    ('release_min', 60.0, 'minutes', 'that the restart that freed mail may lie before the end of an incident: its last messages take their time'),
    ('after_min', 60.0, 'minutes', 'after an incident, or after memory grew, in which what belongs to it is still written'),
    ('log_end_h', 24.0, 'hours', 'that an event log may end before the incident does and still cover it'),
    ('later_h', 24.0, 'hours', 'after an incident, from which on what a file or log tells of the host is of another time'),
    ('freed_share', 0.5, 'share', 'of the waits that ended: where a restart ended fewer, mail left without one'),
    ('dns_share', 0.5, 'share', 'of the messages, from which on DNS over TCP explains them'),
    ('expiry_from_h', 47.0, 'hours', 'a report at this age and later is one at expiry'),
    ('expiry_to_h', 56.0, 'hours', 'and at this age and sooner'),
    ('store_up_h', 4.0, 'hours', 'that the store was up before the first message stuck'),
    ('store_start_min', 30.0, 'minutes', 'after a start of the store in which mail may still wait for it'),
    ('store_day_h', 24.0, 'hours', 'after a start of the store in which mail is looked at: later it may fill up again'),
    ('clean_h', 5.0, 'hours', 'of log after a restart without a stuck message: a retry interval and slack'),
    ('categorizer_h', 2.0, 'hours', 'with events of the categorizer that explain waiting mail: one hiccup explains nothing'),
    ('categorizer_share', 0.1, 'share', 'of the hours of a long incident, likewise'),
    ('least_domains', 1000.0, 'domains', 'new in a segment, unless ZombieDomainEntryThreshold says another number; from the article'),
    ('few_domains_share', 0.5, 'share', 'of that number, below which mail goes to few domains'),
    ('memory_ratio_from', 0.5, 'ratio', 'of the fall of available memory to the growth of the process'),
    ('memory_ratio_to', 2.0, 'ratio', 'and at most: more has another cause as well'),
    ('reading_min', 120.0, 'minutes', 'after a restart in which a counter shows what it gave back'),
    ('gives_back_share', 0.5, 'share', 'of the growth that a restart must give back'),
    ('other_share', 0.5, 'share', 'of the growth of the process: what grows by as much explains the fall as well'),
    ('correlation_apart', 0.1, 'correlation', 'by which one must exceed another to speak for it'),
    ('store_leak_h', 48.0, 'hours', 'that a segment of a growing store must last'),
    ('store_days_h', 72.0, 'hours', 'three days in a row'),
    ('least_auth_failures', 10.0, 'failures', 'of authentication in a segment'),
    ('least_refusals', 3.0, 'events', 'of errors of IMAP4SVC or DSAccess in a segment; one may be a passing fault'),
    ('services_listed', 5.0, 'services', 'that a list has at least, if it is to show that one is not there'),
    ('services_started', 3.0, 'services', 'that the System log saw start with Windows, likewise')
) AS known (name, value, unit, meaning);

-- The thresholds side by side: a name that does not exist is an error, where a missing row would be a NULL. One row: all of them.
CREATE OR REPLACE VIEW known_limit AS
SELECT
    max(value) FILTER (WHERE name = 'burst_messages') AS burst_messages,
    max(value) FILTER (WHERE name = 'burst_min') AS burst_min,
    max(value) FILTER (WHERE name = 'release_min') AS release_min,
    max(value) FILTER (WHERE name = 'after_min') AS after_min,
    max(value) FILTER (WHERE name = 'log_end_h') AS log_end_h,
    max(value) FILTER (WHERE name = 'later_h') AS later_h,
    max(value) FILTER (WHERE name = 'freed_share') AS freed_share,
    max(value) FILTER (WHERE name = 'dns_share') AS dns_share,
    max(value) FILTER (WHERE name = 'expiry_from_h') AS expiry_from_h,
    max(value) FILTER (WHERE name = 'expiry_to_h') AS expiry_to_h,
    max(value) FILTER (WHERE name = 'store_up_h') AS store_up_h,
    max(value) FILTER (WHERE name = 'store_start_min') AS store_start_min,
    max(value) FILTER (WHERE name = 'store_day_h') AS store_day_h,
    max(value) FILTER (WHERE name = 'clean_h') AS clean_h,
    max(value) FILTER (WHERE name = 'categorizer_h') AS categorizer_h,
    max(value) FILTER (WHERE name = 'categorizer_share') AS categorizer_share,
    max(value) FILTER (WHERE name = 'least_domains') AS least_domains,
    max(value) FILTER (WHERE name = 'few_domains_share') AS few_domains_share,
    max(value) FILTER (WHERE name = 'memory_ratio_from') AS memory_ratio_from,
    max(value) FILTER (WHERE name = 'memory_ratio_to') AS memory_ratio_to,
    max(value) FILTER (WHERE name = 'reading_min') AS reading_min,
    max(value) FILTER (WHERE name = 'gives_back_share') AS gives_back_share,
    max(value) FILTER (WHERE name = 'other_share') AS other_share,
    max(value) FILTER (WHERE name = 'correlation_apart') AS correlation_apart,
    max(value) FILTER (WHERE name = 'store_leak_h') AS store_leak_h,
    max(value) FILTER (WHERE name = 'store_days_h') AS store_days_h,
    max(value) FILTER (WHERE name = 'least_auth_failures') AS least_auth_failures,
    max(value) FILTER (WHERE name = 'least_refusals') AS least_refusals,
    max(value) FILTER (WHERE name = 'services_listed') AS services_listed,
    max(value) FILTER (WHERE name = 'services_started') AS services_started
FROM known_threshold;
