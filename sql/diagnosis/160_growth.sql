-- Signs that every known problem of growing memory has: A, the growth, and that a restart gives the memory back.
INSERT INTO sign (rule, host, incident_key, problem, sign_id, title, state, text, source_id, record)
WITH blamed AS (  -- the problems that a process is looked at for, and the letter of the second sign
    SELECT c.*, p.problem, p.back_id, l.store_leak_h
    FROM leak_case AS c
    JOIN (
        VALUES
        ('inetinfo', 'KB910932', 'D'),
        ('inetinfo', 'KB944903', 'E'),
        ('store', 'Q176708', 'E')
    ) AS p (process, problem, back_id) ON p.process = c.process
    CROSS JOIN known_limit AS l
),

judged AS (
    SELECT
        rule, host, incident_key, problem, 'A' AS sign_id,
        CASE WHEN process = 'store' AND hours < store_leak_h THEN 'unknown' ELSE 'present' END AS state,
        counter || ' of ' || process || ' rose by ' || round(growth / 1048576.0, 0) || ' MiB in ' || round(hours, 0) || ' h' AS text,
        source_id, record
    FROM blamed
    UNION ALL
    SELECT
        rule, host, incident_key, problem, back_id,
        CASE WHEN gives_back IS NULL THEN 'unknown' WHEN gives_back THEN 'present' ELSE 'absent' END,
        CASE WHEN gives_back IS NULL THEN 'no restart in the counter log' WHEN gives_back THEN 'after ' || restarts || CASE WHEN restarts = 1 THEN ' restart' ELSE ' restarts' END ELSE 'the value stayed after a restart' END,
        NULL, NULL
    FROM blamed
)

SELECT j.rule, j.host, j.incident_key, k.problem, k.sign_id, k.title, j.state, j.text, j.source_id, j.record
FROM judged AS j
JOIN known_sign AS k ON k.problem = j.problem AND k.sign_id = j.sign_id;
