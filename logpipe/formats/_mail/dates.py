"""The times that mails carry: dates of RFC 5322, and X-OriginalArrivalTime with its FILETIME."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_tz

LONGEST = 120  # characters of a date
EARLIEST, LATEST = 1980, 2200  # years; what lies outside is no time of a mail
FURTHEST = 15 * 3600  # seconds from UTC; no zone lies beyond
# +0900 (JST)    -0000    GMT; "JST" alone is a name that means several zones, or none
ZONE = re.compile(r"(?:[+-]\d{4}|\b(?:UT|UTC|GMT|Z|[AECMP][SD]T))\s*(?:\(|$)", re.IGNORECASE)
# FILETIME=[A4660DE0:01CE62D9]: 100 ns since 1601, the low half first
FILETIME = re.compile(r"FILETIME=\[([0-9A-F]{8}):([0-9A-F]{8})\]", re.IGNORECASE)
# 06 Jun 2013 17:16:54.0590 (UTC): the digits are milliseconds before Exchange 2007 (0590 is .590),
# decimals since
ARRIVAL = re.compile(
    r"(\d{1,2} [A-Z][a-z]{2} \d{4} \d{1,2}:\d\d:\d\d)(?:\.(\d{4}))? ?\(UTC\)( FILETIME)?"
)
BEYOND = 2_650_467_744 * 10**9  # ticks to the year 10000, which datetime does not know
YEAR_1601 = datetime(1601, 1, 1)  # noqa: DTZ001 - all times are UTC without a zone


def moment(text: str | None) -> datetime | None:
    """Return a date of a mail in UTC; None where it cannot be read or does not tell its zone."""
    text = (text or "")[:LONGEST].strip()
    if not ZONE.search(text):
        return None
    try:
        parts = parsedate_tz(text)
    except (ValueError, IndexError, TypeError):  # "1:2:3:4", digits of other scripts
        return None
    if parts is None or abs(parts[9] or 0) > FURTHEST:
        return None
    return _utc(parts[:6], parts[9] or 0)


def _utc(parts: tuple[int, ...], offset: int) -> datetime | None:
    try:
        year, month, day, hour, minute, second = parts
        local = datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001
        ts = local - timedelta(seconds=offset)
    except (ValueError, OverflowError):  # 31 Feb, hour 25, year 1
        return None
    return ts if EARLIEST <= ts.year < LATEST else None


def arrival(text: str | None) -> datetime | None:
    """Return the moment of an X-OriginalArrivalTime: its FILETIME, else its text if that is UTC."""
    if match := FILETIME.search(text or ""):
        low, high = (int(half, 16) for half in match.groups())
        ticks = high << 32 | low
        if ticks < BEYOND:
            ts = YEAR_1601 + timedelta(microseconds=ticks // 10)
            return ts if EARLIEST <= ts.year < LATEST else None
    return written_arrival(text)


def written_arrival(text: str | None) -> datetime | None:
    """Return the moment that an X-OriginalArrivalTime spells out."""
    match = ARRIVAL.search((text or "")[:LONGEST])
    ts = moment(match.group(1) + " +0000") if match else None
    if match is None or ts is None or match.group(2) is None:
        return ts
    unit = 1000 if match.group(3) else 100
    return ts + timedelta(microseconds=int(match.group(2)) * unit)


def received_at(value: str | None) -> datetime | None:
    """Return the time that a Received header ends with."""
    return moment((value or "").rpartition(";")[2])
