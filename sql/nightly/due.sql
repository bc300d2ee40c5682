-- Reports that somebody lacks, the oldest first. One row: one receiver of one night's report.
-- Parameter $since: nights that began before are left alone.
SELECT n.night_id, n.report, d.way, d.receiver
FROM delivery AS d
JOIN night AS n ON n.night_id = d.night_id
WHERE d.sent IS NULL AND n.began >= $since
ORDER BY n.night_id, d.way, d.receiver
