-- Verdicts of the known problems, from their signs and table verdict_logic.
INSERT INTO verdict (rule, host, incident_key, problem, verdict, rank, serious, reason, missing)
WITH considered AS (
    SELECT
        s.rule, s.host, s.incident_key, s.problem,
        bool_or((k.kind = 'product' AND s.state = 'absent') OR (k.kind = 'other product' AND s.state = 'present')) AS other_product,
        count(*) FILTER (WHERE k.kind = 'signature' AND s.state = 'present') AS present,
        count(*) FILTER (WHERE k.kind = 'signature' AND s.state = 'absent') AS absent
    FROM sign AS s
    JOIN known_sign AS k ON k.problem = s.problem AND k.sign_id = s.sign_id
    GROUP BY s.rule, s.host, s.incident_key, s.problem
),

checked AS (  -- each condition of each way
    SELECT
        c.rule, c.host, c.incident_key, c.problem, g.verdict, g.way, g.sign_id, g.state AS wanted, s.state, s.title, s.text,
        CASE g.state
            WHEN 'not-present' THEN s.state <> 'present'
            WHEN 'not-absent' THEN s.state <> 'absent'
            ELSE s.state = g.state
        END AS holds
    FROM considered AS c
    JOIN verdict_logic AS g ON g.problem = c.problem
    JOIN sign AS s
        ON s.rule = c.rule AND s.host IS NOT DISTINCT FROM c.host AND s.incident_key = c.incident_key
       AND s.problem = c.problem AND s.sign_id = g.sign_id
),

way AS (
    SELECT
        rule, host, incident_key, problem, verdict, way,
        list_position(['ruled-out', 'confirmed', 'supported', 'possible'], verdict) AS place,
        array_to_string(list_sort(list(sign_id)), ', ') AS sign_ids,
        min(CASE WHEN wanted = 'present' THEN title END) AS title,
        min(text) AS text,
        count(*) AS conditions
    FROM checked
    GROUP BY rule, host, incident_key, problem, verdict, way
    HAVING bool_and(holds)
),

chosen AS (
    SELECT rule, host, incident_key, problem, verdict, sign_ids, title, text
    FROM (
        SELECT *, row_number() OVER (PARTITION BY rule, host, incident_key, problem ORDER BY place, way) AS choice
        FROM way
    )
    WHERE choice = 1
),

lacking AS (  -- what would tell the signs that are unknown and count for a better verdict; excluding: those that could still rule it out
    SELECT
        h.rule, h.host, h.incident_key, h.problem,
        coalesce(list_sort(list_distinct(list(n.text) FILTER (WHERE k.kind IN ('exclusion', 'other product') AND n.text IS NOT NULL))), CAST([] AS VARCHAR[]))
            AS excluding,
        list_sort(list_distinct(list(coalesce(CASE WHEN h.sign_id = 'V' THEN x.missing END, n.text)))) AS missing
    FROM (
        SELECT DISTINCT rule, host, incident_key, problem, sign_id
        FROM checked
        WHERE state = 'unknown'
    ) AS h
    JOIN known_sign AS k ON k.problem = h.problem AND k.sign_id = h.sign_id
    LEFT JOIN collect_next AS n ON n.id = k.collect
    LEFT JOIN fix_state AS x ON x.host = h.host AND x.problem = h.problem
    WHERE coalesce(CASE WHEN h.sign_id = 'V' THEN x.missing END, n.text) IS NOT NULL
    GROUP BY h.rule, h.host, h.incident_key, h.problem
),

untold AS (  -- the signs of which nothing tells, for a verdict that there is none
    SELECT
        s.rule, s.host, s.incident_key, s.problem,
        array_to_string(list(s.sign_id || ' ' || s.title ORDER BY s.sign_id), '; ') AS titles
    FROM sign AS s
    JOIN known_sign AS k ON k.problem = s.problem AND k.sign_id = s.sign_id AND k.kind = 'signature'
    WHERE s.state = 'unknown'
    GROUP BY s.rule, s.host, s.incident_key, s.problem
),

told AS (
    SELECT
        c.rule, c.host, c.incident_key, c.problem, c.present, c.absent,
        coalesce(w.verdict, 'not-assessable') AS verdict,
        NOT c.other_product AS serious,
        CASE
            WHEN w.verdict = 'ruled-out' THEN coalesce(w.title || ': ', '') || coalesce(w.text, '')
            WHEN w.verdict IS NOT NULL THEN 'signs ' || w.sign_ids
            ELSE coalesce('what was read does not tell: ' || u.titles, 'the signs seen do not decide')
        END AS reason,
        CASE coalesce(w.verdict, '')
            WHEN 'ruled-out' THEN CAST([] AS VARCHAR[])
            WHEN 'confirmed' THEN coalesce(l.excluding, CAST([] AS VARCHAR[]))
            ELSE coalesce(l.missing, CAST([] AS VARCHAR[]))
        END AS missing
    FROM considered AS c
    LEFT JOIN chosen AS w ON w.rule = c.rule AND w.host IS NOT DISTINCT FROM c.host AND w.incident_key = c.incident_key AND w.problem = c.problem
    LEFT JOIN lacking AS l ON l.rule = c.rule AND l.host IS NOT DISTINCT FROM c.host AND l.incident_key = c.incident_key AND l.problem = c.problem
    LEFT JOIN untold AS u ON u.rule = c.rule AND u.host IS NOT DISTINCT FROM c.host AND u.incident_key = c.incident_key AND u.problem = c.problem
)

SELECT
    rule, host, incident_key, problem, verdict,
    row_number() OVER (
        PARTITION BY rule, host, incident_key
        ORDER BY
            serious DESC,
            list_position(['confirmed', 'supported', 'possible', 'not-assessable', 'ruled-out'], verdict),
            present - absent DESC, problem
    ) AS rank,
    serious, reason, missing
FROM told;
