"""One message hop by hop, as text: for ``logpipe trace``."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logpipe.report._trace_words import (
    clock_sentences,
    for_words,
    gap_words,
    step_words,
    time_words,
    wait_words,
)
from logpipe.report._words import duration_words, list_words
from logpipe.report.text import clean, clip, fold
from logpipe.words import count_words

WIDTH = 80
PARTS = re.compile(r"( +|(?<=[/\\!])(?=\S))")  # where a line may end

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Traced:
    """One message: who and when, the clocks of its hosts, its hops, recipients and whole story.

    Rows are those of ``sql/reports/trace_*.sql``; ``quotes`` are raw lines by path and number.
    """

    head: Row
    clocks: Sequence[Row]
    hops: Sequence[Row]
    recipients: Sequence[Row]
    entries: Sequence[Row]
    quotes: Mapping[tuple[str, int], str]


def listed_lines(found: Sequence[Row], most: int) -> Iterator[str]:
    """Yield the messages that may be meant, newest first, and what to type next."""
    matches = found[0]["matches"]
    how = {1: "have this id", 2: "are from or to this address"}.get(
        found[0]["fit"], "have these words in the subject"
    )
    yield from _wrapped(f"{matches:,} messages {how}; the newest first:", 0)
    for row in found:
        others = f" and {row['recipients'] - 1:,} more" if row["recipients"] > 1 else ""
        to = f"{row['recipient'] or 'recipient unknown'}{others}"
        yield ""
        yield from _wrapped(
            f"{time_words(row['entered'])}  {row['sender'] or 'sender unknown'} to {to}", 4
        )
        if row["subject"] is not None:
            yield from _wrapped(f"    {clip(fold(row['subject']), 140)}", 4)
        yield from _wrapped(f"    {row['mail']}", 4)
    if matches > most:
        yield ""
        yield f"and {matches - most:,} older; --from, --to and --host narrow what is listed"
    yield ""
    yield "Next: logpipe trace ID, with one of these ids"


def trace_lines(found: Traced) -> Iterator[str]:
    """Yield who wrote to whom, the hops, what became of it for each, and every step in order."""
    yield from _head_lines(found)
    for place, words in enumerate(clock_sentences(found.clocks)):
        yield from _wrapped(f"  {words}", 4) if place else ["", *_wrapped(words, 0)]
    yield from _hop_lines(found.hops)
    yield ""
    yield "Recipients:"
    for row in found.recipients:
        at = f", {'~' if row['moved'] else ''}{time_words(row['at_ts'])}" if row["at_ts"] else ""
        yield from _wrapped(f"  {row['recipient']}: {row['text']}{at}", 6)
    yield ""
    yield "Steps:"
    everyone = [row["recipient"] for row in found.recipients]
    for entry in found.entries:
        yield from _entry_lines(entry, everyone, found.quotes)
    if todo := list(dict.fromkeys(one["collect"] for one in found.entries if one["collect"])):
        yield ""
        yield "To know more, collect:"
        for words in todo:
            yield from _wrapped(f"  {words}", 4)


def _head_lines(found: Traced) -> Iterator[str]:
    head = found.head
    yield from _wrapped(f"Message {head['mail']}", 4)
    to = count_words(head["recipients"], "recipient")
    if head["recipients"] == 1 and found.recipients:
        to = found.recipients[0]["recipient"]
    yield from _wrapped(f"From {head['sender'] or 'an unknown sender'} to {to}", 4)
    if head["subject"] is not None:
        yield from _wrapped(f"Subject: {clip(fold(head['subject']), 300)}", 4)
    told = count_words(head["steps"], "step")
    if head["hosts"]:
        told = f"{count_words(head['hosts'], 'host')}, {told}"
    if head["seconds"] is not None:
        span = f"{time_words(head['first_ts'])} to {time_words(head['last_ts'])} UTC"
        told = f"{span}, {duration_words(head['seconds'])}; {told}"
    yield from _wrapped(told, 4)


def _hop_lines(hops: Sequence[Row]) -> Iterator[str]:
    if not hops:
        return
    yield ""
    yield "Hops:"
    wide = min(max(len(clean(row["host"])) for row in hops), 15)
    for row in hops:
        mark = "~" if row["moved"] else " "
        host = f"{row['hop']:>3} {clip(clean(row['host']), 15):{wide}}"
        came = f", from {list_words(row['came_from'])}" if row["came_from"] else ""
        seen = "in  " if row["entry_seen"] else "seen"  # how it came in is not in the logs
        indent = len(host) + 8
        yield from _wrapped(f"{host}  {seen} {mark}{time_words(row['in_ts'])}{came}", indent)
        left = f"{' ' * len(host)}  out  {mark}"
        if row["out_ts"] is None:
            yield f"{left}not seen"
            continue
        to = f", to {list_words(row['next_hosts'])}" if row["next_hosts"] else ""
        after = f", after {duration_words(row['seconds'])}"
        yield from _wrapped(f"{left}{time_words(row['out_ts'])}{after}{to}", indent)


def _entry_lines(
    entry: Row, everyone: Sequence[str], quotes: Mapping[tuple[str, int], str]
) -> Iterator[str]:
    """Yield one entry: a step at the margin, what lies between steps behind dashes."""
    mark = "~" if entry["moved"] else " "
    at = f"{mark}{time_words(entry['at_ts'])}"
    if entry["entry"] == "step":
        yield from _wrapped(f"{at}  {entry['host'] or 'host unknown'}  {step_words(entry)}", 4)
        own = time_words(entry["ts"])
        facts = [
            f"its clock: {own}" if entry["moved"] else "",
            for_words(entry["recipients"], everyone),
            f"said: {fold(entry['status'])}" if entry["status"] else "",
            "" if entry["sure"] else "not named in this log: sender, recipient and time fit",
        ]
        for words in filter(None, facts):
            yield from _wrapped(f"    {words}", 6)
    elif entry["entry"] == "wait":
        whom = for_words(entry["recipients"], everyone)
        yield from _wrapped(f"  -- {wait_words(entry)}{f' ({whom})' if whom else ''}", 5)
    elif entry["entry"] == "restart":
        yield from _wrapped(f"  -- {at.strip()}  {entry['text']}", 5)
    else:
        yield from _wrapped(f"  -- {gap_words(entry)}", 5)
    if entry["source"] is not None and entry["entry"] != "wait":
        more = f" and {entry['lines'] - 1:,} more" if entry["lines"] > 1 else ""
        yield from _wrapped(f"    {entry['source']}:{entry['record']}{more}", 6)
        if quote := quotes.get((entry["source"], entry["record"])):
            yield from _wrapped(f"    | {quote}", 6)


def _wrapped(text: str, indent: int) -> list[str]:
    """Return text in lines of at most ``WIDTH``; a path is parted behind a folder's end."""
    shown = clean(text)
    wrapper = textwrap.TextWrapper(
        WIDTH, initial_indent=" " * (len(shown) - len(shown.lstrip(" "))),
        subsequent_indent=" " * indent, break_on_hyphens=False,
    )  # fmt: skip
    wrapper.wordsep_simple_re = PARTS
    return wrapper.wrap(shown.lstrip(" "))
