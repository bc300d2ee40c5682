"""Strangers' SQL: one SELECT, read-only, with no way to files or network."""

import re
from functools import cache
from typing import Any, NamedTuple

import duckdb

from logpipe.errors import QueryError
from logpipe.sqlfiles import sql_files
from logpipe.store import Connection, is_damage

NUMBERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "NUMBER",
}  # fmt: skip


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
        return own_query(con, sql)
    except duckdb.Error as error:
        if is_damage(error):
            raise
        raise QueryError(f"query: {_said(error)}") from error
    except (OverflowError, ValueError) as error:  # a time that Python has no value for
        raise QueryError(f"query: {error}; cast that column to VARCHAR") from error


def own_query(con: Connection, sql: str, params: dict[str, Any] | None = None) -> Rows:
    """Run a SELECT of ours; raises QueryError where a table is missing that detect makes."""
    try:
        result = con.execute(sql, params or {})
    except duckdb.CatalogException as error:
        raise QueryError(f"query: {_said(error)}") from error
    columns = result.description or []
    rows = result.fetchall()
    names = _distinct([str(column[0]) for column in columns])
    return Rows(names, [str(column[1]).partition("(")[0] in NUMBERS for column in columns], rows)


def _said(error: duckdb.Error) -> str:
    """Return DuckDB's words on one line, and where a derived table is missing what makes it."""
    words = " ".join(str(error).partition("LINE 1:")[0].split())
    missing = re.search(r"Table with name (\w+) does not exist", words)
    if missing and re.search(rf"(?:TABLE|VIEW) {missing[1]} AS", _derived_sql()):
        return f"table {missing[1]} is made by 'logpipe detect' or 'logpipe analyze'; run it first"
    if macro := re.search(r"Function with name (lp_\w+) does not exist", words):
        return f"macro {macro[1]} is of a newer logpipe than this store; run 'logpipe detect' again"
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
