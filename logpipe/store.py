"""The DuckDB file: opening it, its tables and views, putting batches in, asking it."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from logpipe.columns import cell_sql
from logpipe.errors import LogpipeError, QueryError, StoreError
from logpipe.model import Batch, Columns, Frame, Lines, Ndjson, Source
from logpipe.plans import SMALL, Plan, execute, give_rows
from logpipe.sqlfiles import sql_files, sql_text

if TYPE_CHECKING:  # half a second that query can do without
    import polars as pl

Connection = duckdb.DuckDBPyConnection
SCHEMA = ("tables", "macros", "knowledge", "views")
MEMORY = os.environ.get("LOGPIPE_MEMORY", "900MB")
# 1.5 tools cannot open what DuckDB 2.0 writes by default, and users have those
FORMAT_VERSION = "v1.5.0"
NUMBERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "NUMBER",
}  # fmt: skip
DEDUPED = frozenset(path.stem for path in sql_files("dedupe"))  # tables with a rule for overlaps
BEFORE = frozenset(path.stem for path in sql_files("before"))  # loads that fill another table first
CELLED = frozenset(path.stem for path in sql_files("cells"))  # loads on relation cell
# a line that gave several rows is refused once
REFUSE = (
    "INSERT INTO reject BY NAME SELECT DISTINCT source_id, record, reject AS reason, excerpt "
    "FROM (\n{rows}\n) WHERE reject IS NOT NULL RETURNING record"
)


class Books(NamedTuple):
    """What one source brought into its table, counted in the table."""

    rows: int
    recovered: int
    first_ts: Any
    last_ts: Any
    host: str | None


class UnevenError(Exception):
    """A file that seemed plain did not give one row in columns for each of its lines."""


class Loaded(NamedTuple):
    """What became of the records of one batch that are no rows."""

    rejects: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class _ArrowStream:
    """A frame as DuckDB can scan it without pyarrow: only the Arrow stream is shown."""

    frame: "pl.DataFrame"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


@contextmanager
def open_store(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """Open (or make) a store with every table, macro and view of ``sql/``.

    Raises StoreError where the file is missing (read-only), locked, or not a logpipe store.
    """
    if read_only:
        require_store(path)
    con = duckdb.connect()
    try:
        _attach(con, path, read_only=read_only)
        yield con
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.OperationalError as error:  # disk full, file cut or gone: not ours to mend
        raise StoreError(f"{path}: {_first_line(error)}") from error
    except duckdb.Error as error:
        if type(error) is duckdb.Error:  # "Corrupt database file" has no class of its own
            raise StoreError(f"{path}: {_first_line(error)}") from error
        raise
    finally:
        con.close()


def _attach(con: Connection, path: Path, *, read_only: bool) -> None:
    """Attach the file as the default database and make sure that it is a store."""
    options = "READ_ONLY" if read_only else f"STORAGE_VERSION '{FORMAT_VERSION}'"
    scratch = Path(tempfile.gettempdir()) / f"logpipe-{os.getpid()}"
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute("SET temp_directory = $scratch", {"scratch": str(scratch)})
    # a name like sqlite:x would make DuckDB fetch what that needs
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    # never chosen for such text, but tried on each column: 3 to 15 % of a load
    con.execute("SET disabled_compression_methods = 'zstd'")
    name = str(path.absolute()).replace("'", "''")  # absolute: :memory: is a file like others
    if not name.isprintable():
        raise StoreError(f"{path}: the name holds what DuckDB cannot take; name another file")
    try:
        con.execute(f"ATTACH '{name}' AS store ({options})")
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise StoreError(f"{path}: in use by another process; wait for it to end") from error
        raise StoreError(
            f"{path}: cannot be opened as a DuckDB file: {_first_line(error)}"
        ) from error
    con.execute("USE store")
    _check_schema(con, path, read_only=read_only)
    if not read_only:
        with transaction(con):
            for folder in SCHEMA:
                for file in sql_files(folder):
                    con.execute(file.read_text("utf-8"))


def _check_schema(con: Connection, path: Path, *, read_only: bool) -> None:
    """Raise where the file is a DuckDB file but no store of this version."""
    names = {row["table_name"] for row in ask(con, "SELECT table_name FROM duckdb_tables()")}
    if names and not {"source", "finding", "windows_event"} <= names:
        raise StoreError(f"{path}: a DuckDB file, but not a logpipe store; name another one")
    if not names and read_only:
        raise StoreError(f"{path}: an empty DuckDB file; run 'logpipe ingest' first")
    columns = ask(con, "SELECT column_name FROM duckdb_columns() WHERE table_name = 'source'")
    known = {row["column_name"] for row in columns}
    if known and known != {field.name for field in fields(Source)}:
        raise StoreError(f"{path}: made by another version of logpipe; load the logs anew")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """Run a block as one transaction: all of it, or, whatever ends the block early, nothing."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:  # Ctrl-C too: the store must be as if the block had not begun
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def load_batch(
    con: Connection,
    batch: Batch,
    *,
    load: str,
    table: str,
    source_id: int,
    skip: int,
    expected: int,
) -> Loaded:
    """Insert one batch by ``sql/load/<load>.sql``; records up to line ``skip`` are known already.

    Rows that ``sql/dedupe/<table>.sql`` knows from another source are left out and counted. Where
    fewer than ``expected`` come in, those that the load SQL marks are written to table reject.
    Raises UnevenError where a file cannot be read in Columns; that all rows came, the books tell.
    """
    if isinstance(batch, Columns):
        return _load_columns(con, batch, load=load, table=table, source_id=source_id)
    kept = load not in BEFORE and table not in DEDUPED
    if kept and not isinstance(batch, Ndjson) and _is_small(batch):
        return _load_small(
            con, batch, expected, load=load, table=table, source_id=source_id, skip=skip
        )
    params: dict[str, Any] = {"source_id": source_id, "skip": skip}
    match batch:
        case Lines(path, segments):
            con.register("segment", _ArrowStream(segments))
            con.execute(f"CREATE OR REPLACE TEMP VIEW line AS {_lines_of(path)}")
        case Ndjson(path):
            params["path"] = str(path)
        case Frame(frame):
            con.register("batch", _ArrowStream(frame))
    if load in BEFORE:
        con.execute(sql_text("before", load))
    rows, duplicates = _load_sql(load, sql_text("cells", load) if load in CELLED else None), 0
    if table in DEDUPED and _has_rows(con, table):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM (\n{rows}\n)",
            {key: value for key, value in params.items() if key == "path"},
        )
        params.pop("path", None)
        duplicates = _drop_known(con, table, source_id)
        rows = "SELECT * FROM fresh"
    result = con.execute(
        f"INSERT INTO {table} BY NAME SELECT CAST($source_id AS INTEGER) AS source_id, "
        f"new.* EXCLUDE (reject, excerpt) FROM (\n{rows}\n) AS new "
        "WHERE reject IS NULL AND (record > $skip OR $skip = 0)",
        params,
    )
    inserted = _changed(result)
    if isinstance(batch, Lines):  # one line may give several rows: the table tells how many lines
        inserted = count_books(con, table, source_id).rows
    if inserted + duplicates >= expected:
        return Loaded(0, duplicates)
    # a line that gave several rows is refused once
    result = con.execute(
        "INSERT INTO reject BY NAME SELECT DISTINCT CAST($source_id AS INTEGER) AS source_id, "
        f"record, reject AS reason, excerpt FROM (\n{rows}\n) "
        "WHERE reject IS NOT NULL AND (record > $skip OR $skip = 0)",
        params,
    )
    return Loaded(_changed(result), duplicates)


def _is_small(batch: Lines | Frame) -> bool:
    """Return whether a batch costs more to plan than to load."""
    if isinstance(batch, Frame):
        return batch.frame.estimated_size() < SMALL
    return batch.path.stat().st_size + batch.segments.estimated_size() < SMALL


def _load_small(
    con: Connection,
    batch: Lines | Frame,
    expected: int,
    *,
    load: str,
    table: str,
    source_id: int,
    skip: int,
) -> Loaded:
    """Do for a small batch what ``load_batch`` does, by a plan that is kept."""
    by_lines = isinstance(batch, Lines)
    if isinstance(batch, Lines):
        frame = batch.segments
        relations = {"segment": "FROM given", "line": _lines_of(batch.path)}
    else:
        frame, relations = batch.frame, {"batch": "FROM given"}
    con.register("given", _ArrowStream(frame))
    give_rows(con, relations)
    shape = (load, table, str(frame.schema))
    rows = _load_sql(load, sql_text("cells", load) if load in CELLED else None)
    insert_rows = (
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (reject, excerpt) FROM (\n{{rows}}\n) "
        "WHERE reject IS NULL RETURNING record"
    )
    plan = Plan(shape, insert_rows, tuple(relations), rows)
    inserted = execute(con, plan, source_id, skip)
    # one line may give several rows
    if len(set(inserted) if by_lines else inserted) >= expected:
        return Loaded(0, 0)
    refused = execute(con, plan._replace(shape=(*shape, "reject"), sql=REFUSE), source_id, skip)
    return Loaded(len(refused), 0)


def _load_sql(load: str, cells: str | None) -> str:
    """Return the SELECT that makes rows of a batch, put upon the one that gives relation cell."""
    rows = sql_text("load", load)
    return f"WITH cell AS (\n{cells}\n)\nSELECT * FROM (\n{rows}\n)" if cells else rows


def _load_columns(
    con: Connection, batch: Columns, *, load: str, table: str, source_id: int
) -> Loaded:
    """Insert a plain log, or raise UnevenError where it cannot be read in columns at all."""
    try:
        con.execute(
            f"INSERT INTO {table} BY NAME SELECT CAST($source_id AS INTEGER) AS source_id, "
            f"new.* EXCLUDE (reject, excerpt) FROM (\n{_load_sql(load, cell_sql(batch))}\n) AS new "
            "WHERE reject IS NULL",
            {"source_id": source_id},
        ).fetchall()
    except (duckdb.InvalidInputException, duckdb.BinderException) as error:
        raise UnevenError from error
    return Loaded(0, 0)


def _has_rows(con: Connection, table: str) -> bool:
    return bool(ask(con, f"SELECT 1 FROM {table} LIMIT 1"))


def _drop_known(con: Connection, table: str, source_id: int) -> int:
    """Take out of table fresh what another source brought; returns how many records of the log."""
    known = sql_text("dedupe", table)
    sizes = []
    for recovered in ("true", "false"):
        result = con.execute(
            f"DELETE FROM fresh AS new WHERE reject IS NULL AND recovered = {recovered} "
            f"AND EXISTS (\n{known}\n)",
            {"source_id": source_id},
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


def count_books(con: Connection, table: str, source_id: int) -> Books:
    """Count what a source brought, in the table itself."""
    host = sql_text("books", "host").replace("log_table", table)
    sql = f"SELECT *, (\n{host}\n) AS host FROM (\n{sql_text('books', table)}\n)"
    (books,) = ask(con, sql, {"source_id": source_id})
    return Books(**books)


def insert(con: Connection, table: str, rows: "pl.DataFrame") -> None:
    """Append a frame by column name; DuckDB casts, and refuses a column the table lacks."""
    con.register("rows", _ArrowStream(rows))
    con.execute(f"INSERT INTO {table} BY NAME FROM rows")
    con.unregister("rows")


def rebuild_derived(con: Connection) -> None:
    """Make the derived tables anew from the log tables, in the order of their numbers."""
    with transaction(con):
        for file in sql_files("derived"):
            con.execute(file.read_text("utf-8"))


def ask(con: Connection, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of one of our own queries as dicts.

    Always all of them: DuckDB 2 refuses other work while a result is not fetched to its end.
    """
    result = con.execute(sql, params or {})
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def seal(con: Connection) -> None:
    """Take away the way to files and network, for good, before a stranger's SQL runs."""
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def is_one_select(con: Connection, sql: str) -> bool:
    """Return whether a text is a single SELECT; raises duckdb.Error where it is no SQL."""
    statements = con.extract_statements(sql)
    return len(statements) == 1 and statements[0].type == duckdb.StatementType.SELECT


class Rows(NamedTuple):
    """What a query gave: column names, which of them are numbers, and the rows."""

    names: list[str]
    numeric: list[bool]
    rows: list[tuple[Any, ...]]


def user_query(con: Connection, sql: str) -> Rows:
    """Run a stranger's SELECT, read-only and without access to files or network."""
    seal(con)
    try:
        # COPY TO the store's own path is what sealing alone would let through
        if not is_one_select(con, sql):
            raise QueryError("query: give one SELECT and nothing else")
        result = con.execute(sql)
        columns = result.description or []
        rows = result.fetchall()
    except duckdb.Error as error:
        raise QueryError(f"query: {_said(error)}") from error
    except (OverflowError, ValueError) as error:  # a time that Python has no value for
        raise QueryError(f"query: {error}; cast that column to VARCHAR") from error
    names = _distinct([str(column[0]) for column in columns])
    return Rows(names, [str(column[1]).partition("(")[0] in NUMBERS for column in columns], rows)


def _said(error: duckdb.Error) -> str:
    """Return DuckDB's words on one line, and where a derived table is missing what makes it."""
    words = " ".join(str(error).partition("LINE 1:")[0].split())
    missing = re.search(r"Table with name (\w+) does not exist", words)
    if missing and re.search(rf"TABLE {missing[1]} AS", _derived_sql()):
        return f"table {missing[1]} is made by 'logpipe detect' or 'logpipe analyze'; run it first"
    return words


@cache
def _derived_sql() -> str:
    return "".join(path.read_text("utf-8") for path in sql_files("derived"))


def _distinct(names: list[str]) -> list[str]:
    """Return column names of which no two are alike: a second a is a_2."""
    counts: dict[str, int] = {}
    told = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        told.append(name if counts[name] == 1 else f"{name}_{counts[name]}")
    return told


def require_folder(path: Path) -> None:
    """Raise where a store or an output cannot be put at a path."""
    if not path.parent.is_dir():
        raise LogpipeError(f"{path.parent}: no such folder; make it first")


def require_store(path: Path) -> None:
    """Raise where there is no store to work on."""
    if not path.is_file():
        raise StoreError(f"{path}: no such store; run 'logpipe ingest FOLDER --db {path}' first")
