-- Words that every load and rule may use. Scalar only; each is one expression on every engine.

-- Microseconds since 1970: time distances are differences of these.
CREATE OR REPLACE MACRO lp_us(t) AS epoch_us(t);

-- Hours between two times, as a decimal number.
CREATE OR REPLACE MACRO lp_hours(a, b) AS (epoch_us(b) - epoch_us(a)) / 3600000000.0;

-- Empty text and the lone dash of W3C and Exchange 2000/2003 mean: no value.
CREATE OR REPLACE MACRO lp_value(v) AS nullif(nullif(trim(v), ''), '-');

-- Whether an event is from a text export, by its note: the message alone, in the reader's language and zone.
CREATE OR REPLACE MACRO lp_text_export(note) AS coalesce(starts_with(note, 'from a text export'), false);

-- Whether two times may be one, of which one or both may be written by the clock of another zone.
CREATE OR REPLACE MACRO lp_same_clock(a, b) AS
    abs(epoch_us(date_trunc('second', a)) - epoch_us(date_trunc('second', b))) <= 54000000000
    AND (epoch_us(date_trunc('second', a)) - epoch_us(date_trunc('second', b))) % 900000000 = 0;

-- A host's short upper-case name, so that GW1, gw1.corp.example and GW1. are one; addresses stay whole.
CREATE OR REPLACE MACRO lp_host(name) AS
    CASE
        -- a name that begins with a letter, nearly every one, needs no pattern
        WHEN name >= 'A' AND NOT contains(name, ':') THEN upper(split_part(trim(name), '.', 1))
        WHEN lp_value(name) IS NULL THEN NULL
        WHEN regexp_matches(name, '^[0-9.]+$') OR contains(name, ':') THEN lower(trim(name))
        ELSE upper(split_part(trim(name), '.', 1))
    END;

-- The text after the last @, lower case: a recipient's domain.
CREATE OR REPLACE MACRO lp_domain(address) AS
    CASE WHEN contains(address, '@') THEN lower(regexp_replace(address, '^.*@', '', 'g')) END;

-- The mailbox in a MAIL or RCPT argument: "+FROM:<alice@corp.example>", "TO:bob@partner.example".
CREATE OR REPLACE MACRO lp_mailbox(argument) AS
    CASE
        WHEN contains(argument, '<')
        THEN coalesce(
            nullif(lower(split_part(substr(argument, strpos(argument, '<') + 1), '>', 1)), ''), '<>'
        )
        ELSE nullif(lower(regexp_extract(argument, '(?i)(?:from|to):[+ ]*([^+ ]*)', 1)), '')
    END;

-- A Message-ID without angle brackets and the + that W3C logs put before it.
-- The plain form, nearly every one, is cut out: a pattern costs three times as much.
CREATE OR REPLACE MACRO lp_message_id(v) AS
    CASE
        WHEN starts_with(v, '<') AND ends_with(v, '>') THEN nullif(substr(v, 2, length(v) - 2), '')
        WHEN starts_with(v, '+<') AND ends_with(v, '>') THEN nullif(substr(v, 3, length(v) - 3), '')
        ELSE nullif(regexp_replace(lp_value(v), '^[+ ]*<?|>?[+ ]*$', '', 'g'), '')
    END;

-- The first enhanced status code (RFC 3463) in a reply or status text.
CREATE OR REPLACE MACRO lp_status_code(v) AS
    nullif(regexp_extract(v, '(?:^|[^0-9.])([245][.][0-9]{1,3}[.][0-9]{1,3})(?:[^0-9.]|$|[.](?:[^0-9]|$))', 1), '');

-- Why a line cannot be loaded at all: the cleaned copy marks it \x02reason\x02excerpt.
CREATE OR REPLACE MACRO lp_spoiled(line) AS
    CASE WHEN starts_with(line, chr(2)) THEN split_part(line, chr(2), 2) END;

-- What of a line may be shown in table reject.
CREATE OR REPLACE MACRO lp_excerpt(line) AS
    left(CASE WHEN starts_with(line, chr(2)) THEN split_part(line, chr(2), 3) ELSE line END, 200);

-- A CSV line (RFC 4180) as a list: commas inside quotes become chr(31), doubled quotes chr(30),
-- and lp_unquote puts them back, so that the common line without a quote costs one split.
CREATE OR REPLACE MACRO lp_csv(line) AS
    CASE
        WHEN NOT contains(line, '"') THEN string_split(line, ',')
        ELSE string_split(
            array_to_string(
                list_transform(
                    string_split(replace(line, '""', chr(30)), '"'),
                    LAMBDA part, i: CASE WHEN i % 2 = 0 THEN replace(part, ',', chr(31)) ELSE part END
                ),
                ''
            ),
            ','
        )
    END;
-- A field of nothing but chr(30) lost its own two quotes to the first one: "" is empty, """" is ".
CREATE OR REPLACE MACRO lp_unquote(v) AS
    nullif(
        replace(
            replace(CASE WHEN starts_with(v, chr(30)) AND ltrim(v, chr(30)) = '' THEN v[2:] ELSE v END, chr(31), ','),
            chr(30), '"'
        ),
        ''
    );
-- Whether a CSV line ends inside a quote.
CREATE OR REPLACE MACRO lp_csv_open(line) AS
    contains(line, '"') AND (length(line) - length(replace(line, '"', ''))) % 2 = 1;

-- Where the fields stand that no column takes: once a header block, not once a line.
CREATE OR REPLACE MACRO lp_positions(names, known) AS
    list_filter(range(1, len(names) + 1), LAMBDA i: NOT list_contains(known, names[i]));

-- The values of a split line, but no more than a hundred beyond its names: the last one is all the rest,
-- with tabs between. A lambda costs the product of a list's length and of what it looks things up in.
CREATE OR REPLACE MACRO lp_bounded(names, parts) AS
    CASE
        WHEN len(parts) <= len(names) + 100 THEN parts
        ELSE list_append(
            parts[1:len(names) + 99], array_to_string(parts[len(names) + 100:], chr(9))
        )
    END;

-- The values of a split line at these positions, by field name, and surplus values as +1, +2.
-- Empty values and dashes are left out; NULL where nothing is left, which is the common line.
CREATE OR REPLACE MACRO lp_extra(names, parts, positions) AS
    CASE
        WHEN len(parts) <= len(names)
             AND len(list_filter(positions, LAMBDA i: coalesce(parts[i], '') NOT IN ('', '-'))) = 0
        THEN NULL
        ELSE nullif(
            map_from_entries(list_filter(
                list_transform(
                    list_concat(positions, range(len(names) + 1, len(lp_bounded(names, parts)) + 1)),
                    LAMBDA i: {
                        'k': CASE WHEN i <= len(names) THEN names[i] ELSE '+' || (i - len(names)) END,
                        'v': lp_unquote(lp_bounded(names, parts)[i])
                    }
                ),
                LAMBDA e: lp_value(e.v) IS NOT NULL
            )),
            MAP {}
        )
    END;

-- Minutes as microseconds; a plain product would overflow 32-bit parameters.
CREATE OR REPLACE MACRO lp_minutes(n) AS CAST(n AS BIGINT) * 60000000;

-- Seconds as microseconds, likewise.
CREATE OR REPLACE MACRO lp_seconds(n) AS CAST(n AS BIGINT) * 1000000;

-- A map with further pairs: those of two lists, keys and texts, whose text is not NULL.
CREATE OR REPLACE MACRO lp_kept(extra, keys, texts) AS
    map_concat(
        coalesce(extra, MAP {}),
        map_from_entries(list_filter(list_zip(keys, texts), LAMBDA pair: pair[2] IS NOT NULL))
    );
-- The text of a value that is no number of the wanted type: what a column of that type cannot keep.
CREATE OR REPLACE MACRO lp_no_number(v, number) AS
    CASE WHEN number IS NULL THEN CAST(v AS VARCHAR) END;

-- Whether the data of an event 4000 begins with 0xC00402E7, the error of a name that could not be looked up: a little-endian
-- dword, as all errors there.
CREATE OR REPLACE MACRO lp_dns_error(binary_hex) AS starts_with(upper(coalesce(binary_hex, '')), 'E70204C0');

-- What became of a message that waited, as the end of a sentence about it.
CREATE OR REPLACE MACRO lp_fate(outcome, wait_h, status_code) AS
    CASE outcome
        WHEN 'delivered' THEN ' waited ' || round(wait_h, 1) || ' h and was delivered'
        WHEN 'returned' THEN ' was returned' || coalesce(' (' || status_code || ')', '') || ' after ' || round(wait_h, 1) || ' h'
        WHEN 'open' THEN ' still waited when the logs ended'
        ELSE ' waited ' || round(wait_h, 1) || ' h and was refused'
    END;

-- A reply or status without what differs from message to message, so that like ones count together: times,
-- mailboxes, addresses, lower-case host names, ids and long numbers. Codes (550, 5.1.1, 0xC00402E7) and
-- the vendor's own words (QUEUE.Expired) stay.
CREATE OR REPLACE MACRO lp_alike(v) AS
    trim(regexp_replace(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            regexp_replace(
                                left(v, 1000),
                                '[0-9]{4}-[0-9]{2}-[0-9]{2}[T +]?[0-9:.]*Z?|\b[0-9]{1,2}:[0-9]{2}:[0-9]{2}\b', '(time)', 'g'
                            ),
                            '<[^<>@]*@[^<>]*>|[^\s<>()\[\]{}"'',;:=]+@[^\s<>()\[\]{}"'',;:=]+', '(address)', 'g'
                        ),
                        '\[?(?:\b[0-9]{1,3}(?:[.][0-9]{1,3}){3}\b|\b[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){2,7})\]?', '(ip)', 'g'
                    ),
                    '\b[a-z0-9][a-z0-9-]*(?:[.][a-z0-9][a-z0-9-]*)*[.][a-z][a-z-]*[a-z]\b', '(host)', 'g'
                ),
                -- words of six and more signs with a number in them; 0x… is a code
                '\b(?:[A-Za-z1-9][A-Za-z0-9_]{4,}[0-9][A-Za-z0-9_]*|[A-Za-z1-9][A-Za-z0-9_]{0,8}[0-9][A-Za-z0-9_]{4,}|[1-9][A-Za-z0-9_]{5,})\b', '(id)', 'g'
            ),
            '\b[0-9]{4,}\b', '(number)', 'g'
        ),
        '\s+', ' ', 'g'
    ));
