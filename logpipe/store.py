"""The DuckDB file: opening it, its tables and views, its books, asking it."""

import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from logpipe.errors import LogpipeError, StoreError
from logpipe.model import Source
from logpipe.sqlfiles import sql_files, sql_text

if TYPE_CHECKING:  # half a second that query can do without
    import polars as pl

Connection = duckdb.DuckDBPyConnection
SCHEMA = ("tables", "macros", "knowledge", "views")
MEMORY = os.environ.get("LOGPIPE_MEMORY", "640MB")
# 1.5 tools cannot open what DuckDB 2.0 writes by default, and users have those
FORMAT_VERSION = "v1.5.0"
OTHER = "not a logpipe store, or of another version: run 'logpipe detect' again"
CORRUPT = "Corrupt database file"  # DuckDB's words where a checksum does not fit
CUT = "Could not read enough bytes"
HELD = ("could not set lock", "used by another process")  # its own words, and those of Windows
ANEW = "load the logs anew into another file"


class Books(NamedTuple):
    """What one source brought into its table, counted in the table."""

    rows: int
    recovered: int
    first_ts: Any
    last_ts: Any
    host: str | None


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
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.PermissionException) as error:
        if not read_only:
            raise
        # what strangers ask is a QueryError already: a query of ours lacks a table or a column
        raise StoreError(f"{path}: {OTHER} ({_first_line(error)})") from error
    except duckdb.Error as error:
        if damage := _damage(error, path):
            raise StoreError(f"{path}: {damage}; {ANEW}") from error
        # disk full, file cut or gone: not ours to mend
        if isinstance(error, duckdb.OperationalError | duckdb.FatalException):
            raise StoreError(f"{path}: {_first_line(error)}; see to its disk") from error
        raise
    finally:
        con.close()


def _attach(con: Connection, path: Path, *, read_only: bool) -> None:
    """Attach the file as the default database and make sure that it is a store."""
    # the type is named: an existing .csv would be attached as one, and a store in memory lost
    mode = "READ_ONLY" if read_only else f"STORAGE_VERSION '{FORMAT_VERSION}'"
    spilled = Path(f"{path.absolute()}.tmp")
    if read_only:
        spilled = Path(tempfile.gettempdir()) / f"logpipe-{os.getpid()}"
    if not re.fullmatch(r"[1-9]\d*(?:\.\d+)? ?[KMGT]i?B", MEMORY, re.IGNORECASE):
        raise StoreError(f"LOGPIPE_MEMORY={MEMORY}: give a size such as 800MB or 2GB")
    con.execute(f"SET memory_limit = '{MEMORY}'")
    con.execute("SET temp_directory = $spilled", {"spilled": str(spilled)})
    # a name like sqlite:x would make DuckDB fetch what that needs
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET autoload_known_extensions = false")
    # never chosen for such text, but tried on each column: 3 to 15 % of a load
    con.execute("SET disabled_compression_methods = 'zstd'")
    name = str(path.absolute()).replace("'", "''")  # absolute: :memory: is a file like others
    if not name.isprintable():
        raise StoreError(f"{path}: the name holds what DuckDB cannot take; name another file")
    try:
        con.execute(f"ATTACH '{name}' AS store (TYPE duckdb, {mode})")
    except duckdb.Error as error:
        if _is_held(error):
            raise StoreError(f"{path}: in use by another process; wait for it to end") from error
        if is_damage(error):
            raise
        raise StoreError(
            f"{path}: cannot be opened as a DuckDB file ({_first_line(error)}); name another file"
        ) from error
    con.execute("USE store")
    _check_schema(con, path, read_only=read_only)
    if not read_only:
        # the store is locked: whoever made these was killed
        for left in (spilled, *path.parent.glob(f"{glob.escape(path.name)}.tmp-*")):
            shutil.rmtree(left, ignore_errors=True)
        _make_schema(con, path)


def _make_schema(con: Connection, path: Path) -> None:
    """Make every table, macro and view that is not there yet."""
    try:
        with transaction(con):
            for folder in SCHEMA:
                for file in sql_files(folder):
                    con.execute(file.read_text("utf-8"))
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise StoreError(f"{path}: {OTHER} ({_first_line(error)})") from error


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


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0]


def is_damage(error: duckdb.Error) -> bool:
    """Return whether an error tells that the store is damaged, whatever was asked of it."""
    return CORRUPT in str(error) or CUT in str(error)


def _damage(error: duckdb.Error, path: Path) -> str:
    """Return what is wrong with a damaged store, nothing for other errors."""
    _, corrupt, rest = str(error).partition(CORRUPT)  # in a transaction more stands around it
    if corrupt:
        return f"damaged ({corrupt}{_first_line(rest)})"
    # a log that shrinks while it is read is cut as well
    return "damaged, its end is missing" if CUT in str(error) and path.name in str(error) else ""


def _is_held(error: duckdb.Error) -> bool:
    return any(words in str(error).lower() for words in HELD)


def remove_left(path: Path) -> None:
    """Remove a store with all that lies beside it, unless another run is at work on it."""
    with duckdb.connect() as con:
        name = str(path.absolute()).replace("'", "''")
        try:
            con.execute(f"ATTACH '{name}' AS store (TYPE duckdb)")
        except duckdb.Error as error:
            if _is_held(error):
                return
    for beside in (path, *path.parent.glob(f"{glob.escape(path.name)}.*")):
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)


def scratch_folder(con: Connection) -> tempfile.TemporaryDirectory[str]:
    """Make a folder beside the store; the next run removes it where this one cannot."""
    (row,) = ask(con, "SELECT current_setting('temp_directory') AS beside")
    beside = Path(row["beside"])
    return tempfile.TemporaryDirectory(prefix=f"{beside.name}-", dir=beside.parent)


@contextmanager
def transaction(con: Connection) -> Iterator[None]:
    """Run a block as one transaction: all of it, or, whatever ends the block early, nothing."""
    con.execute("BEGIN")
    try:
        yield
    except BaseException:  # Ctrl-C too: the store must be as if the block had not begun
        with suppress(duckdb.FatalException):  # of a damaged store; what ended the block tells more
            con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def count_books(con: Connection, table: str, source_id: int) -> Books:
    """Count what a source brought, in the table itself; its host is the one of most rows."""
    (row,) = ask(con, sql_text("books", table), {"source_id": source_id})
    if row["host"] != row.pop("last_host"):
        most = sql_text("books", "host").replace("log_table", table)
        row |= ask(con, most, {"source_id": source_id})[0]
    return Books(**row)


def count_rejects(con: Connection, source_id: int) -> int:
    """Count what was refused of a source."""
    sql = "SELECT count(*) AS n FROM reject WHERE source_id = $source_id"
    return int(ask(con, sql, {"source_id": source_id})[0]["n"])


def show(con: Connection, name: str, rows: "pl.DataFrame") -> None:
    """Let SQL read a frame under a name, until another one is shown under it."""
    con.register(name, _ArrowStream(rows))


def insert(con: Connection, table: str, rows: "pl.DataFrame") -> None:
    """Append a frame by column name; DuckDB casts, and refuses a column the table lacks."""
    show(con, "rows", rows)
    con.execute(f"INSERT INTO {table} BY NAME FROM rows")
    con.unregister("rows")


def changed(result: Connection) -> int:
    """Return how many rows a statement changed."""
    return sum(int(row[0]) for row in result.fetchall())


def ask(con: Connection, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of one of our own queries as dicts.

    Always all of them: DuckDB 2 refuses other work while a result is not fetched to its end.
    """
    result = con.execute(sql, params or {})
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def require_folder(path: Path) -> None:
    """Raise where a store or an output cannot be put at a path."""
    if not path.parent.is_dir():
        raise LogpipeError(f"{path.parent}: no such folder; make it first")


def require_store(path: Path) -> None:
    """Raise where there is no store to work on."""
    if not path.is_file():
        raise StoreError(f"{path}: no such store; run 'logpipe ingest FOLDER --db {path}' first")
