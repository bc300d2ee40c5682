"""The derived tables: made anew from the log tables, all of them or those that a query reads."""

import re
from functools import cache
from pathlib import Path

from logpipe.sqlfiles import sql_files
from logpipe.store import Connection, transaction

MADE = re.compile(r"^CREATE OR REPLACE (?:TABLE|VIEW) (\w+)", re.MULTILINE)
ASIDE = re.compile(r"/\*.*?\*/|--[^\n]*|'[^']*'", re.DOTALL)
# FROM message AS m, idle_wait AS w JOIN "restart" AS r ...
READ = re.compile(
    r"\b(?:FROM|JOIN|PIVOT|UNPIVOT|DESCRIBE|SUMMARIZE|TABLE)\s+"
    r"((?:[\w.\"]+(?:\s+AS)?(?:\s+\w+)?\s*,\s*)*[\w.\"]+)",
    re.IGNORECASE,
)


def rebuild_derived(con: Connection, query: str | None = None) -> None:
    """Make the derived tables anew, in the order of their numbers; of a query, what it reads."""
    files = sql_files("derived")
    needed = files if query is None else _needed(query)
    with transaction(con):
        for file in files:
            if file in needed:
                con.execute(file.read_text("utf-8"))


def _needed(query: str) -> set[Path]:
    """Return the SQL files that make what a query names, and what those name in their turn."""
    found: set[Path] = set()
    left = [query]
    while left:
        plain = ASIDE.sub(" ", left.pop())
        words = {word for read in READ.findall(plain) for word in re.findall(r"\w+", read)}
        fresh = {path for name, path in _makers().items() if name in words} - found
        found |= fresh
        left += [path.read_text("utf-8") for path in sorted(fresh)]
    return found


@cache
def _makers() -> dict[str, Path]:
    """Return which file makes a table or view, by name."""
    return {
        name: path
        for folder in ("views", "derived")
        for path in sql_files(folder)
        for name in MADE.findall(path.read_text("utf-8"))
    }
