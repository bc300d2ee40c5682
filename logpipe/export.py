"""Tables of a store as files for other tools: Parquet as they are, CSV safe for spreadsheets."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from logpipe.errors import LogpipeError
from logpipe.report.rows import FORMULA as STARTS
from logpipe.store import OTHER, Connection, ask

NAME = re.compile(r"\w{1,100}", re.ASCII)  # of tables that become files: in a stranger's store any
WRITTEN = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}
# as in report/rows.py: a spreadsheet would run what begins so
FORMULA = r"^[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"


def export_tables(
    con: Connection, names: Sequence[str] | None, folder: Path, form: str, *, force: bool
) -> Iterator[tuple[Path, int]]:
    """Write each table (None: all, views too) into a file of the folder; yields it and its rows.

    A file is there whole or not at all.
    """
    known = {name: columns for name, columns in _columns(con).items() if NAME.fullmatch(name)}
    wanted = list(dict.fromkeys(names or known))
    if strange := [name for name in wanted if name not in known]:
        raise LogpipeError(f"{strange[0]}: no such table; there are {', '.join(known)}")
    paths = {name: folder / f"{name}.{form}" for name in wanted}
    folder.mkdir(parents=True, exist_ok=True)
    if there := [path for path in paths.values() if path.exists() and not force]:
        raise LogpipeError(f"{there[0]}: is there already; use --force")
    _fence(con, folder)
    for name, path in paths.items():
        yield path, _write(con, name, known[name], path, form)


def _fence(con: Connection, folder: Path) -> None:
    """Let SQL reach this folder and nothing else: a stranger's store may have views over files."""
    place = str(folder.absolute()).replace("'", "''")
    con.execute(f"SET allowed_directories = ['{place}']")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _columns(con: Connection) -> dict[str, dict[str, str]]:
    """Return the tables and views of the store, by name, with the types of their columns."""
    asked = (
        "SELECT table_name, column_name, data_type FROM duckdb_columns()"
        " WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal"
        " ORDER BY table_name, column_index"
    )
    known: dict[str, dict[str, str]] = {}
    for row in ask(con, asked):
        known.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return known


def _write(con: Connection, name: str, columns: dict[str, str], path: Path, form: str) -> int:
    """Write one table beside its place and move it there; returns how many rows it has."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    picked = ", ".join(map(_quoted, columns))
    if form == "csv":
        picked = ", ".join(_cell(column, kind) for column, kind in columns.items())
    target = str(beside.absolute()).replace("'", "''")
    try:
        told = con.execute(
            f"COPY (SELECT {picked} FROM \"{name}\") TO '{target}' ({WRITTEN[form]})"
        )
        rows = told.fetchall()
        beside.replace(path)
    except duckdb.CatalogException as error:  # a view over tables that detect makes
        raise LogpipeError(f"{name}: {OTHER}") from error
    except duckdb.PermissionException as error:
        raise LogpipeError(
            f"{name}: reaches beyond the store; name the tables to export"
        ) from error
    except duckdb.IOException as error:
        raise LogpipeError(f"{path}: cannot be written: {_first_line(error)}") from error
    except duckdb.InterruptException:  # whoever waits has pressed Ctrl-C
        raise
    except duckdb.Error as error:  # a stranger's view may fail in any way
        raise LogpipeError(f"{name}: cannot be exported: {_first_line(error)}") from error
    finally:
        beside.unlink(missing_ok=True)
    return _count(rows)


def _cell(column: str, kind: str) -> str:
    """Return a column as a CSV cell: moments as ISO 8601, formulas as text, its name too."""
    name = _quoted(column)
    head = _quoted(f"'{column}" if column.startswith(STARTS) else column)
    if kind == "TIMESTAMP":
        zone = "" if column.endswith("local_ts") else "Z"
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f{zone}') AS {head}"
    if (
        kind in {"BOOLEAN", "DATE"}
        or kind.endswith("INT")
        or kind in {"DOUBLE", "FLOAT", "INTEGER"}
    ):
        return f"{name} AS {head}"
    text = f"CAST({name} AS VARCHAR)"
    quote = f"CASE WHEN regexp_matches({text}, '{FORMULA}') THEN chr(39) ELSE '' END"
    return f"{quote} || {text} AS {head}"


def _quoted(column: str) -> str:
    """Return a column's name as SQL, whatever it is."""
    return '"' + column.replace('"', '""') + '"'


def _count(rows: Sequence[Sequence[Any]]) -> int:
    return int(rows[0][0])


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0]
