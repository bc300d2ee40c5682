"""Words for the story of one message, on a terminal and on a page alike."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from logpipe.report._words import duration_words, list_words
from logpipe.report.text import clip, fold
from logpipe.words import count_words

MOST_NAMED = 4  # recipients of one step

Row = Mapping[str, Any]


def time_words(at: datetime | None) -> str:
    """Return a time to the millisecond, or to the second where the log has no more."""
    if at is None:
        return "time unknown"
    return at.isoformat(" ", "milliseconds" if at.microsecond else "seconds")


def no_match_words(what: str, logs: Sequence[Row], *, narrowed: bool) -> str:
    """Return on one line what was looked for in which logs, and what to collect."""
    where = [f"{log['log']} of {log['host']}" for log in logs]
    looked = "the store has no mail log; load SMTP or tracking logs with 'logpipe ingest'"
    if logs:
        ends = [log[name] for log in logs for name in ("first_ts", "last_ts") if log[name]]
        span = f", {min(ends):%Y-%m-%d %H:%M} to {max(ends):%Y-%m-%d %H:%M} UTC" if ends else ""
        looked = f"looked in {list_words(where, 6)}{span}"
        if {log["log"] for log in logs} == {"smtp"}:
            looked += "; SMTP logs have no subjects"
        looked += "; collect logs of the host that took it in"
    within = ", --from, --to or --host" if narrowed else ""
    return f"trace {clip(what, 200)}: no message of this id, address or subject{within}; {looked}"


def clock_sentences(clocks: Sequence[Row]) -> list[str]:
    """Return by whose clock the times are told, and how far the others are from it."""
    first = next((row["host"] for row in clocks if row["known_by"] == "first"), None)
    if len(clocks) < 2 or first is None:  # noqa: PLR2004 - of one clock there is nothing to say
        return []
    moved = "; ~ is a time moved to it" if any(row["moved"] for row in clocks) else ""
    others = [f"{row['host']}: {clock_words(row)}" for row in clocks if row["host"] != first]
    return [f"Times are by the clock of {first}, which saw it first{moved}.", *others]


def clock_words(row: Row) -> str:
    """Return how far a host's clock is from the first one's, and how well that is known."""
    if row["known_by"] is None:
        return "no mail tells how far its clock is off; its times stand as they are"
    known = f"by {count_words(row['messages'], 'message')}"
    if row["steps"] > 1:
        known = "by way of other hosts"
    if not row["moved"]:
        return f"its clock agrees within {row['tolerance_s']:g} s, {known}"
    ahead = "ahead" if row["ahead_s"] > 0 else "behind"
    return (
        f"its clock is {abs(row['ahead_s']):.1f} s {ahead} (spread {row['spread_s']:.1f} s, "
        f"{known}); an order within {row['tolerance_s']:g} s is not sure"
    )


def step_words(entry: Row) -> str:
    """Return what happened in words of the field, with the other side."""
    if not entry["other"]:
        return str(entry["text"])
    known = entry["other_host"]
    name = entry["other"] if known is None else f"{known} ({entry['other']})"
    way = {"from": " from", "to": " to" if entry["kind"] == "ok" else ", next hop"}[entry["side"]]
    return f"{entry['text']}{way} {name}"


def wait_words(entry: Row) -> str:
    """Return how long it waited and why."""
    seconds = (entry["until_ts"] - entry["at_ts"]).total_seconds()
    return f"waited {duration_words(seconds)}, {entry['kind']}: {fold(entry['text'])}"


def gap_words(entry: Row) -> str:
    """Return what the logs do not tell, and from when to when where that is known."""
    words = f"gap: {fold(entry['text'])}"
    if entry["until_ts"] is None:
        return words
    return f"{words}; {time_words(entry['at_ts'])} to {time_words(entry['until_ts'])}"


def for_words(recipients: Sequence[str], everyone: Sequence[str]) -> str:
    """Return for whom an entry is, and nothing where the message has no other recipient."""
    if not recipients or (len(everyone) == 1 and list(recipients) == list(everyone)):
        return ""
    if len(recipients) > 1 and list(recipients) == list(everyone):
        return f"for all {len(everyone):,} recipients"
    return f"for {list_words(recipients, MOST_NAMED)}"
