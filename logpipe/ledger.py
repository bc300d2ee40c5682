"""What is at hand of table source, so that a file like no other need not ask the table.

It may hold more than the table does, after a rollback, but never less: what it knows of a file, the
table is asked for.
"""

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from logpipe.store import Connection, ask

LOADED = ("loaded", "partial")
UNREAD = ("unknown", "failed")
_COLUMNS = "source_id, path, sha256, bytes, format, zone, first_ts, status"


@dataclass(slots=True)
class Ledger:
    """Sources by what a file is compared with."""

    count: int = 0
    last: int = 0
    paths: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)  # paths
    sha256: set[str | None] = field(default_factory=set)
    sizes: set[int] = field(default_factory=set)
    starts: set[tuple[str | None, Any]] = field(default_factory=set)  # formats and first times
    local: set[str | None] = field(default_factory=set)  # formats of which a time may change yet

    def note(self, source: dict[str, Any]) -> None:
        """Add a row of table source; one of a number that is known is there instead of another."""
        self.count += source["source_id"] > self.last
        self.last = max(self.last, source["source_id"])
        self.paths.add(source["path"])
        self.sha256.add(source["sha256"])
        if source["status"] in UNREAD:
            self.unread.add(source["path"])
        if source["status"] in LOADED:
            self.sizes.add(source["bytes"] or 0)
            self.starts.add((source["format"], source["first_ts"]))
            if source["zone"] != "UTC":
                self.local.add(source["format"])


_LEDGERS: WeakKeyDictionary[Connection, Ledger] = WeakKeyDictionary()


def ledger(con: Connection) -> Ledger:
    """Return what is at hand."""
    return _LEDGERS.get(con) or read_ledger(con)


def read_ledger(con: Connection) -> Ledger:
    """Return what is at hand, read anew where rows came or went without it."""
    (row,) = ask(con, "SELECT count(*) AS n, coalesce(max(source_id), 0) AS last FROM source")
    found = _LEDGERS.get(con)
    if found is None or (found.count, found.last) != (row["n"], row["last"]):
        found = _LEDGERS[con] = Ledger()
        for source in ask(con, f"SELECT {_COLUMNS} FROM source ORDER BY source_id"):
            found.note(source)
    return found
