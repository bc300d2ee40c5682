"""Batches into log tables, by the load SQL of their format; what is no row is refused."""

from pathlib import Path
from typing import NamedTuple

import duckdb

from logpipe.columns import cell_sql
from logpipe.model import Batch, Columns, Frame, Lines, Ndjson
from logpipe.plans import SMALL, Plan, execute, give_rows
from logpipe.sqlfiles import sql_files, sql_text
from logpipe.store import Connection, changed, count_books, show

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
# records with numbers of their own, which may come twice in one file; of others it is the place
NUMBERED = frozenset({"windows_event"})
COUNT = "SELECT count(*) FROM (\n{rows}\n) WHERE reject IS NOT NULL"

Listed = Lines | Ndjson | Frame  # batches whose records are listed: one that is no row has a reason


class UnevenError(Exception):
    """A file that seemed plain did not give one row in columns for each of its lines."""


class Refused(NamedTuple):
    """What of a batch was no row: records refused, and how many of them came again alike."""

    records: int = 0
    again: int = 0


class Into(NamedTuple):
    """Where batches go: by ``sql/load/<load>.sql`` into a table; known are records up to skip."""

    load: str
    table: str
    source_id: int
    skip: int


def load_batch(con: Connection, batch: Batch, into: Into, expected: int) -> Refused:
    """Insert one batch; returns how many of its records were refused, and told again.

    Where fewer than ``expected`` come in, those that the load SQL marks go to table reject.
    Raises UnevenError where a file cannot be read in Columns; that all rows came, the books tell.
    """
    if isinstance(batch, Columns):
        return _load_columns(con, batch, into)
    if _is_small(batch):
        return _load_small(con, batch, into, expected)
    return _load_large(con, batch, into, expected)


def _is_small(batch: Listed) -> bool:
    """Return whether a batch costs more to plan than to load."""
    match batch:
        case Lines(path, segments):
            return path.stat().st_size + segments.estimated_size() < SMALL
        case Ndjson(path):
            return path.stat().st_size < SMALL
        case Frame(frame):
            return frame.estimated_size() < SMALL


def _load_columns(con: Connection, batch: Columns, into: Into) -> Refused:
    """Insert a plain log, or raise UnevenError where it cannot be read in columns at all."""
    rows = _load_sql(into.load, cell_sql(batch))
    rows = f"SELECT CAST($source_id AS INTEGER) AS source_id, new.* FROM (\n{rows}\n) AS new"
    try:
        con.execute(
            ACCEPT.format(table=into.table, rows=rows), {"source_id": into.source_id}
        ).fetchall()
    except (duckdb.InvalidInputException, duckdb.BinderException) as error:
        raise UnevenError from error
    return Refused()


def _load_small(con: Connection, batch: Listed, into: Into, expected: int) -> Refused:
    """Insert a batch by a plan that is kept for others of its shape."""
    relations, rows = _relations(con, batch, into.load), _load_sql(into.load, _cells(into.load))
    for name, select in relations.items():
        give_rows(con, name, select)
    shape = (into.load, into.table, _shape(batch))
    accept = ACCEPT.replace("{table}", into.table) + " RETURNING record"
    plan = Plan((*shape, "accept"), accept, tuple(relations), rows)
    accepted = execute(con, plan, into.source_id, into.skip)
    # one line may give several rows
    if len(set(accepted) if isinstance(batch, Lines) else accepted) >= expected:
        return Refused()
    plan = Plan((*shape, "refuse"), REFUSE + " RETURNING record", tuple(relations), rows)
    refused = len(execute(con, plan, into.source_id, into.skip))
    if into.table not in NUMBERED:
        return Refused(refused)
    plan = Plan((*shape, "count"), COUNT, tuple(relations), rows)
    ((told,),) = execute(con, plan, into.source_id, into.skip)
    return Refused(refused, told - refused)


def _shape(batch: Listed) -> str:
    match batch:
        case Lines(_, segments):
            return str(segments.schema)
        case Ndjson():
            return "JSON"
        case Frame(frame):
            return str(frame.schema)


def _load_large(con: Connection, batch: Listed, into: Into, expected: int) -> Refused:
    """Insert a batch by statements planned for it alone."""
    for name, select in _relations(con, batch, into.load).items():
        if select != f"FROM {name}":
            con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {select}")
    rows = _load_sql(into.load, _cells(into.load))
    rows = (
        f"SELECT CAST($source_id AS INTEGER) AS source_id, new.* FROM (\n{rows}\n) AS new "
        "WHERE record > $skip OR $skip = 0"
    )
    params = {"source_id": into.source_id, "skip": into.skip}
    accepted = changed(con.execute(ACCEPT.format(table=into.table, rows=rows), params))
    if isinstance(batch, Lines):  # one line may give several rows: the table tells how many lines
        accepted = count_books(con, into.table, into.source_id).rows
    if accepted >= expected:
        return Refused()
    refused = changed(con.execute(REFUSE.format(rows=rows), params))
    if into.table not in NUMBERED:
        return Refused(refused)
    ((told,),) = con.execute(COUNT.format(rows=rows), params).fetchall()
    return Refused(refused, told - refused)


def _relations(con: Connection, batch: Listed, load: str) -> dict[str, str]:
    """Show the frame of a batch; returns the SELECT of each relation that the load SQL reads."""
    match batch:
        case Lines(path, segments):
            show(con, "segment", segments)
            relations = {"segment": "FROM segment", "line": _lines_of(path)}
            if load in BEFORE:
                con.execute(sql_text("before", load))
                relations["numbered"] = sql_text("numbered", load)
            return relations
        case Ndjson(path):
            return {"line": sql_text("lines", load).replace("$path", _quoted(path))}
        case Frame(frame):
            show(con, "batch", frame)
            return {"batch": "FROM batch"}


def _cells(load: str) -> str | None:
    return sql_text("cells", load) if load in CELLED else None


def _load_sql(load: str, cells: str | None) -> str:
    """Return the SELECT that makes rows of a batch, put upon the one that gives relation cell."""
    rows = sql_text("load", load)
    return f"WITH cell AS (\n{cells}\n)\nSELECT * FROM (\n{rows}\n)" if cells else rows


def _lines_of(path: Path) -> str:
    """Return a SELECT of record and text: every physical line with its number, from 1.

    A view takes no parameters, so the path is quoted. The delimiter is a character that log text
    does not hold; with one column DuckDB keeps it in the text where it does.
    """
    return (
        "SELECT CAST(row_number() OVER () AS UBIGINT) AS record, text "
        f"FROM read_csv([{_quoted(path)}], auto_detect = false, header = false, delim = '\\x01', "
        "quote = '', escape = '', strict_mode = false, columns = {'text': 'VARCHAR'}, "
        "compression = 'none')"  # else a name that ends in .gz would be believed
    )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
