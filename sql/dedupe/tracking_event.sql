-- Whether an exported record stands in the store already, with all its recipients. No export numbers
-- its records, and one export may list the same twice: a record stands as often as in the export that
-- has it most often. What tells of the export alone is not compared: the place in it, who ran it, and
-- the time that was asked for. Correlated on alias new; parameters $source_id, $formats.
WITH exported AS (  -- grain: one recipient of one record
    SELECT
        e.source_id = $source_id AS mine, e.source_id, e.record, e.recipient_no,
        coalesce(e.local_ts, e.ts) AS written,
        row(*COLUMNS(e.* EXCLUDE (source_id, record, recipient_no, host, ts, local_ts, extra))) AS told,
        coalesce(
            list_filter(
                map_entries(e.extra),
                lambda value: value.key NOT IN (
                    'Index', 'StartDate', 'EndDate', 'RunspaceId', 'PSComputerName', 'PSShowComputerName'
                )
            ),
            []
        ) AS more
    FROM tracking_event AS e
    WHERE e.source_id = $source_id
      OR e.source_id IN (SELECT source_id FROM source WHERE list_contains($formats, format))
),

near AS (  -- the same grain, within the time of this file
    SELECT *
    FROM exported
    WHERE written >= (SELECT min(written) FROM exported WHERE mine)
      AND written <= (SELECT max(written) FROM exported WHERE mine)
),

recorded AS (  -- grain: one record
    SELECT mine, source_id, record, list(row(written, told, more) ORDER BY recipient_no) AS facts
    FROM near
    GROUP BY mine, source_id, record
),

counted AS (
    SELECT mine, record, facts, row_number() OVER (PARTITION BY mine, facts ORDER BY source_id, record) AS nth
    FROM recorded
)

SELECT 1
FROM counted AS here
JOIN counted AS there ON there.facts = here.facts AND there.nth = here.nth AND NOT there.mine
WHERE here.mine AND here.record = new.record
