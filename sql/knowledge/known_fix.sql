-- From which version on a programme file has the fix of a known problem. One row: one problem and branch of the file; versions of
-- other branches prove nothing. RTM has no fix of its own: what is named is the first that would do.
CREATE OR REPLACE VIEW known_fix AS
SELECT problem, file, branch, version
FROM (
    VALUES
    ('KB934709', 'aqueue.dll', 'RTM', '6.0.3790.2950'),
    ('KB934709', 'aqueue.dll', 'SP1', '6.0.3790.2950'),
    ('KB934709', 'aqueue.dll', 'SP2', '6.0.3790.4094'),
    ('KB910932', 'aqueue.dll', 'SP1', '6.0.3790.2619'),
    ('KB941060', 'exmime.dll', '6.5', '6.5.7653.20'),
    ('KB944903', 'imap4fe.dll', '6.5', '6.5.7653.23')
) AS known (problem, file, branch, version);
