-- How many files of a run brought something new. Parameter $run_id.
UPDATE run
SET fresh = (SELECT count(*) FROM source WHERE run_id = $run_id AND rows > 0)
WHERE run_id = $run_id
