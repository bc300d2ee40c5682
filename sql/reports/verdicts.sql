/*
title = "Every known problem that was considered for an incident, with its signs"
grain = "One row: one incident and known problem."
columns = ["incident_id", "problem", "verdict", "reason", "title", "missing", "look_alikes"]
empty = "No known problem was considered for any incident."
*/
-- Every known problem that was considered for an incident, the best first, with its signs and what resembles it.
WITH signs AS (
    SELECT
        rule, host, incident_key, problem,
        list(
            {'id': sign_id, 'title': title, 'state': state, 'text': text}
            ORDER BY CASE WHEN starts_with(sign_id, 'X') THEN 2 WHEN sign_id IN ('P', 'V') THEN 1 ELSE 0 END, sign_id
        ) AS signs
    FROM sign
    GROUP BY rule, host, incident_key, problem
),

resembling AS (
    SELECT s.rule, s.host, s.incident_key, s.problem, list(a.article || ': ' || a.differs_by ORDER BY a.sign_id, a.article) AS look_alikes
    FROM sign AS s
    JOIN look_alike AS a ON a.problem = s.problem AND a.sign_id = s.sign_id AND a.state = s.state
    GROUP BY s.rule, s.host, s.incident_key, s.problem
)

SELECT
    i.incident_id, v.problem, k.title, v.verdict, v.serious, v.reason, k.todo,
    coalesce(v.missing, CAST([] AS VARCHAR[])) AS missing,
    g.signs,
    coalesce(a.look_alikes, CAST([] AS VARCHAR[])) AS look_alikes
FROM verdict AS v
JOIN incident AS i ON i.rule = v.rule AND i.host IS NOT DISTINCT FROM v.host AND i.incident_key = v.incident_key
JOIN known_problem AS k ON k.problem = v.problem
JOIN signs AS g ON g.rule = v.rule AND g.host IS NOT DISTINCT FROM v.host AND g.incident_key = v.incident_key AND g.problem = v.problem
LEFT JOIN resembling AS a ON a.rule = v.rule AND a.host IS NOT DISTINCT FROM v.host AND a.incident_key = v.incident_key AND a.problem = v.problem
ORDER BY i.incident_id, v.rank
