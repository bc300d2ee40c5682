-- Articles with a like picture. One row: one problem and the article that fits instead where a sign of it is in that state.
CREATE OR REPLACE VIEW look_alike AS
SELECT problem, sign_id, state, article, differs_by
FROM (
    VALUES
    ('KB934709', 'X1', 'present', 'KB 950757', 'Exchange 2003: messages not visible in the queues; SMTP, store or server restart frees them; begins with a 4.7.1'),
    ('KB934709', 'X1', 'present', 'KB 826948', 'Exchange 2000: messages in retry are skipped after a failed connection; a restart of SMTP frees them'),
    ('KB934709', 'X3', 'present', 'KB 820284', 'DNS answers cut on UDP and TCP refused: all mail to those domains fails, and a restart does not help'),
    ('KB941060', 'X1', 'present', 'KB 950757', 'messages not visible in the queues, no report until a restart; SMTP alone frees them'),
    ('KB941060', 'X3', 'present', 'KB 820284', 'DNS answers cut on UDP and TCP refused: all mail to those domains fails, and a restart does not help'),
    ('KB941060', 'X4', 'present', 'event 9667', 'another limit: named properties, 8,192 by default, with reports 5.2.x'),
    ('KB941060', 'X5', 'present', 'KB 884996', 'the categorizer fails: mail waits before it is routed'),
    ('Q176708', 'X1', 'present', 'dynamic buffer allocation', 'from Exchange 5.5 on the store takes memory by design and gives it back'),
    ('Q176708', 'C', 'absent', 'the MTA itself', 'emsmta grows too, so it is not the store alone')
) AS known (problem, sign_id, state, article, differs_by);
