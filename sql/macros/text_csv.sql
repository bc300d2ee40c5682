-- Words for the CSV logs of Exchange 2007 and later. Load SQL only: they are DuckDB's own.

-- A CSV line (RFC 4180) as a list of values without their quotes. A quote opens a value only where
-- the value begins: R="a2 NO LOGIN failed." keeps its own, and a quote that is never closed
-- swallows nothing, because a value that does not close ends at the next comma. The common lines,
-- without a quote or with none astray, take the two shorter ways.
CREATE OR REPLACE MACRO lp_fields(line) AS
    CASE
        WHEN NOT contains(line, '"') THEN string_split(line, ',')
        WHEN regexp_full_match(
            line, '(?:"(?:[^"\x1e\x1f]|"")*"|[^",\x1e\x1f]*)(?:,(?:"(?:[^"\x1e\x1f]|"")*"|[^",\x1e\x1f]*))*'
        )
        THEN list_transform(
            lp_csv(line),
            LAMBDA v: replace(
                replace(CASE WHEN starts_with(v, chr(30)) AND ltrim(v, chr(30)) = '' THEN v[2:] ELSE v END, chr(31), ','),
                chr(30), '"'
            )
        )
        ELSE list_transform(
            regexp_extract_all(',' || line, ',("(?:[^"]|"")*"[^,]*|[^,]*)', 1),
            LAMBDA v: CASE
                WHEN length(v) > 1 AND starts_with(v, '"') AND ends_with(v, '"') THEN replace(v[2:-2], '""', '"')
                ELSE v
            END
        )
    END;

-- Why a line split by lp_fields cannot be a row, whatever its log; half is the number of a last line
-- that has no line end, else 0: a short line may have empty values at its end, but not where its own
-- end is missing.
CREATE OR REPLACE MACRO lp_fault(line, record, half, parts, names) AS
    CASE
        WHEN lp_spoiled(line) IS NOT NULL THEN lp_spoiled(line)
        WHEN lp_csv_open(line) AND regexp_matches(line, '(?:^|,)"') THEN 'a quote is never closed'
        WHEN record = half AND len(parts) < len(names)
        THEN 'cut short: ' || len(parts) || ' of ' || len(names) || ' fields'
    END;

-- Whether a time can be one that such a server wrote.
CREATE OR REPLACE MACRO lp_dated(ts) AS
    coalesce(ts BETWEEN TIMESTAMP '1980-01-01' AND TIMESTAMP '2200-01-01', false);

-- The values at these positions by field name, and surplus values as +1, +2; NULL where all are empty.
CREATE OR REPLACE MACRO lp_named(names, parts, positions) AS
    CASE
        WHEN len(parts) <= len(names) AND len(list_filter(positions, LAMBDA i: parts[i] <> '')) = 0 THEN NULL
        ELSE nullif(
            map_from_entries(list_filter(
                list_transform(
                    list_concat(positions, range(len(names) + 1, len(lp_bounded(names, parts)) + 1)),
                    LAMBDA i: {'k': coalesce(names[i], '+' || (i - len(names))), 'v': lp_bounded(names, parts)[i]}
                ),
                LAMBDA e: e.v <> ''
            )),
            MAP {}
        )
    END;

-- Which of these positions hold text that is no whole number: what a number column cannot take whole.
CREATE OR REPLACE MACRO lp_not_numbers(parts, positions) AS
    list_filter(positions, LAMBDA i: parts[i] <> '' AND NOT regexp_full_match(parts[i], '-?[0-9]{1,9}'));

-- Address and port of an endpoint: 192.0.2.1:25, [fe80::1%3]:25; what has no port is all address.
CREATE OR REPLACE MACRO lp_address(endpoint) AS
    nullif(
        CASE
            WHEN starts_with(endpoint, '[') THEN split_part(endpoint[2:], ']', 1)
            WHEN split_part(endpoint, ':', 3) <> '' THEN endpoint
            ELSE split_part(endpoint, ':', 1)
        END,
        ''
    );
CREATE OR REPLACE MACRO lp_port(endpoint) AS
    try_cast(
        CASE
            WHEN starts_with(endpoint, '[') THEN split_part(endpoint, ']:', 2)
            WHEN split_part(endpoint, ':', 3) = '' THEN split_part(endpoint, ':', 2)
        END AS INTEGER
    );
-- The positions of endpoints whose port is not readable: what the columns for address and port do not keep.
CREATE OR REPLACE MACRO lp_odd_ends(parts, positions) AS
    list_filter(positions, LAMBDA i: contains(parts[i], ':') AND lp_port(parts[i]) IS NULL);
