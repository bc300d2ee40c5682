#!/usr/bin/env python
"""Makes docs/tables.md out of the comments in ``sql/`` and the types that DuckDB gives.

Run it as ``python docs/make_tables.py``. A comment belongs to the CREATE right below it; in
``sql/tables`` a comment at the end of a line belongs to that line's column.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from logpipe.derived import rebuild_derived
from logpipe.rules import diagnose
from logpipe.sqlfiles import sql_files
from logpipe.store import ask, open_store

PAGE = Path(__file__).parent / "tables.md"
# CREATE TABLE IF NOT EXISTS source (
CREATE = re.compile(r"^CREATE (?:OR REPLACE )?(TABLE|VIEW|MACRO) (?:IF NOT EXISTS )?(\w+)(.*)")
#     ts_end       TIMESTAMP,           -- UTC, when it ended
COLUMN = re.compile(r"^    (\w+) ([^-]*?)(?:--\s*(.*))?$")
CHECK = re.compile(r"CHECK \(\w+ IN \((.*?)\)\)")
OPENING = """\
# Tables

What stands in a store. This page is made from `sql/` by `python docs/make_tables.py`: change the
comments there, not this page.

All times are UTC, naive `TIMESTAMP`. `source_id` and `record` lead from every row back to its file
(table [`source`](#source)) and its line or record number. Host names are short and upper case.
"""
SECTIONS = (
    (
        "tables",
        "Tables",
        "Filled by `logpipe ingest`; `finding`, `rule`, `sign` and `verdict` by `logpipe detect`.",
    ),
    ("views", "Views", "Over the tables above."),
    (
        "derived",
        "Derived tables",
        """\
Made anew from the tables above by `logpipe detect` and `logpipe analyze`, in this order. Before the
first detection a store does not have them; after another `logpipe ingest` they are as old as the
last detection.""",
    ),
    (
        "diagnosis",
        "Tables of the diagnosis",
        "Made anew after the rules: what the signs of known problems are read from.",
    ),
    ("knowledge", "Knowledge", "Views that hold facts about products. No log is needed for them."),
)
MACROS = "Words that queries, loads and rules may use in this store."


class Column(NamedTuple):
    """A column as DuckDB has it."""

    name: str
    type: str
    nullable: bool


@dataclass(slots=True)
class Statement:
    """One CREATE of a SQL file, with the comment above it and those of its columns."""

    kind: str
    name: str
    rest: str
    comment: list[str]
    meanings: dict[str, str] = field(default_factory=dict)


def statements(path: Path) -> Iterator[Statement]:
    """Yield every CREATE of one of our SQL files."""
    comment: list[str] = []
    made: Statement | None = None
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("--"):
            comment.append(line[2:].removeprefix(" ").rstrip())
        elif match := CREATE.match(line):
            if made:
                yield made
            made, comment = Statement(match[1], match[2], match[3].strip(), comment), []
        elif made and made.rest == "(" and (column := COLUMN.match(line)):
            made.meanings[column[1]] = _meaning(column[2], column[3])
        elif not line:
            comment = []
    if made:
        yield made


def _meaning(definition: str, comment: str | None) -> str:
    """Return what is said of a column: the values its CHECK allows, and its comment."""
    check = CHECK.search(definition)
    allowed = check[1].replace("'", "") if check else None
    return "; ".join(filter(None, [allowed, comment]))


def columns() -> dict[str, list[Column]]:
    """Return the columns of everything in a store, as an empty store has them."""
    with tempfile.TemporaryDirectory() as scratch:  # noqa: SIM117 - the store closes first
        with open_store(Path(scratch) / "empty.duckdb") as con:
            rebuild_derived(con)
            diagnose(con)
            rows = ask(
                con,
                "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
                "WHERE database_name = 'store' AND NOT internal ORDER BY table_name, column_index",
            )
    found: dict[str, list[Column]] = {}
    for row in rows:
        column = Column(row["column_name"], row["data_type"], row["is_nullable"])
        found.setdefault(row["table_name"], []).append(column)
    return found


def page() -> str:
    """Return the whole page."""
    known = columns()
    parts = [OPENING, _contents()]
    for folder, title, words in SECTIONS:
        parts.append(f"## {title}\n\n{words}\n")
        for path in sql_files(folder):
            for made in statements(path):
                parts.append(f"### {made.name}\n\n{_prose(made.comment)}\n")
                parts.append(_meanings(made, known) if folder == "tables" else _list(made, known))
    parts.append(f"## Macros\n\n{MACROS}\n")
    parts.append(_macros(made for path in sql_files("macros") for made in statements(path)))
    return "\n".join(parts)


def _contents() -> str:
    lines = []
    for folder, title, _ in SECTIONS:
        names = [made.name for path in sql_files(folder) for made in statements(path)]
        lines.append(f"* {title}: " + ", ".join(f"[{name}](#{name})" for name in names))
    return "\n".join([*lines, "* [Macros](#macros)", ""])


def _prose(comment: list[str]) -> str:
    """Join comment lines into a paragraph; indented lines stay as they are."""
    text, literal = "", False
    for line in comment:
        indented = line.startswith(" ")
        if indented != literal:
            text, literal = text.rstrip() + ("\n\n```text\n" if indented else "\n```\n\n"), indented
        text += f"{line.removeprefix('  ')}\n" if indented else f"{line} "
    return text.rstrip() + ("\n```" if literal else "")


def _meanings(made: Statement, known: dict[str, list[Column]]) -> str:
    rows = ["| column | type | may be NULL | meaning |", "|---|---|---|---|"]
    for column in known[made.name]:
        null = "yes" if column.nullable else "no"
        meaning = _safe(made.meanings[column.name])
        rows.append(f"| `{column.name}` | {column.type} | {null} | {meaning} |")
    return "\n".join(rows) + "\n"


def _safe(text: str) -> str:
    """Return text that a table cell shows as it stands."""
    return text.replace("<", "&lt;").replace("|", r"\|").replace("*", r"\*")


def _list(made: Statement, known: dict[str, list[Column]]) -> str:
    names = ", ".join(f"`{column.name}` {column.type}" for column in known[made.name])
    return f"Columns: {names}.\n"


def _macros(macros: Iterable[Statement]) -> str:
    """Return the table of macros; one without a comment of its own shares that of the one above."""
    shared: list[tuple[list[str], str]] = []
    for made in macros:
        call = f"`{made.name}{made.rest[: made.rest.index(')') + 1]}`"
        if made.comment or not shared:
            shared.append(([call], _safe(" ".join(made.comment))))
        else:
            shared[-1][0].append(call)
    rows = [f"| {', '.join(calls)} | {meaning} |" for calls, meaning in shared]
    return "\n".join(["| macro | meaning |", "|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
