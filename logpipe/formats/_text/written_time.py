"""Times as programs print them for people: in the language and the zone of who ran the export.

``9/3/2007 7:00:15 AM``, ``03.09.2007 07:00:15``, ``2007-09-03T07:00:15.1230000+02:00``: the order
of day and month is learnt from all times of the file, for one line alone does not tell it.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

LONGEST = 60  # characters of a time; a longer text is none
MOST_DATES = 4000  # different days that are kept to compare the two orders
INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # direction marks of 6008, .NET
DATE = r"(?P<a>\d{1,4})(?P<mark>[./-]) ?(?P<b>\d{1,2}|[A-Za-z]{3,9})(?P=mark) ?(?P<c>\d{1,4})\.?"
BEFORE = r"(?:(?P<before>AM|PM|上午|下午|午前|午後|오전|오후) ?)?"
CLOCK = r"(?P<h>\d{1,2})[:.](?P<m>\d\d)(?:[:.](?P<s>\d\d))?(?:[.,](?P<fraction>\d{1,9}))?"
AFTER = r"(?: ?(?P<after>[AaPp]\.? ?[Mm]\.?))?"
ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d))?"
WRITTEN = re.compile(rf"^{DATE}(?:(?:T|,? )\s*{BEFORE}{CLOCK}{AFTER}{ZONE})?$")
TICKS = re.compile(r"^/?\\?/?Date\((-?\d{1,15})(?:[+-]\d{4})?\)\\?/?$")  # ConvertTo-Json, REST v2
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LATE = {"下午", "午後", "오후"}
NOON = 12


class Moment(NamedTuple):
    """A time: as UTC, or, with unknown zone, as written in both places."""

    ts: datetime
    local_ts: datetime | None


@dataclass(slots=True)
class Clock:
    """Reads the times of one file; ``utc`` says that times without a zone are UTC."""

    utc: bool = False
    offset: timedelta = timedelta()  # of a zone that the file names in its header, east positive
    month_first: bool = False
    local: bool = False  # whether a time without zone was seen
    note: str | None = None
    _first: int = 0
    _second: int = 0
    _halves: bool = False  # whether AM or PM was seen
    _days: dict[tuple[int, int, int], None] = field(default_factory=dict)

    def learn(self, text: str) -> None:
        """Remember what one time tells of the order of day and month, and of its zone."""
        match = self._match(text)
        if match is None:
            return
        self.local |= not (match["zone"] or self.utc)
        a, b, c = match["a"], match["b"], match["c"]
        if len(a) > 2 or not b.isdigit() or match["mark"] == ".":  # noqa: PLR2004 - a year first
            return
        self._first, self._second = max(self._first, int(a)), max(self._second, int(b))
        self._halves |= bool(match["before"] or match["after"])
        if len(self._days) < MOST_DATES:
            self._days[int(a), int(b), int(c)] = None

    def decide(self) -> None:
        """Settle the order of day and month, and say on what it rests."""
        if not self._days:
            return
        order, why = self._order()
        self.month_first = order
        shown = "month/day/year" if order else "day/month/year"
        self.note = f"dates read as {shown}: {why}"

    def _order(self) -> tuple[bool, str]:
        if (self._first > NOON) != (self._second > NOON):
            return self._second > NOON, "a number above 12 shows it"
        if self._first > NOON:
            return self._halves, "the file holds both orders, so some may be wrong"
        month, day = self._span(0, 1), self._span(1, 0)
        if month != day:
            return month < day, "that brings the times closest together"
        reason = "with" if self._halves else "without"
        return self._halves, f"a guess, from times {reason} AM and PM"

    def _span(self, month: int, day: int) -> int:
        """Return over how many days the dates spread when read in this order."""
        days = [d[2] * 372 + d[month] * 31 + d[day] for d in self._days]
        return max(days) - min(days)

    def read(self, text: str) -> Moment | None:
        """Return the time that a text says, or None where it says none."""
        if ticks := TICKS.match(text):
            return self._ticks(int(ticks.group(1)))
        match = self._match(text)
        if match is None:
            return None
        try:
            written = self._written(match)
            zone = match["zone"]
            if zone is None and not self.utc:
                return Moment(written, written)
            east = self.offset if zone is None else _offset(zone)
            return Moment(
                written.replace(tzinfo=timezone(east)).astimezone(UTC).replace(tzinfo=None), None
            )
        except (ValueError, OverflowError):
            return None

    @staticmethod
    def _ticks(milliseconds: int) -> Moment | None:
        try:
            return Moment(datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds), None)  # noqa: DTZ001 - UTC without zone
        except OverflowError:
            return None

    @staticmethod
    def _match(text: str) -> re.Match[str] | None:
        if len(text) > LONGEST:
            return None
        return WRITTEN.match(" ".join(INVISIBLE.sub("", text).split()))

    def _written(self, match: re.Match[str]) -> datetime:
        """Return the time without regard to zones; raises ValueError where there is no such day."""
        year, month, day = self._day(match)
        hour = int(match["h"] or 0)
        half = (match["after"] or match["before"] or "").lower()
        if half and hour <= NOON:
            hour = hour % NOON + (NOON if half[0] == "p" or half in LATE else 0)
        micros = int((match["fraction"] or "0").ljust(6, "0")[:6])
        return datetime(year, month, day, hour, int(match["m"] or 0), int(match["s"] or 0), micros)  # noqa: DTZ001 - zones are the caller's

    def _day(self, match: re.Match[str]) -> tuple[int, int, int]:
        a, b, c = match["a"], match["b"], match["c"]
        if not b.isdigit():  # 3-Sep-2007
            return _year(c), MONTHS.index(b[:3].lower()) + 1, int(a)
        if len(a) > 2:  # noqa: PLR2004 - four digits are a year
            return int(a), int(b), int(c)
        first, second = int(a), int(b)
        month_first = self.month_first if match["mark"] != "." else False
        if first > NOON or (second <= NOON and not month_first):
            return _year(c), second, first
        return _year(c), first, second


def _year(text: str) -> int:
    """Return a year; two digits are taken as Windows takes them."""
    year = int(text)
    if len(text) > 2:  # noqa: PLR2004 - a whole year
        return year
    return year + (2000 if year < 50 else 1900)  # noqa: PLR2004 - Windows' own border


def _offset(zone: str) -> timedelta:
    """Return how far east of UTC a zone is: +02:00, Z."""
    digits = re.sub(r"\D", "", zone)
    if not digits:
        return timedelta()
    east = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -east if zone.startswith("-") else east
