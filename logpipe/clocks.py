"""Zones of local times: what a zone's name means, and which UTC a local time is.

Names come from logs (``-60 W. Europe Standard Time`` in event 6013), from users (``Europe/Berlin``)
or are fixed distances (``UTC+02:00``). Windows names are mapped by the Unicode CLDR table.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
from tzlocal.windows_tz import win_tz

from logpipe.sqlfiles import sql_files, sql_text
from logpipe.store import Connection, ask, insert

FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FIXED = re.compile(r"^(?:UTC|GMT)\s*([+-])(\d\d?):?([0-5]\d)?$", re.IGNORECASE)
BARE = re.compile(r"^[+-]\d\d?:\d\d$")  # +02:00
BIASED = re.compile(r"^\s*(-?\d{1,4})\b\s*(.*)$")  # -60 W. Europe Standard Time
WINDOWS = {name.lower(): zone for name, zone in win_tz.items()}
FARTHEST = 15 * 60  # minutes; no zone is farther from Greenwich


def zone_name(told: str) -> str | None:
    """Return a zone as IANA name or ``UTC+02:00``; None where the text names none.

    A bias in minutes (Windows sign: west is positive) counts where the name beside it is unknown,
    as translated names are; such a zone has no daylight saving time.
    """
    told = told.strip()
    if told.upper() in ("UTC", "GMT", "Z"):
        return "UTC"
    if match := FIXED.match(f"UTC{told}" if BARE.match(told) else told):
        east = (int(match[2]) * 60 + int(match[3] or 0)) * (-1 if match[1] == "-" else 1)
        return _fixed(east)
    biased = BIASED.match(told)
    name = biased[2] if biased else told
    standard = re.sub(r"\bDaylight\b|\bSummer\b", "Standard", name).lower()
    if zone := WINDOWS.get(standard):
        return "UTC" if zone == "Etc/UTC" else zone
    if name in _known_names():
        return name
    return _fixed(-int(biased[1])) if biased else None


def _known_names() -> set[str]:
    if not _NAMES:
        # what the machine of whoever runs logpipe is set to says nothing of the host
        _NAMES.update(available_timezones() - {"localtime", "Factory"})
    return _NAMES


_NAMES: set[str] = set()


def _fixed(east: int) -> str | None:
    """Return minutes east of Greenwich as a zone's name."""
    if abs(east) > FARTHEST:
        return None
    if not east:
        return "UTC"
    hours, minutes = divmod(abs(east), 60)
    return f"UTC{'-' if east < 0 else '+'}{hours:02}:{minutes:02}"


def _rules(zone: str) -> tzinfo:
    """Return the rules of a zone that ``zone_name`` gave."""
    if zone == "UTC":
        return UTC
    if match := FIXED.match(zone):
        east = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-east if match[1] == "-" else east)
    return ZoneInfo(zone)


def _offset(rules: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(rules).utcoffset() or timedelta()


def _changes(rules: tzinfo) -> Iterator[datetime]:
    """Yield the moments (UTC) where the distance to Greenwich changes, found by halving days."""
    day = FIRST
    while day < LAST:
        until = day + timedelta(days=14)
        if _offset(rules, day) != _offset(rules, until):
            low, high = day, until
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                if _offset(rules, middle) == _offset(rules, low):
                    low = middle
                else:
                    high = middle
            yield (high + timedelta(milliseconds=500)).replace(microsecond=0)
        day = until


def periods(zone: str) -> pl.DataFrame:
    """Return the rows of table zone_period for one zone: no local time is in two of them."""
    rules = _rules(zone)
    rows = []
    start, begin = FIRST, FIRST + _offset(rules, FIRST)
    for change in [*_changes(rules), LAST]:
        east = _offset(rules, start)
        later = _offset(rules, change)
        # an hour that comes twice ends with its first pass; one that is left out goes with the old
        until = change + max(east, later)
        fold = max(east - later, timedelta())
        rows.append(
            (zone, begin.replace(tzinfo=None), until.replace(tzinfo=None),
             int(east.total_seconds()), int(fold.total_seconds()))
        )  # fmt: skip
        start, begin = change, until
    return pl.DataFrame(
        rows,
        schema={
            "zone": pl.String, "local_from": pl.Datetime("us"), "local_until": pl.Datetime("us"),
            "east_s": pl.Int32, "fold_s": pl.Int32,
        },
        orient="row",
    )  # fmt: skip


def apply_zone(con: Connection, table: str, source_id: int, zone: str) -> None:
    """Compute the UTC times of one source's rows anew from their local times.

    In an hour that comes twice, rows after the first backward step in record order are of its
    second pass. ``zone`` is a name that ``zone_name`` gave.
    """
    if not ask(con, "SELECT 1 FROM zone_period WHERE zone = $zone LIMIT 1", {"zone": zone}):
        insert(con, "zone_period", periods(zone))
    told = {"source_id": source_id, "zone": zone}
    for local, utc in _time_columns(table):
        sql = sql_text("load", "zone_times").replace("log_table", table)
        sql = sql.replace("local_column", local).replace("utc_column", utc)
        con.execute(sql, told).fetchall()
    for fold in ask(con, sql_text("load", "zone_folds").replace("log_table", table), told):
        con.execute(
            f"UPDATE {table} SET ts = ts + to_seconds($fold_s) WHERE source_id = $source_id "
            "AND CAST(record AS BIGINT) * $way >= $place "
            "AND local_ts >= $fold_from AND local_ts < $fold_until",
            fold | {"source_id": source_id},
        ).fetchall()


@cache
def _time_columns(table: str) -> list[tuple[str, str]]:
    """Return the pairs of a table's columns that hold a local time and its UTC."""
    ddl = next(path for path in sql_files("tables") if path.stem.endswith(f"_{table}"))
    names = re.findall(r"^    (\w*local_ts)\b", ddl.read_text("utf-8"), re.MULTILINE)
    return [(name, name.removesuffix("local_ts") + "ts") for name in names]
