"""SQL that reads a plain text log in columns: the relation ``cell`` that a load SQL works on.

It has ``record`` (the physical line), ``fields`` (their names), each field that the load SQL knows
by its name, ``extra`` with the others, and ``reject`` and ``excerpt``, which are NULL: a line that
DuckDB refuses is not there.
"""

from collections.abc import Sequence

from logpipe.model import Columns

MAP = "MAP(VARCHAR, VARCHAR)"


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
    """Return the map of all other values that are not empty, as SQL."""
    if not rest:
        return f"CAST(NULL AS {MAP})"
    cells = ", ".join(f"c{p}" for p in rest)
    entries = ", ".join(f"{{'k': {_quoted(batch.names[p])}, 'v': c{p}}}" for p in rest)
    return (
        f"CASE WHEN coalesce({cells}) IS NOT NULL THEN nullif(map_from_entries(list_filter("
        f"[{entries}], LAMBDA e: lp_value(e.v) IS NOT NULL)), MAP {{}}) END"
    )
