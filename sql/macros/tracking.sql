-- One status per recipient out of a recipient-status of Exchange 2007 and later, or NULL where the
-- parts cannot be told apart. Statuses hold ; themselves ("550 4.4.7 QUEUE.Expired; message expired",
-- "[{LED=..};{MSG=..}]"), so a ; divides only where the piece after it begins a status or is blank,
-- or, with brackets, after "}]" and before "[{".
CREATE OR REPLACE MACRO lp_status_parts(v) AS
    CASE
        WHEN contains(v, '[{')
        THEN string_split(
            regexp_replace(
                regexp_replace(v, '(\}\]\s*);', '\1' || chr(31), 'g'), ';(\s*\[\{)', chr(31) || '\1', 'g'
            ),
            chr(31)
        )
        ELSE string_split(
            array_to_string(
                list_transform(
                    string_split(v, ';'),
                    LAMBDA piece, i: CASE
                        WHEN i = 1 THEN piece
                        WHEN regexp_matches(
                            piece, '^\s*(?:(?:To|Cc|Bcc)?\s*$|[0-9]{3} [0-9][.][0-9]{1,3}[.][0-9]{1,3})'
                        )
                        THEN chr(31) || piece
                        ELSE ';' || piece
                    END
                ),
                ''
            ),
            chr(31)
        )
    END;
CREATE OR REPLACE MACRO lp_statuses(v, recipients) AS
    CASE
        WHEN v IS NULL OR recipients = 1 THEN [v]
        -- nothing but separators: no status at all, for any of them
        WHEN regexp_matches(v, '^[;\s]*$') THEN [NULL]
        WHEN array_length(lp_status_parts(v)) = recipients
        THEN list_transform(lp_status_parts(v), LAMBDA part: nullif(trim(part), ''))
    END;
