"""What is at hand of table source, so that a file like no other need not ask the table.

It may hold more than the table does, where a source was taken out, but never less: what it knows of
a file, the table is asked for.
"""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from logpipe.model import Source
from logpipe.store import Connection, ask

LOADED = ("loaded", "partial")
UNREAD = ("unknown", "failed")


Span = tuple[Any, Any]  # first and last time


@dataclass(slots=True)
class Ledger:
    """Sources by what a file is compared with."""

    last: int = 0
    paths: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)  # paths
    sha256: set[str | None] = field(default_factory=set)
    sizes: set[int] = field(default_factory=set)
    spans: dict[str | None, list[Span]] = field(default_factory=dict)  # by format
    local: set[str | None] = field(default_factory=set)  # formats of which a time may change yet

    def note(self, source: Source) -> None:
        """Add what a file became, when it stands in the store for good."""
        self.last = max(self.last, source.source_id)
        self.paths.add(source.path)
        self.sha256.add(source.sha256)
        if source.status in UNREAD:
            self.unread.add(source.path)
        if source.status in LOADED:
            self.sizes.add(source.bytes or 0)
            if source.first_ts is not None:
                self.spans.setdefault(source.format, []).append((source.first_ts, source.last_ts))
            if source.zone != "UTC":
                self.local.add(source.format)

    def overlaps(self, format_: str | None, first: Any, last: Any) -> bool:
        """Return whether the span of a source of this format holds this one, or lies within it."""
        if format_ in self.local:
            return True
        return first is not None and any(
            (low <= first and last <= high) or (first <= low and high <= last)
            for low, high in self.spans.get(format_, ())
        )


_LEDGERS: WeakKeyDictionary[Connection, Ledger] = WeakKeyDictionary()


def ledger(con: Connection) -> Ledger:
    """Return what is at hand."""
    return _LEDGERS.get(con) or read_ledger(con)


def read_ledger(con: Connection) -> Ledger:
    """Return what is at hand, read anew: a run begins with what the table says."""
    found = _LEDGERS[con] = Ledger()
    for row in ask(con, "FROM source ORDER BY source_id"):
        found.note(Source(**row))
    return found
