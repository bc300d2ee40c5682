"""SQL that reads a plain text log in columns: the relation ``cell`` that a load SQL works on.

It has ``record`` (the physical line), ``fields`` (their names), each field that the load SQL knows
by its name, ``extra`` with the others, and ``reject`` and ``excerpt``, which are NULL: a line that
DuckDB refuses is not there.
"""

import csv
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from logpipe.model import Columns

SAMPLE = 400  # lines
MOST_SHAPES = 24
WORTHWHILE = 4 << 20  # bytes; in a smaller file so many cases cost more to plan than they save
MAP = "MAP(VARCHAR, VARCHAR)"
ODD = 1 << 40  # the bit of a value that may be blank or a dash: looked at more closely


def cell_sql(batch: Columns) -> str:
    """Return a SELECT that gives the cells of a file, line by line."""
    places = {name: place for place, name in enumerate(batch.names)}
    values = ", ".join(
        f'c{places[name]} AS "{name}"' if name in places else f'CAST(NULL AS VARCHAR) AS "{name}"'
        for name in batch.known
    )
    names = ", ".join(map(_quoted, batch.names))
    rest = [
        place
        for name, place in places.items()
        if name and (name not in batch.known or name in batch.kept)
    ]
    surplus = f" WHERE c{len(batch.names) - 1} IS NULL" if "" in places else ""
    return (
        f"SELECT CAST(n + {_headers_above(batch.headers)} AS UBIGINT) AS record, "
        f"CAST([{names}] AS VARCHAR[]) AS fields, {values}, "
        f"{_extra(batch, rest)} AS extra, "
        "CAST(NULL AS VARCHAR) AS reject, CAST(NULL AS VARCHAR) AS excerpt "
        f"FROM (SELECT row_number() OVER () AS n, * FROM {_read(batch)}){surplus}"
    )


def _top(headers: Sequence[int]) -> int:
    """Return how many header lines stand above all data."""
    return sum(line == place for place, line in enumerate(headers, 1))


def _read(batch: Columns) -> str:
    """Return the table function; a line that does not fit the columns is left out."""
    columns = ", ".join(
        f"c{place}: '{batch.types.get(name, 'VARCHAR')}'" for place, name in enumerate(batch.names)
    )
    top = _top(batch.headers)
    # a line of field names has as many columns as a row
    below = " WHERE NOT starts_with(c0, '#')" if top < len(batch.headers) else ""
    nulls = f"['', {_quoted(batch.null)}]" if batch.null else "''"
    return (
        f"read_csv([{_quoted(str(batch.path))}], auto_detect = false, header = false, "
        f"delim = {_quoted(batch.delimiter)}, quote = {_quoted(batch.quote)}, "
        f"escape = {_quoted(batch.quote)}, nullstr = {nulls}, ignore_errors = true, "
        f"compression = 'none', skip = {top}, columns = {{{columns}}}){below}"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _headers_above(headers: Sequence[int]) -> str:
    """Return how many header lines stand above row n, as SQL."""
    # the header line of number k (from 0) on line L stands above row L - k and those after it
    above = {line - number: number + 1 for number, line in enumerate(headers)}
    if set(above) <= {1}:
        return str(len(headers))
    cases = " ".join(f"WHEN n >= {n} THEN {k}" for n, k in sorted(above.items(), reverse=True))
    return f"CASE {cases} ELSE 0 END"


def _extra(batch: Columns, rest: list[int]) -> str:
    """Return the map of all other values that are not empty, as SQL.

    Making a map costs seven times what casting a struct to one does; so the rows are told
    apart by which fields they fill, and each of the common shapes gets a struct of its own.
    """
    if not rest:
        return f"CAST(NULL AS {MAP})"
    entries = ", ".join(f"{{'k': {_quoted(batch.names[p])}, 'v': c{p}}}" for p in rest)
    closely = (
        f"nullif(map_from_entries(list_filter([{entries}], LAMBDA e: lp_value(e.v) IS NOT NULL)), "
        "MAP {})"
    )
    shapes = _shapes(batch, rest)
    if not shapes:
        cells = ", ".join(f"c{p}" for p in rest)
        return f"CASE WHEN coalesce({cells}) IS NULL THEN NULL ELSE {closely} END"
    bits = " + ".join(
        f"CASE WHEN c{p} > '-' THEN {1 << bit} WHEN c{p} IS NULL THEN 0 ELSE {ODD} END"
        for bit, p in enumerate(rest)
    )
    cases = "".join(
        f"WHEN {shape} THEN CAST({{{_struct(batch, rest, shape)}}} AS {MAP}) " for shape in shapes
    )
    return f"CASE CAST({bits} AS BIGINT) WHEN 0 THEN NULL {cases}ELSE {closely} END"


def _struct(batch: Columns, rest: list[int], shape: int) -> str:
    filled = [place for bit, place in enumerate(rest) if shape >> bit & 1]
    return ", ".join(f"{_quoted(batch.names[place])}: c{place}" for place in filled)


def _shapes(batch: Columns, rest: list[int]) -> list[int]:
    """Return which of these fields are filled together, the most common combinations first."""
    if batch.path.stat().st_size < WORTHWHILE:
        return []
    with batch.path.open(encoding="utf-8", errors="replace", newline="") as file:
        lines = (line for line in islice(file, SAMPLE) if not line.startswith("#"))
        if batch.quote:
            rows = list(csv.reader(lines, delimiter=batch.delimiter, quotechar=batch.quote))
        else:
            rows = [line.rstrip("\r\n").split(batch.delimiter) for line in lines]
    found = Counter(
        sum(1 << bit for bit, place in enumerate(rest) if row[place] > "-")
        for row in rows
        if len(row) == len(batch.names)
    )
    return [shape for shape, _ in found.most_common(MOST_SHAPES) if shape]
