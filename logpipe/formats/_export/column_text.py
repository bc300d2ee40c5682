r"""Records of PowerShell's table text: names, a line of dashes, values below them.

::

    Identity  DeliveryType Status MessageCount NextHopDomain
    --------  ------------ ------ ------------ -------------
    HUB1\17   DnsConnect.. Retry  12           partner.example
"""

import re
from collections.abc import Iterable, Iterator

from logpipe.formats._export.record import Record
from logpipe.formats._text.lines import EXCERPT, SPOILED, unique_names

DASHES = re.compile(r"^\s*-+(?: +-+)+\s*$")
TOKEN = re.compile(r"\S+")
MOST = 100  # columns

Span = tuple[int, int]


def column_spans(names: str, dashes: str) -> tuple[list[str], list[Span]]:
    """Return the names above a line of dashes and where each column stands."""
    spans = [match.span() for match in re.finditer("-+", dashes)]
    ends = [start for start, _ in spans[1:]] + [len(names) + 1]
    found = [names[start:end].strip() for (start, _), end in zip(spans, ends, strict=True)]
    return unique_names(found), spans


def table_records(lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
    """Yield one record per line below dashes; the line above the dashes is no record."""
    names, spans = list[str](), list[Span]()
    held: tuple[int, str] | None = None  # may turn out to be a line of names
    for number, line in lines:
        if held and line.count("-") and DASHES.match(line) and len(line.split()) <= MOST:
            names, spans = column_spans(held[1], line)
            held = None
        else:
            if held:
                yield _record(*held, names, spans)
            held = (number, line) if line.strip() else None
    if held:
        yield _record(*held, names, spans)


def _record(number: int, line: str, names: list[str], spans: list[Span]) -> Record:
    """Give each word to the column that it stands below, else to the one on its left."""
    if line.startswith(SPOILED):
        return Record(number, {}, line.split(SPOILED)[1], line.split(SPOILED)[2][:EXCERPT])
    if not spans:
        return Record(number, {}, "no column names above this line", line[:EXCERPT])
    parts: list[list[str]] = [[] for _ in names]
    for match in TOKEN.finditer(line):
        below = [i for i, (a, b) in enumerate(spans) if match.start() < b and match.end() > a]
        left = [i for i, (a, _) in enumerate(spans) if a <= match.start()]
        # a number is set right, and may begin before its column: the last one that it touches
        place = below[-1] if below else left[-1] if left else 0
        parts[place].append(match.group())
    values = dict(zip(names, map(" ".join, parts), strict=True))
    return Record(number, values, None, line[:EXCERPT])
