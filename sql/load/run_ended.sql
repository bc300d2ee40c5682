-- How many files of a run brought something new; of those that were killed before it, too, whose files
-- are settled with it. Parameter $run_id.
UPDATE run
SET fresh = (SELECT count(*) FROM source AS s WHERE s.run_id = run.run_id AND s.rows > 0)
WHERE run_id <= $run_id AND fresh = 0
