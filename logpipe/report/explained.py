"""One incident with all that speaks for it, as text: for ``logpipe explain``."""

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
from logpipe.report.text import clean, clip, fold
from logpipe.words import count_words

MOST_OF_ROLE = 40  # findings of one role that are shown
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


def explain_lines(found: Explained) -> Iterator[str]:
    """Yield what is known of an incident: verdict, signs, findings with their lines, what to do."""
    incident = found.incident
    start, end = incident["started_at"], incident["ended_at"]
    duration = lasted(start, end)
    yield clean(f"{incident['severity'].upper()}  {fold(incident['title'])}")
    yield clean(f"{incident['id']}, rule {incident['rule']}, host {incident['host'] or 'unknown'}")
    yield span_words(start, end) + (f" ({duration})" if duration else "")
    yield clean(fold(incident["summary"]))
    for name, value in incident["measures"].items():
        yield clean("  " + ": ".join(measure_words(name, value)))
    yield from _verdict_lines(incident)
    yield from _wait_lines(found.waits)
    yield from _finding_lines(incident["findings"], found.quotes)
    for archive in found.packed:
        yield "Raw lines are not quoted from archives: unpack this one and analyze the folder,"
        yield clean(f"  {archive}")
    yield from _list_lines("What is missing:", incident["missing_evidence"])
    for name in ("why", "todo"):
        if incident[name]:
            yield ""
            yield {"why": "Why it matters: ", "todo": "What to do: "}[name] + clean(
                fold(incident[name])
            )
    if incident["references"]:
        yield clean(f"References: {', '.join(incident['references'])}")


def _verdict_lines(incident: Row) -> Iterator[str]:
    """Yield the known problem with its signs, and what else was considered."""
    if incident["known_problem"]:
        title = incident["known_problem_title"] or incident["known_problem"]
        yield ""
        yield clean(f"Known problem, {incident['verdict']}: {fold(title)}")
    if incident["signs"]:
        yield ""
        yield "Signs (+ present, - absent, ? unknown):"
        for sign in incident["signs"]:
            said = f": {fold(sign['text'])}" if sign.get("text") else ""
            yield clean(f"  {MARKS.get(sign['state'], '?')} {sign['id']} {sign['title']}{said}")
    if incident["considered"]:
        yield ""
        yield "Also considered:"
    for other in incident["considered"]:
        yield clean(f"  {other['problem']}: {other['verdict']}; {fold(other['reason'])}")
        for resembling in other["look_alikes"]:
            yield clean(f"      resembles {fold(resembling)}")


def _wait_lines(waits: Sequence[Row]) -> Iterator[str]:
    """Yield what the waiting of the messages was made of."""
    if waits:
        yield ""
        yield "Why its mail waited:"
    for row in waits:
        size = f"{number_words(row['hours'])} h, {count_words(row['messages'], 'message')}"
        yield clean(f"  {row['cause']}: {size}; {fold(row['text'])}")


def _finding_lines(findings: Sequence[Row], quotes: Mapping[Place, str]) -> Iterator[str]:
    """Yield the findings in the order of their times, each with its place and raw line."""
    yield ""
    yield f"{count_words(len(findings), 'finding')}, in order:"
    shown: Counter[str] = Counter()
    for found in sorted(findings, key=lambda found: found["ts"]):
        shown[found["role"]] += 1
        if shown[found["role"]] > MOST_OF_ROLE:
            continue
        yield clean(f"  {to_second(found['ts'])}  {found['role']}  {fold(found['text'])}")
        if found["source"] is None:
            continue
        yield clean(f"      {found['source']}:{found['record']}")
        if quote := quotes.get((found["source"], found["record"])):
            yield f"      | {quote}"
    more = [
        count_words(count - MOST_OF_ROLE, f"more {role}")
        for role, count in sorted(shown.items())
        if count > MOST_OF_ROLE
    ]
    if more:
        yield f"  and {list_words(more)}: report.json has them all"


def _list_lines(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield a list under a title, nothing for an empty one."""
    if lines:
        yield ""
        yield title
        for line in lines:
            yield clean(f"  {fold(line)}")
