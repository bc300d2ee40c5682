-- A local time as a locale writes it: '9/3/07' or '3.9.2007', and '17:00:15' or '5:00:15 PM'.
-- date_order is mdy, dmy or ymd; years 70 to 99 are of the last century. NULL where it is no time.
CREATE OR REPLACE MACRO lp_written_year(y) AS
    CASE WHEN length(y) > 2 THEN y WHEN try_cast(y AS INTEGER) < 70 THEN '20' || lpad(y, 2, '0') ELSE '19' || y END;

CREATE OR REPLACE MACRO lp_written_day(day, date_order) AS
    CASE date_order
        WHEN 'mdy' THEN lp_written_year(split_part(day, '/', 3)) || '-' || split_part(day, '/', 1) || '-' || split_part(day, '/', 2)
        WHEN 'dmy' THEN lp_written_year(split_part(day, '/', 3)) || '-' || split_part(day, '/', 2) || '-' || split_part(day, '/', 1)
        ELSE lp_written_year(split_part(day, '/', 1)) || '-' || split_part(day, '/', 2) || '-' || split_part(day, '/', 3)
    END;

CREATE OR REPLACE MACRO lp_written_time(day, clock, date_order) AS
    try_cast(
        lp_written_day(translate(day, '.-', '//'), date_order) || ' '
        || translate(rtrim(clock, ' APMapm.'), '.', ':') AS TIMESTAMP
    )
    + CASE
        WHEN contains(upper(clock), 'P') AND NOT starts_with(clock, '12') THEN INTERVAL 12 HOUR
        WHEN contains(upper(clock), 'A') AND starts_with(clock, '12') THEN -INTERVAL 12 HOUR
        ELSE INTERVAL 0 HOUR
    END;
