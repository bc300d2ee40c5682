"""Who has got which night's report: table delivery."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask

CATCH_UP = timedelta(days=7)  # older reports are not sent any more: they lie in their folders


class Due(NamedTuple):
    """A night whose report somebody lacks: its number, its folder, the receivers by way."""

    night_id: int
    report: str
    receivers: dict[str, list[str]]


def expect(con: Connection, night_id: int, receivers: Sequence[tuple[str, str]]) -> None:
    """Write down who is to get a night's report."""
    for way, receiver in receivers:
        con.execute(
            "INSERT INTO delivery (night_id, way, receiver, tries) VALUES ($night, $way, $who, 0)",
            {"night": night_id, "way": way, "who": receiver},
        ).fetchall()


def book_due(con: Connection, known: Iterable[tuple[str, str]], moment: datetime) -> list[Due]:
    """Return what is to be sent now, the oldest night first, to receivers that are configured."""
    here = set(known)
    nights: dict[int, Due] = {}
    for row in ask(con, sql_text("nightly", "due"), {"since": moment - CATCH_UP}):
        if (row["way"], row["receiver"]) in here:
            due = nights.setdefault(row["night_id"], Due(row["night_id"], row["report"], {}))
            due.receivers.setdefault(row["way"], []).append(row["receiver"])
    return list(nights.values())


def note_sent(con: Connection, night_id: int, way: str, receiver: str, moment: datetime) -> None:
    """Write down that a receiver has a report, and whether all have it now."""
    asked = {"night": night_id, "way": way, "who": receiver, "moment": moment}
    con.execute(
        "UPDATE delivery SET sent = $moment, tries = tries + 1, fault = NULL"
        " WHERE night_id = $night AND way = $way AND receiver = $who",
        asked,
    ).fetchall()
    con.execute(
        "UPDATE night SET delivered = $moment WHERE night_id = $night"
        " AND NOT EXISTS (FROM delivery WHERE night_id = $night AND sent IS NULL)",
        {"night": night_id, "moment": moment},
    ).fetchall()


def note_failed(con: Connection, night_id: int, way: str, receiver: str, fault: str) -> None:
    """Write down why a receiver has no report yet."""
    con.execute(
        "UPDATE delivery SET tries = tries + 1, fault = $fault"
        " WHERE night_id = $night AND way = $way AND receiver = $who",
        {"night": night_id, "way": way, "who": receiver, "fault": fault},
    ).fetchall()
