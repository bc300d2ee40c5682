"""What of a file is in the store already: copies, longer and shorter copies of a growing log.

Event logs overlap record by record, which ``sql/dedupe`` knows; this is about whole files and about
text logs, whose lines carry no number of their own.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from logpipe.formats import all_formats
from logpipe.formats._text.lines import line_ends_at, whole_lines
from logpipe.ledger import ledger
from logpipe.model import Format, Source
from logpipe.sqlfiles import sql_files, sql_text
from logpipe.store import Books, Connection, ask, count_books

DEDUPED = frozenset(path.stem for path in sql_files("dedupe"))  # tables with a rule for overlaps
INVENTORY = frozenset({"file_version", "registry_value", "host_setting", "host_fact"})
FEW = 2_000  # rows


def digests(con: Connection, path: Path, size: int) -> dict[int, str]:
    """Return the SHA-256 of the file, and of its beginnings as long as a known, shorter source."""
    stops = {stop for stop in ledger(con).sizes if 0 < stop < size}
    digest, sums, done = hashlib.sha256(), {}, 0
    with path.open("rb") as file:
        for stop in sorted(stops | {size}):
            while done < stop and (block := file.read(min(1 << 20, stop - done))):
                digest.update(block)
                done += len(block)
            sums[stop] = digest.copy().hexdigest()
    return sums


def find_twin(con: Connection, sha256: str, path: str) -> Source | None:
    """Return the source that brought the same bytes, the one of the same path first."""
    if sha256 not in ledger(con).sha256:
        return None
    asked = {"sha256": sha256, "path": path, "inventory": inventory_formats()}
    rows = ask(con, sql_text("load", "twin"), asked)
    return Source(**rows[0]) if rows else None


@cache
def inventory_formats() -> list[str]:
    """Return the formats of lists that may be alike on two hosts, and name neither."""
    return [format_.name for format_ in all_formats() if format_.table in INVENTORY]


def fold_copies(con: Connection) -> None:
    """Take out inventories that are the same and of the same host, once the hosts are known."""
    tables = {format_.name: format_.table for format_ in all_formats()}
    for row in ask(con, sql_text("load", "same_host"), {"inventory": inventory_formats()}):
        for table in (tables[row["format"]], "reject"):
            _ask_of(con, table, "drop_source", {"source_id": row["source_id"]})
        told = {"source_id": row["source_id"], "path": row["path"]}
        con.execute(sql_text("load", "copy_known"), told).fetchall()


def find_replaced(con: Connection, path: str, source_id: int) -> int | None:
    """Return the latest source of the same path: with other bytes, as they did not only grow."""
    if path not in ledger(con).paths:
        return None
    (row,) = ask(
        con,
        "SELECT max(source_id) AS source_id FROM source "
        "WHERE path = $path AND source_id <> $source_id",
        {"path": path, "source_id": source_id},
    )
    return None if row["source_id"] is None else int(row["source_id"])


@dataclass(frozen=True, slots=True)
class Known:
    """How far a grown text log is in the store already."""

    last_line: int = 0
    records: int = 0
    path: str | None = None


def known_prefix(con: Connection, format_: Format, content: Path, sums: dict[int, str]) -> Known:
    """Find the longest known source that is the beginning of this text log, if there is one."""
    if format_.growth != "lines":
        return Known()
    if ledger(con).sha256.isdisjoint(sums.values()):
        return Known()
    shorter = ask(con, sql_text("load", "shorter"), {"size": max(sums), "format": format_.name})
    for row in shorter:  # the longest first
        if row["sha256"] != sums[row["bytes"]]:
            continue
        whole, half = whole_lines(content, row["bytes"])
        if half and (row["last_refused"] == whole + 1 or not line_ends_at(content, row["bytes"])):
            # what was read of it may have been refused, or gone to another copy: the line comes now
            _drop_record(con, format_, row["source_id"], whole + 1)
            return Known(whole, row["records"] - 1, row["path"])
        return Known(whole + half, row["records"], row["path"])
    return Known()


def retire_beginnings(
    con: Connection, format_: Format, sums: dict[int, str], longer: str
) -> set[int]:
    """Take out what known beginnings of this file brought: it is read anew, as a whole.

    A line that was cut in a beginning, or whose header was, may be none of the records of the
    whole, so that the two cannot be put together; a last record that spans lines may go on; a
    document or a ring that was cut has lost what the whole has. Returns their numbers.
    """
    gone: set[int] = set()
    if ledger(con).sha256.isdisjoint(sums.values()):
        return gone
    shorter = ask(con, sql_text("load", "shorter"), {"size": max(sums), "format": format_.name})
    for row in shorter:
        if row["sha256"] == sums[row["bytes"]]:
            for table in (format_.table, "header_block", "reject"):
                _ask_of(con, table, "drop_source", {"source_id": row["source_id"]})
            retired = {"source_id": row["source_id"], "longer": longer}
            con.execute(sql_text("load", "retired"), retired).fetchall()
            gone.add(row["source_id"])
    return gone


def _drop_record(con: Connection, format_: Format, source_id: int, record: int) -> None:
    """Take a record out of a source, as a longer copy brings it whole."""
    asked = {"source_id": source_id, "record": record}
    rows, rejects = (
        _ask_of(con, table, "drop_record", asked) for table in (format_.table, "reject")
    )
    if rows or rejects:
        told = {"source_id": source_id, "rows": len(rows[:1]), "rejects": len(rejects)}
        con.execute(sql_text("load", "taken_back"), told)


def drop_known(
    con: Connection, source: Source, format_: Format, books: Books, half: int
) -> list[str]:
    """Take out the records of a text log that other copies of it brought; returns notes on them.

    One that holds them all makes it an older copy; one that it holds all of is where it goes on.
    ``half`` is the last line's number where it has no line end, else 0.
    """
    if format_.growth == "none":
        return []
    if not ledger(con).overlaps(source.format, books.first_ts, books.last_ts):
        return []
    notes = []
    while books.rows and (note := _drop_copy(con, source, format_, books, half)):
        notes.append(note)
        books = count_books(con, format_.table, source.source_id)
    return notes


def _drop_copy(
    con: Connection, source: Source, format_: Format, books: Books, half: int
) -> str | None:
    """Take out what one other copy of a text log has of it; returns a note on that copy."""
    loose, number = format_.growth == "records", source.source_id
    span = {"source_id": number, "format": source.format, "host": books.host}
    span |= {"first_ts": books.first_ts, "last_ts": books.last_ts, "loose": loose}
    copies = ask(con, sql_text("load", "copies"), span)
    if longer := {row["source_id"]: row["path"] for row in copies if row["longer"]}:
        if loose:
            half = _last_record(con, format_.table, number)
        # each question costs some 10 ms before it looks at a row: of small logs it is one for all
        together, ids = len(longer) if books.rows < FEW else 1, list(longer)
        for first in range(0, len(ids), together):
            others = ids[first : first + together]
            if holders := _holders(con, format_, number, half, others):
                _take_out(con, format_, number, holders[0])
                return f"an older copy of {longer[holders[0]]}"
    for older, path in ((row["source_id"], row["path"]) for row in copies if row["older"]):
        last = _last_record(con, format_.table, older)
        if _holders(con, format_, older, last, [number]):
            if not _holders(con, format_, older, 0, [number]):
                _drop_record(con, format_, older, last)
            refused = {"source_id": older, "longer": number}
            for row in _ask_of(con, format_.table, "refused_here", refused):
                _drop_record(con, format_, older, row["record"])
            _take_out(con, format_, number, older)
            return f"goes on where {path} ended"
    return None


def _take_out(con: Connection, format_: Format, source_id: int, holder: int) -> None:
    """Take out of a source what another copy holds; a line that both refuse is told once."""
    asked = {"source_id": source_id, "holder": holder, "rows": format_.table}
    for table in ("header_block", "reject", format_.table):
        _ask_of(con, table, "drop_held", asked)


def _ask_of(con: Connection, table: str, name: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a load SQL on the table that its text calls log_table."""
    return ask(con, sql_text("load", name).replace("log_table", table), asked)


def _holders(
    con: Connection, format_: Format, source_id: int, half: int, longer: Sequence[int]
) -> list[int]:
    """Return which of some longer sources hold all records of a source, in their order."""
    own_time = "coalesce(r.local_ts, r.ts)" if has_local_times(format_.table) else "r.ts"
    beyond = sql_text("load", "beyond").replace("r.own_time", own_time)
    asked = {"table": format_.table, "source_id": source_id, "half": half, "longer": list(longer)}
    asked["loose"] = format_.growth == "records"
    others = {row["longer"] for row in ask(con, beyond, asked)}
    return [other for other in longer if other not in others]


def drop_overlap(con: Connection, format_: Format, source_id: int, books: Books) -> bool:
    """Take out the records that another export brought; returns whether there may be any."""
    if format_.growth != "none" or format_.table not in DEDUPED:
        return False
    asked = {"source_id": source_id, "formats": list(_exports(format_.table))}
    asked |= {"first_ts": books.first_ts, "last_ts": books.last_ts, "table": format_.table}
    if not ask(con, sql_text("load", "overlapping"), asked):
        return False
    if format_.table == "windows_event":
        con.execute(sql_text("load", "event_twice"), {"source_id": source_id}).fetchall()
        _keep_the_sure(con, source_id)
        _keep_the_better(con, source_id)
    con.execute(sql_text("dedupe", format_.table), {"source_id": source_id}).fetchall()
    return True


def _keep_the_sure(con: Connection, source_id: int) -> None:
    """Let a record of a log proper stand for one that was recovered from another file's remains."""
    found = ask(con, sql_text("load", "recovered_again"), {"source_id": source_id})
    for other, count in Counter(row["source_id"] for row in found).items():
        con.execute(sql_text("load", "recovered_less"), {"count": count, "source_id": other})


def _keep_the_better(con: Connection, source_id: int) -> None:
    """Let an event with its strings stand for one that a text export told, whichever came first."""
    asked = {"source_id": source_id}
    mine = "FROM windows_event WHERE source_id = $source_id AND lp_text_export(note) LIMIT 1"
    if ask(con, f"SELECT 1 {mine}", asked):
        for name in ("text_known", "text_again"):
            con.execute(sql_text("load", name), asked).fetchall()
        return
    if not ask(con, "SELECT 1 FROM source WHERE format = 'event_export' AND rows > 0 LIMIT 1"):
        return
    gone = Counter(row["source_id"] for row in ask(con, sql_text("load", "text_gives_way"), asked))
    for other, count in gone.items():
        books = count_books(con, "windows_event", other)
        left = {"first_ts": books.first_ts, "last_ts": books.last_ts}
        con.execute(
            sql_text("load", "gave_way"), {"source_id": other, "count": count} | left
        ).fetchall()


def _exports(table: str) -> Iterator[str]:
    """Yield the formats whose files may overlap in a table."""
    return (
        other.name for other in all_formats() if other.table == table and other.growth == "none"
    )


def _last_record(con: Connection, table: str, source_id: int) -> int:
    sql = f"SELECT max(record) AS record FROM {table} WHERE source_id = $source_id"
    return int(ask(con, sql, {"source_id": source_id})[0]["record"] or 0)


@cache
def has_local_times(table: str) -> bool:
    """Return whether rows of a log table may carry the time as written, without its zone."""
    ddl = next(path for path in sql_files("tables") if path.stem.endswith(f"_{table}"))
    return " local_ts " in ddl.read_text("utf-8")
