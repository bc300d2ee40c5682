#!/usr/bin/env python
"""Makes docs/numbers.md out of ``sql/numbers/``.

Run it as ``python docs/make_numbers.py``. The comment above a query becomes the words above it.
"""

from pathlib import Path
from typing import NamedTuple

from logpipe.sqlfiles import sql_files

PAGE = Path(__file__).parent / "numbers.md"
OPENING = """\
# Numbers

Every number in an incident, asked once more of the tables that stand below its findings: when it
started and ended, how many messages it concerns, and its measures. Neither table `finding` nor view
`incident_measure` is asked. This page is made from `sql/numbers/` by `python docs/make_numbers.py`;
tests run each query over the cases of all rules and over the sample bundles, and compare every
number with the one in the incident.

Give a query to `logpipe query`, or let `logpipe rules numbers` print it:

```sh
logpipe rules numbers crash-loop | logpipe query - --db OUT/logpipe.duckdb
```

It works as it stands, and answers with one row for each incident of its rule:

* `incident_id`, `started_at` and `ended_at` are those of view [`incident`](tables.md#incident).
  `ended_at` is NULL while it lasts.
* Every other column is a measure, under the name that it has in the report. NULL: the incident does
  not have it.
* For one incident alone: `SELECT * FROM (…) WHERE incident_id = '…'`.

View `incident` says which rows of the tables belong together: by its host, its key, and the time
that it spans. Where a rule has a parameter, the query has its default, and the words above it name
the parameter in brackets: who changes the one changes the other. [rules.md](rules.md) tells what
each rule finds, [tables.md](tables.md) what the tables hold. Derived tables are made from the log
tables by `sql/derived/`; `source_id` and `record` lead from each row to file and line.
"""


class Query(NamedTuple):
    """A query with the words above it."""

    words: str
    sql: str


def query(path: Path) -> Query:
    """Return the query of a file."""
    lines = path.read_text("utf-8").strip().removesuffix(";").splitlines()
    first = next(n for n, line in enumerate(lines) if not line.startswith("--"))
    words = " ".join(line.removeprefix("-- ") for line in lines[:first])
    return Query(words, "\n".join(lines[first:]))


def page() -> str:
    """Return the whole page."""
    files = sql_files("numbers")
    parts = [OPENING, ", ".join(f"[{path.stem}](#{path.stem})" for path in files) + "\n"]
    for path in files:
        words, sql = query(path)
        parts.append(f"## {path.stem}\n\n{words}\n\n```sql\n{sql}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
