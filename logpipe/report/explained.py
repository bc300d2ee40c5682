"""One incident with all that speaks for it, as text: for ``logpipe explain``."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logpipe.report._words import (
    lasted,
    list_words,
    measure_words,
    number_words,
    span_words,
    to_second,
)
from logpipe.report.text import clean, clip, fold, hang
from logpipe.words import count_words

MOST_OF_ROLE = 10  # findings of one role that are shown, unless all are asked for
MOST_QUOTED = 3  # lines of the terminal that one raw line may take
BAR = "      | "
# version of aqueue.dll: wmic datafile where ...
COMMAND = re.compile(
    r"(?<=:) (?=(?:copy|cscript|dir|nslookup|reg|regedit|sc|systeminfo|tasklist|typeperf|w32tm"
    r"|wevtutil|wmic|xcopy) )"
)
MARKS = {"present": "+", "absent": "-", "unknown": "?"}

Place = tuple[str, int]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """An incident as in report.json, and what explains it.

    ``waits`` are the causes of its messages' waiting, ``quotes`` the raw lines by path and number.
    """

    incident: Row
    waits: Sequence[Row]
    quotes: Mapping[Place, str]
    packed: Sequence[str] = ()  # archives that hold lines which the findings name


def listed_lines(incidents: Sequence[Row]) -> Iterator[str]:
    """Yield the id of every incident with its severity, start and title, in the order given."""
    for one in incidents:
        yield clean(f"{one['id']}  {one['severity']}  {to_second(one['started_at'])}")
        yield clip(clean(f"    {fold(one['title'])}"), 80)
    if not incidents:
        yield "No incident: run 'logpipe detect' first, if it was not."


def explain_lines(found: Explained, width: int = 80, *, whole: bool = False) -> Iterator[str]:
    """Yield what is known of an incident: verdict and signs, what to do, then findings, or all.

    No line is wider than asked, but for places and commands, which stay whole.
    """
    incident = found.incident
    start, end = incident["started_at"], incident["ended_at"]
    duration = lasted(start, end)
    ids = f"{incident['id']}, rule {incident['rule']}, host {incident['host'] or 'unknown'}"
    yield from hang(f"{incident['severity'].upper()}  {fold(incident['title'])}", width)
    yield from hang(ids, width)
    yield span_words(start, end) + (f" ({duration})" if duration else "")
    yield from hang(fold(incident["summary"]), width)
    for name, value in incident["measures"].items():
        yield from hang(": ".join(measure_words(name, value)), width, 2, 6)
    yield from _verdict_lines(incident, width)
    yield from missing_lines(incident["missing_evidence"], width)
    for name, title in (("todo", "What to do"), ("why", "Why it matters")):
        if incident[name]:
            yield ""
            yield from hang(f"{title}: {fold(incident[name])}", width)
    if incident["references"]:
        yield from hang(f"References: {', '.join(incident['references'])}", width)
    yield from _wait_lines(found.waits, width)
    most = len(incident["findings"]) if whole else MOST_OF_ROLE
    yield from _finding_lines(incident["findings"], found.quotes, width, most)
    for archive in found.packed:
        yield "Raw lines are not quoted from archives: unpack this one and analyze the folder,"
        yield clean(f"  {archive}")


def _verdict_lines(incident: Row, width: int) -> Iterator[str]:
    """Yield the known problem with its signs, and what else was considered."""
    if incident["known_problem"]:
        title = incident["known_problem_title"] or incident["known_problem"]
        yield ""
        yield from hang(f"Known problem, {incident['verdict']}: {fold(title)}", width)
    if incident["signs"]:
        yield ""
        yield "Signs (+ present, - absent, ? unknown):"
        for sign in incident["signs"]:
            said = f": {fold(sign['text'])}" if sign.get("text") else ""
            mark = MARKS.get(sign["state"], "?")
            yield from hang(f"{mark} {sign['id']} {sign['title']}{said}", width, 2, 6)
    if incident["considered"]:
        yield ""
        yield "Also considered:"
    for other in incident["considered"]:
        said = f"{other['problem']}: {other['verdict']}; {fold(other['reason'])}"
        yield from hang(said, width, 2, 6)
        for resembling in other["look_alikes"]:
            yield from hang(f"resembles {fold(resembling)}", width, 6, 8)


def missing_lines(missing: Sequence[str], width: int) -> Iterator[str]:
    """Yield what would make it surer; the command that gets it stands alone, to be pasted."""
    if missing:
        yield ""
        yield "What is missing:"
    for item in missing:
        what, command = split_command(item)
        yield from hang(what, width, 2, 4)
        if command:
            yield clean(f"    {command}")


def split_command(item: object) -> tuple[str, str]:
    """Return what is missing, and the command that gets it, if it is told."""
    what, *command = COMMAND.split(fold(item), maxsplit=1)
    return what, "".join(command)


def _wait_lines(waits: Sequence[Row], width: int) -> Iterator[str]:
    """Yield what the waiting of the messages was made of."""
    if waits:
        yield ""
        yield "Why its mail waited:"
    for row in waits:
        size = f"{number_words(row['hours'])} h, {count_words(row['messages'], 'message')}"
        yield from hang(f"{row['cause']}: {size}; {fold(row['text'])}", width, 2, 6)


def _quote_lines(quote: str, width: int) -> Iterator[str]:
    """Yield a raw line, cut where the width ends, and with three dots where it goes on too long."""
    room = max(width, 40) - len(BAR)
    cut = clip(quote, MOST_QUOTED * room)
    yield from (f"{BAR}{cut[at : at + room]}" for at in range(0, len(cut), room))


def _finding_lines(
    findings: Sequence[Row], quotes: Mapping[Place, str], width: int, most: int
) -> Iterator[str]:
    """Yield the first findings of each role, in order, each with its place and raw line."""
    yield ""
    yield f"{count_words(len(findings), 'finding')}, in order:"
    shown: Counter[str] = Counter()
    for found in sorted(findings, key=lambda found: found["ts"]):
        shown[found["role"]] += 1
        if shown[found["role"]] > most:
            continue
        said = f"{to_second(found['ts'])}  {found['role']}  {fold(found['text'])}"
        yield from hang(said, width, 2, 6)
        if found["source"] is None:
            continue
        yield clean(f"      {found['source']}:{found['record']}")
        if quote := quotes.get((found["source"], found["record"])):
            yield from _quote_lines(quote, width)
    more = [
        count_words(count - most, f"more {role}")
        for role, count in sorted(shown.items())
        if count > most
    ]
    if more:
        yield from hang(f"and {list_words(more)}: --all shows them", width, 2)
