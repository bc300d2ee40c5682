"""One message hop by hop, as one page that needs no network and runs no script."""

from collections.abc import Mapping
from typing import Any

from logpipe import __version__
from logpipe.report._trace_words import (
    clock_sentences,
    for_words,
    gap_words,
    step_words,
    time_words,
    wait_words,
)
from logpipe.report._words import duration_words, list_words
from logpipe.report.html import page
from logpipe.report.text import fold
from logpipe.report.traced import Traced
from logpipe.words import count_words

MOST_ENTRIES = 2000  # steps, waits and gaps,
MOST_RECIPIENTS = 500  # and recipients that the page shows
MOODS = {"delivered": "good", "handed-on": "good", "returned": "bad", "failed": "bad"}

Row = Mapping[str, Any]


def render_trace(found: Traced) -> str:
    """Return the story of one message as a page; every value in it is taken to be hostile."""
    head = found.head
    everyone = [row["recipient"] for row in found.recipients]
    span = None
    if head["seconds"] is not None:
        span = f"{time_words(head['first_ts'])} to {time_words(head['last_ts'])}"
    collect = dict.fromkeys(one["collect"] for one in found.entries if one["collect"])
    return page("trace.html.j2").render(
        version=__version__,
        mail=head["mail"],
        headline=fold(head["subject"]) or head["mail"],
        sender=head["sender"] or "an unknown sender",
        whom=everyone[0] if len(everyone) == 1 else count_words(len(everyone), "recipient"),
        took=None if head["seconds"] is None else duration_words(head["seconds"]),
        span=span,
        steps=head["steps"],
        clocks=clock_sentences(found.clocks),
        moved=any(row["moved"] for row in found.clocks),
        hops=[_hop(row) for row in found.hops],
        recipients=[_recipient(row) for row in found.recipients[:MOST_RECIPIENTS]],
        recipients_left=max(len(found.recipients) - MOST_RECIPIENTS, 0),
        entries=[_entry(row, everyone, found) for row in found.entries[:MOST_ENTRIES]],
        entries_left=max(len(found.entries) - MOST_ENTRIES, 0),
        collect=list(collect)[:MOST_RECIPIENTS],
    )


def _hop(row: Row) -> dict[str, Any]:
    mark = "~" if row["moved"] else ""
    seen = "" if row["entry_seen"] else " (how it came in is not seen)"
    return {
        "hop": row["hop"],
        "host": row["host"],
        "come": f"{mark}{time_words(row['in_ts'])}{seen}",
        "gone": "not seen" if row["out_ts"] is None else f"{mark}{time_words(row['out_ts'])}",
        "stay": None if row["seconds"] is None else duration_words(row["seconds"]),
        "came_from": list_words(row["came_from"]),
        "next_hosts": list_words(row["next_hosts"]),
    }


def _recipient(row: Row) -> dict[str, Any]:
    at = time_words(row["at_ts"]) if row["at_ts"] else ""
    return {
        "recipient": row["recipient"],
        "mood": MOODS.get(row["outcome"], "open"),
        "text": fold(row["text"]),
        "at": f"~{at}" if at and row["moved"] else at,
    }


def _entry(row: Row, everyone: list[str], found: Traced) -> dict[str, Any]:
    """Return one row of the story."""
    words = {"step": step_words, "wait": wait_words, "gap": gap_words}.get(row["entry"])
    is_step = row["entry"] == "step"
    return {
        "entry": row["entry"],
        "at": time_words(row["at_ts"]),
        "moved": row["moved"],
        "own": time_words(row["ts"]) if is_step and row["moved"] else None,
        "host": row["host"],
        "text": words(row) if words else row["text"],
        "whom": for_words(row["recipients"], everyone),
        "status": fold(row["status"]),
        "sure": row["sure"] or not is_step,
        "source": row["source"] if row["entry"] != "wait" else None,
        "record": row["record"],
        "lines": row["lines"],
        "raw": found.quotes.get((row["source"], row["record"])) if is_step else None,
    }
