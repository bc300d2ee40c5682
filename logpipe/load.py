"""Batches into log tables, by the load SQL of their format; what is no row is refused."""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from logpipe.columns import cell_sql
from logpipe.model import Batch, Columns, Frame, Lines, Ndjson
from logpipe.plans import SMALL, Plan, execute, give_rows
from logpipe.sqlfiles import sql_files, sql_text
from logpipe.store import Connection, ask, count_books, show

DEDUPED = frozenset(path.stem for path in sql_files("dedupe"))  # tables with a rule for overlaps
BEFORE = frozenset(path.stem for path in sql_files("before"))  # loads that fill another table first
CELLED = frozenset(path.stem for path in sql_files("cells"))  # loads on relation cell
ACCEPT = (
    "INSERT INTO {table} BY NAME SELECT * EXCLUDE (reject, excerpt) FROM (\n{rows}\n) "
    "WHERE reject IS NULL"
)
# a line that gave several rows is refused once
REFUSE = (
    "INSERT INTO reject BY NAME SELECT DISTINCT source_id, record, reject AS reason, excerpt "
    "FROM (\n{rows}\n) WHERE reject IS NOT NULL"
)


class UnevenError(Exception):
    """A file that seemed plain did not give one row in columns for each of its lines."""


class Into(NamedTuple):
    """Where batches go: by ``sql/load/<load>.sql`` into a table; known are records up to skip."""

    load: str
    table: str
    source_id: int
    skip: int


class Loaded(NamedTuple):
    """What became of the records of one batch that are no rows."""

    rejects: int
    duplicates: int


def load_batch(con: Connection, batch: Batch, into: Into, expected: int) -> Loaded:
    """Insert one batch.

    Rows that ``sql/dedupe/<table>.sql`` knows from another source are left out and counted. Where
    fewer than ``expected`` come in, those that the load SQL marks are written to table reject.
    Raises UnevenError where a file cannot be read in Columns; that all rows came, the books tell.
    """
    match batch:
        case Columns():
            return _load_columns(con, batch, into)
        case Lines() | Frame() if (
            into.load not in BEFORE and into.table not in DEDUPED and _is_small(batch)
        ):
            return _load_small(con, batch, into, expected)
    return _load_large(con, batch, into, expected)


def _is_small(batch: Lines | Frame) -> bool:
    """Return whether a batch costs more to plan than to load."""
    if isinstance(batch, Frame):
        return batch.frame.estimated_size() < SMALL
    return batch.path.stat().st_size + batch.segments.estimated_size() < SMALL


def _load_columns(con: Connection, batch: Columns, into: Into) -> Loaded:
    """Insert a plain log, or raise UnevenError where it cannot be read in columns at all."""
    rows = _load_sql(into.load, cell_sql(batch))
    rows = f"SELECT CAST($source_id AS INTEGER) AS source_id, new.* FROM (\n{rows}\n) AS new"
    try:
        con.execute(
            ACCEPT.format(table=into.table, rows=rows), {"source_id": into.source_id}
        ).fetchall()
    except (duckdb.InvalidInputException, duckdb.BinderException) as error:
        raise UnevenError from error
    return Loaded(0, 0)


def _load_small(con: Connection, batch: Lines | Frame, into: Into, expected: int) -> Loaded:
    """Insert a batch by a plan that is kept for others of its shape."""
    if isinstance(batch, Lines):
        frame, names = batch.segments, ["segment", "line"]
        give_rows(con, "line", _lines_of(batch.path))
    else:
        frame, names = batch.frame, ["batch"]
    show(con, "given", frame)
    give_rows(con, names[0], "FROM given")
    shape = (into.load, into.table, str(frame.schema))
    rows = _load_sql(into.load, _cells(into.load))
    accept = ACCEPT.replace("{table}", into.table) + " RETURNING record"
    plan = Plan((*shape, "accept"), accept, tuple(names), rows)
    accepted = execute(con, plan, into.source_id, into.skip)
    # one line may give several rows
    if len(set(accepted) if isinstance(batch, Lines) else accepted) >= expected:
        return Loaded(0, 0)
    plan = Plan((*shape, "refuse"), REFUSE + " RETURNING record", tuple(names), rows)
    return Loaded(len(execute(con, plan, into.source_id, into.skip)), 0)


def _load_large(
    con: Connection, batch: Lines | Ndjson | Frame, into: Into, expected: int
) -> Loaded:
    """Insert a batch by statements planned for it alone."""
    params: dict[str, Any] = {"source_id": into.source_id, "skip": into.skip}
    match batch:
        case Lines(path, segments):
            show(con, "segment", segments)
            con.execute(f"CREATE OR REPLACE TEMP VIEW line AS {_lines_of(path)}")
        case Ndjson(path):
            params["path"] = str(path)
        case Frame(frame):
            show(con, "batch", frame)
    if into.load in BEFORE:
        con.execute(sql_text("before", into.load))
    rows, duplicates = _load_sql(into.load, _cells(into.load)), 0
    if into.table in DEDUPED and ask(con, f"SELECT 1 FROM {into.table} LIMIT 1"):
        given = {name: value for name, value in params.items() if name == "path"}
        con.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM (\n{rows}\n)", given)
        params.pop("path", None)
        duplicates = _drop_known(con, into)
        rows = "FROM fresh"
    rows = (
        f"SELECT CAST($source_id AS INTEGER) AS source_id, new.* FROM (\n{rows}\n) AS new "
        "WHERE record > $skip OR $skip = 0"
    )
    accepted = _changed(con.execute(ACCEPT.format(table=into.table, rows=rows), params))
    if isinstance(batch, Lines):  # one line may give several rows: the table tells how many lines
        accepted = count_books(con, into.table, into.source_id).rows
    if accepted + duplicates >= expected:
        return Loaded(0, duplicates)
    return Loaded(_changed(con.execute(REFUSE.format(rows=rows), params)), duplicates)


def _cells(load: str) -> str | None:
    return sql_text("cells", load) if load in CELLED else None


def _load_sql(load: str, cells: str | None) -> str:
    """Return the SELECT that makes rows of a batch, put upon the one that gives relation cell."""
    rows = sql_text("load", load)
    return f"WITH cell AS (\n{cells}\n)\nSELECT * FROM (\n{rows}\n)" if cells else rows


def _drop_known(con: Connection, into: Into) -> int:
    """Take out of table fresh what another source brought; returns how many records of the log."""
    known = sql_text("dedupe", into.table)
    sizes = []
    for recovered in ("true", "false"):
        result = con.execute(
            f"DELETE FROM fresh AS new WHERE reject IS NULL AND recovered = {recovered} "
            f"AND EXISTS (\n{known}\n)",
            {"source_id": into.source_id},
        )
        sizes.append(_changed(result))
    return sizes[1]


def _changed(result: Connection) -> int:
    return sum(int(row[0]) for row in result.fetchall())


def _lines_of(path: Path) -> str:
    """Return a SELECT of record and text: every physical line with its number, from 1.

    A view takes no parameters, so the path is quoted. The delimiter is a character that log text
    does not hold; with one column DuckDB keeps it in the text where it does.
    """
    name = str(path).replace("'", "''")
    return (
        "SELECT CAST(row_number() OVER () AS UBIGINT) AS record, text "
        f"FROM read_csv(['{name}'], auto_detect = false, header = false, delim = '\\x01', "
        "quote = '', escape = '', strict_mode = false, columns = {'text': 'VARCHAR'}, "
        "compression = 'none')"  # else a name that ends in .gz would be believed
    )
