-- One status per recipient out of a recipient-status of Exchange 2007 and later, or NULL where the
-- parts cannot be told apart. Statuses hold ; themselves ("550 4.4.7 QUEUE.Expired; message expired",
-- "[{LED=..};{MSG=..}]"), so only a ; before the next status, or between brackets, divides.
-- The pattern is applied twice: neighbours like "To;To" share the ; between two matches.
CREATE OR REPLACE MACRO lp_status_marks(v) AS
    CASE
        WHEN contains(v, '[{') THEN regexp_replace(v, '\];\s*', ']' || chr(31), 'g')
        ELSE regexp_replace(
            regexp_replace(
                v, ';(\s*(?:(?:To|Cc|Bcc)\s*(?:;|\x1f|$)|[0-9]{3} [0-9][.][0-9]{1,3}[.][0-9]{1,3}))',
                chr(31) || '\1', 'g'
            ),
            ';(\s*(?:(?:To|Cc|Bcc)\s*(?:;|\x1f|$)|[0-9]{3} [0-9][.][0-9]{1,3}[.][0-9]{1,3}))',
            chr(31) || '\1', 'g'
        )
    END;
CREATE OR REPLACE MACRO lp_statuses(v, recipients) AS
    CASE
        WHEN v IS NULL OR recipients = 1 THEN [v]
        WHEN len(string_split(lp_status_marks(v), chr(31))) = recipients
        THEN string_split(lp_status_marks(v), chr(31))
        -- nothing but separators: no status at all, for any of them
        WHEN regexp_matches(v, '^[;\s]*$') THEN [NULL]
    END;
