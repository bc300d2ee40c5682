-- The whole story of a mail in order: steps, and between them waits, restarts that ended them, and gaps. Reads
-- trace_step, trace_wait and trace_gap. No parameter. One row: one entry. at: UTC by the clock of the first host;
-- ts: as its own host wrote it (steps alone); moved: whether the two differ by the distance of clocks.
WITH placed AS (  -- what is no step stands after the step at which it begins
    SELECT host, at_ts, order_ts, late, row_number() OVER (PARTITION BY host, at_ts ORDER BY step_no DESC) AS choice
    FROM trace_step
    WHERE at_ts IS NOT NULL AND host IS NOT NULL
),

entry AS (
    SELECT
        'step' AS entry, at_ts, CAST(NULL AS TIMESTAMP) AS until_ts, ts, host, moved, log, class AS kind, words AS text, other, other_host,
        side, recipients, status, sure, CAST(NULL AS VARCHAR) AS collect, source_id, record, lines,
        order_ts, 4 * late AS rank_no, step_no
    FROM trace_step
    UNION ALL
    SELECT
        'gap', g.at_ts, g.until_ts, NULL, g.host, g.moved, NULL, g.kind, g.text, NULL, NULL,
        NULL, CAST([] AS VARCHAR[]), NULL, true, g.collect, NULL, NULL, 0,
        coalesce(s.order_ts, g.at_ts), 4 * coalesce(s.late, 0) + 1, coalesce(g.step_no, 0)
    FROM trace_gap AS g
    LEFT JOIN trace_step AS s ON s.step_no = g.step_no
    UNION ALL
    SELECT
        'wait', w.from_ts, w.until_ts, NULL, w.host, w.moved, NULL, w.cause, w.text, NULL, NULL,
        NULL, w.recipients, NULL, w.cause <> 'unknown', NULL, w.source_id, w.record, 1,
        coalesce(p.order_ts, w.from_ts), 4 * coalesce(p.late, 0) + 2, 0
    FROM trace_wait AS w
    LEFT JOIN placed AS p ON p.host = w.host AND p.at_ts = w.from_ts AND p.choice = 1
    UNION ALL
    SELECT DISTINCT
        'restart', w.start_at, CAST(NULL AS TIMESTAMP), NULL, w.host, w.moved, NULL, w.freed_by,
        CASE WHEN w.freed_sure THEN 'a restart of ' ELSE 'possibly a restart of ' END || w.freed_by || ' set it free'
            || coalesce(' (down from ' || left(CAST(w.stop_at AS VARCHAR), 19) || ')', ''), NULL, NULL,
        NULL, CAST([] AS VARCHAR[]), NULL, w.freed_sure, NULL, w.restart_source_id, w.restart_record, 1,
        w.start_at, 3, 0
    FROM trace_wait AS w
    WHERE w.freed_by IS NOT NULL
)

SELECT
    row_number() OVER (ORDER BY e.order_ts NULLS LAST, e.rank_no, e.step_no, e.entry, e.at_ts, e.kind, e.text) AS no,
    e.entry, e.at_ts, e.until_ts, e.ts, e.host, e.moved, e.log, e.kind, e.text, e.side, e.other, e.other_host, e.recipients,
    e.status, e.sure, e.collect, s.path AS source, e.record, e.lines
FROM entry AS e
LEFT JOIN source AS s ON s.source_id = e.source_id
ORDER BY no
