r"""Performance counter logs as text: PDH-CSV 4.0 and PDH-TSV 4.0.

Written by Performance Monitor, ``logman``, ``relog`` and ``typeperf``. One line is one moment, one
column one counter, all cells are quoted. The header's first cell tells the zone, and how many
minutes to add for UTC: ``"(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)"``. Source: headers and
rows of public files; Microsoft describes the format nowhere.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.errors import UnreadableError
from logpipe.formats._counter.clock import Step, steps
from logpipe.formats._counter.path import CounterPath, divide_all
from logpipe.formats._counter.segment import Header, segments_of_headers
from logpipe.formats._text.lines import Text, first_lines, survey
from logpipe.model import Format, Lines, Reading

HEADER = (b'"(PDH-', b"(PDH-")
SAID = (b"Exiting, please wait", b"The command completed")  # typeperf's own words are no records
SNIFF = re.compile(r'^"?\(PDH-[CT]SV \d')
# "(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)"; a real one is cut: "(PDH-CSV 4.0) (RTZ 2 ("
FIRST_CELL = re.compile(r'^\ufeff?"?\((PDH-[^()",\t]*)\)?[ ]*([^",\t]*)')
ZONE = re.compile(r"^\((.+)\)\s*\((-?\d{1,4})\)\s*$")
FARTHEST = 15 * 60  # minutes; no zone is farther from Greenwich
CYRILLIC = re.compile(r"[\u0410-\u044f\u0401\u0451]")
MOST_HEADERS, MOST_LAYOUTS = 10_000, 500
FEW = 8  # letters; less tells nothing about a code page
UTC = ("UTC", "Coordinated Universal Time")


def sniff(head: bytes) -> bool:
    """Return whether the first line that is not blank begins as a PDH header does."""
    lines = (line.strip("\ufeff ") for line in first_lines(head))
    return bool(SNIFF.match(next(filter(None, lines), "")))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per header line and step of the clock."""
    text = survey(path, scratch, HEADER + SAID)
    headers = _headers(text)
    told = next((header for header in headers if header.bias is not None), None)
    moves = steps(text.path, [h.line for h in headers]) if told and told.zone not in UTC else []
    zone, known_by = (f"{told.bias} {told.zone}", "header") if told else (None, None)
    if told and len(_hosts(headers)) != 1:  # the zone is that of the collecting machine
        zone, known_by = "UTC", "format"
    yield Reading(
        load="counter_sample",
        records=text.records,
        batches=iter([Lines(text.path, segments_of_headers(headers, moves, text.lines))]),
        generation=headers[0].version if headers else None,
        zone=zone,
        zone_known_by=known_by,
        notes=(*text.notes, *_notes(headers, moves)),
    )


def _headers(text: Text) -> list[Header]:
    """Divide all header lines; raise where there are more than counter logs have."""
    headers: list[Header] = []
    layouts: set[tuple[CounterPath, ...]] = set()
    for line, cells in text.headers:
        if FIRST_CELL.match(cells):
            headers.append(_header(line, cells))
            layouts.add(headers[-1].counters)
        if len(headers) > MOST_HEADERS or len(layouts) > MOST_LAYOUTS:
            raise UnreadableError(
                f"more than {MOST_HEADERS:,} header lines or {MOST_LAYOUTS} kinds of them: "
                "many counter logs in one file; give them one by one"
            )
    return headers


def _header(line: int, text: str) -> Header:
    """Divide one header line."""
    version, rest = FIRST_CELL.findall(text)[0]
    told = ZONE.match(rest)
    bias = int(told[2]) if told and abs(int(told[2])) <= FARTHEST else None
    zone = told[1] if told and bias is not None else None
    divider = "\t" if "TSV" in version else ","
    paths = [path.strip() for path in _divided(_cyrillic(text), divider)[1:]]
    most = len(paths) + 1
    if len(paths) > 1 and paths[0].startswith("\\") and not paths[-1].startswith("\\"):
        paths.pop()
    return Header(
        line, version, zone, bias, divider, len(paths) + 1, most, divide_all(tuple(paths))
    )


def _divided(text: str, divider: str) -> list[str]:
    """Return the cells of a header line; where they are no CSV, what stands between dividers."""
    try:
        (cells,) = csv.reader([text], delimiter=divider)
    except (csv.Error, ValueError):  # a cell over 128 KiB
        cells = [cell.strip('"') for cell in text.split(divider)]
    return cells


def _cyrillic(text: str) -> str:
    """Put right names in Windows-1251, which were read as Windows-1252.

    Such names hold hardly any other letter, in whole words; Western words have one or two.
    """
    high = "".join(re.findall(r"[\x80-\uffff]", text))
    try:
        russian = high.encode("cp1252").decode("cp1251")
        mended = text.encode("cp1252").decode("cp1251")
    except UnicodeError:
        return text
    in_words = 3 * len(re.findall(r"[\x80-\uffff]{3}", text))
    letters = len(CYRILLIC.findall(russian))
    plain = len(high) < FEW or letters < 0.97 * len(high) or in_words < len(high) / 2
    return text if plain else mended


def _hosts(headers: list[Header]) -> set[str]:
    return {c.host.upper() for header in headers for c in header.counters if c.host}


def _notes(headers: list[Header], moves: list[Step]) -> Iterator[str]:
    """Say what a reader of the report must know of the times and hosts."""
    if any(header.bias is None for header in headers):
        yield "the header tells no distance from UTC: times are local"
    for line, minutes in moves:
        hours = "an hour more" if minutes > 0 else "an hour less" if minutes else "again the bias"
        yield f"dst_adjusted: the clock steps by an hour at line {line}: from there {hours}"
    hosts = _hosts(headers)
    if len(hosts) > 1:
        yield f"counters of {len(hosts)} hosts"


FORMAT = Format(
    "pdh_csv",
    "Performance counter log (PDH-CSV, PDH-TSV)",
    table="counter_sample",
    sniff=sniff,
    read=read,
)
