-- What kind of log each format is: rules ask for kinds, not for formats. One row: one format whose
-- rows are dated facts of one host. mail: whether the life of messages is told by it.
CREATE OR REPLACE VIEW log_kind AS
SELECT format, kind, mail
FROM (
    VALUES
    ('evt', 'events', false),
    ('evtx', 'events', false),
    ('event_export', 'events', false),
    ('smtpsvc_w3c', 'smtp', true),
    ('smtpsvc_ncsa', 'smtp', true),
    ('smtpsvc_iis', 'smtp', true),
    ('ims_log', 'smtp', true),
    ('smtp_protocol', 'smtp', false),
    ('tracking_5x', 'tracking', true),
    ('tracking_2003', 'tracking', true),
    ('tracking_2007', 'tracking', true),
    ('tracking_export', 'tracking', true),
    ('message_trace', 'tracking', true),
    ('connectivity', 'connectivity', false),
    ('imap_pop', 'clients', false),
    ('http_proxy', 'clients', false),
    ('exchange_log', 'exchange', false),
    ('pdh_csv', 'counters', false),
    ('nt4_perfmon', 'counters', false),
    ('blg', 'counters', false)
) AS known (format, kind, mail);

-- Formats that are no continuous log: each file tells of one moment, or of what somebody kept. Hours
-- without them are no gap. One row: one format.
CREATE OR REPLACE VIEW momentary AS
SELECT format, what
FROM (
    VALUES
    ('ndr', 'report'),
    ('mbox', 'report'),
    ('badmail', 'report'),
    ('mail', 'report'),
    ('queue_export', 'listing'),
    ('folder_listing', 'listing'),
    ('file_version', 'listing'),
    ('registry_export', 'listing'),
    ('metabase', 'listing'),
    ('collect_note', 'listing'),
    ('systeminfo', 'listing'),
    ('tasklist', 'listing'),
    ('service_list', 'listing'),
    ('hotfix_list', 'listing'),
    ('w32tm', 'listing')
) AS known (format, what);

-- Which kinds of log each rule lives on. One row: one rule and kind. need: required (one of a rule's
-- required kinds must be there), or helpful (makes findings surer). Kind reports: see momentary.
CREATE OR REPLACE VIEW rule_need AS
SELECT rule, kind, need
FROM (
    VALUES
    ('idle-until-restart', 'smtp', 'required'),
    ('idle-until-restart', 'tracking', 'required'),
    ('idle-until-restart', 'events', 'required'),
    ('idle-queue-item', 'smtp', 'required'),
    ('idle-queue-item', 'tracking', 'required'),
    ('retry-lateness', 'smtp', 'required'),
    ('retry-lateness', 'tracking', 'required'),
    ('delayed-ndr', 'smtp', 'required'),
    ('delayed-ndr', 'tracking', 'required'),
    ('delayed-ndr', 'events', 'helpful'),
    ('bounced-mail', 'reports', 'required'),
    ('expired-mail', 'smtp', 'required'),
    ('expired-mail', 'tracking', 'required'),
    ('service-restart', 'events', 'required'),
    ('service-restart', 'smtp', 'helpful'),
    ('service-restart', 'tracking', 'helpful'),
    ('service-restart', 'counters', 'helpful'),
    ('scheduled-restart', 'events', 'required'),
    ('scheduled-restart', 'smtp', 'helpful'),
    ('scheduled-restart', 'tracking', 'helpful'),
    ('scheduled-restart', 'counters', 'helpful'),
    ('crash-loop', 'events', 'required'),
    ('unclean-shutdown', 'events', 'required'),
    ('queue-growth', 'counters', 'required'),
    ('memory-leak', 'counters', 'required'),
    ('memory-leak', 'events', 'helpful'),
    ('memory-leak', 'smtp', 'helpful'),
    ('memory-leak', 'tracking', 'helpful'),
    ('back-pressure', 'events', 'required'),
    ('back-pressure', 'smtp', 'helpful'),
    ('transport-inactive', 'connectivity', 'required'),
    ('poison-message', 'events', 'required'),
    ('poison-message', 'tracking', 'required'),
    ('throttled', 'smtp', 'required'),
    ('throttled', 'tracking', 'required'),
    ('remote-outage', 'events', 'required'),
    ('remote-outage', 'connectivity', 'required'),
    ('remote-outage', 'smtp', 'required'),
    ('remote-outage', 'tracking', 'required'),
    ('dns-failure', 'events', 'required'),
    ('dns-failure', 'connectivity', 'required'),
    ('dns-failure', 'tracking', 'helpful'),
    ('dns-failure', 'reports', 'helpful'),
    ('ndr-storm', 'smtp', 'required'),
    ('ndr-storm', 'tracking', 'required'),
    ('clock-skew', 'events', 'required'),
    ('clock-skew', 'tracking', 'required'),
    ('clock-skew', 'smtp', 'helpful'),
    ('log-gap', 'smtp', 'required'),
    ('log-gap', 'tracking', 'required'),
    ('log-gap', 'connectivity', 'required'),
    ('log-gap', 'clients', 'required'),
    ('log-gap', 'counters', 'required'),
    ('log-gap', 'events', 'required')
) AS known (rule, kind, need);
