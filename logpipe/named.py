"""Named queries: the reports that users may ask, with their parameters.

A named query is a file of ``sql/reports`` that begins with a TOML header, as rules do: ``title``,
``grain`` (what one row is), ``columns`` (for a narrow table, the most important first), ``unknown``
(why a column may be empty), ``empty`` (what to collect where there is no row), ``[params.NAME]``:
``kind`` (text, number, moment, span, hosts), ``unit``, ``default``, ``choices``, ``required`` and
``text``. A parameter that is not given and has no default is NULL.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logpipe.errors import LogpipeError, QueryError
from logpipe.query import Rows, own_query
from logpipe.sqlfiles import split_header, sql_files
from logpipe.store import Connection, ask

MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
LONGEST = 5_000_000  # minutes of a span, ten years: what more is, is a slip of the pen
MOST_HOSTS = 12  # that are named where another one was asked for
SPAN = re.compile(r"(\d{1,7})([mhdw])")
# texts between quotes and comments hold no parameters
TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\$(\w+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a named query."""

    name: str
    text: str
    kind: str = "text"
    unit: str = ""
    default: str | int | None = None
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A named query; ``columns`` are those that a table shows, the most important first."""

    name: str
    title: str
    grain: str
    sql: str
    columns: tuple[str, ...] = ()
    unknown: str = ""
    empty: str = ""
    params: tuple[Param, ...] = ()


def named_queries() -> list[Named]:
    """Return every named query, by name; a report without a header is none."""
    paths = sql_files("reports")
    return [_named(path) for path in paths if path.read_text("utf-8").startswith("/*")]


def named_query(name: str) -> Named:
    """Return the query of a name; raises QueryError where there is none."""
    found = {query.name: query for query in named_queries()}
    if name not in found:
        raise QueryError(f"query: no query is named {name}; there are {', '.join(found)}")
    return found[name]


def _named(path: Any) -> Named:
    header, sql = split_header(path)
    params = tuple(
        Param(name, **facts | {"choices": tuple(facts.get("choices", ()))})
        for name, facts in header.pop("params", {}).items()
    )
    columns = tuple(header.pop("columns", ()))
    return Named(name=path.stem, sql=sql, columns=columns, params=params, **header)


def read_values(query: Named, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter, those given as texts read by their kind."""
    known = {param.name: param for param in query.params}
    if unknown := sorted(given.keys() - known.keys()):
        names = ", ".join(known) or "none"
        raise QueryError(f"{query.name}: no parameter {unknown[0]}; it has {names}")
    values = {
        name: param.default if given.get(name) is None else _value(param, given[name])
        for name, param in known.items()
    }
    if lacking := [p.name for p in query.params if p.required and values[p.name] is None]:
        raise QueryError(f"{query.name}: give {lacking[0]}, {known[lacking[0]].text}")
    if values.get("from") is not None and values.get("since") is not None:
        raise QueryError(f"{query.name}: give from or since, not both")
    return values


def _value(param: Param, given: str | list[str]) -> Any:
    """Return a value as the SQL takes it; hosts may be given one by one."""
    if isinstance(given, list):
        given = ",".join(given)
    if param.choices and given not in param.choices:
        raise QueryError(f"{param.name} {given}: give one of {', '.join(param.choices)}")
    match param.kind:
        case "number":
            return _number(param, given)
        case "moment":
            return read_moment(given, param.name)
        case "span":
            return read_span(given, param.name)
        case "hosts":
            return [_host(name.strip()) for name in given.split(",") if name.strip()]
        case _:
            return given


def _host(name: str) -> str:
    """Return a host's name as the store has it, see macro lp_host."""
    if ":" in name or re.fullmatch(r"[0-9.]+", name):
        return name.lower()
    return name.partition(".")[0].upper()


def _number(param: Param, given: str) -> int:
    if not re.fullmatch(r"\d{1,9}", given):
        raise QueryError(f"{param.name} {given}: no whole number")
    return int(given)


def read_moment(text: str, option: str) -> datetime:
    """Return the moment that an option names, as naive UTC; without an offset it is UTC already."""
    try:
        at = datetime.fromisoformat(text)
        return (at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None)
    except (ValueError, OverflowError) as error:
        raise LogpipeError(f"{option} {text}: no moment; write it like 2007-09-10T12:00") from error


def read_span(text: str, option: str) -> int:
    """Return the minutes that an option names: 90m, 24h, 7d, 2w."""
    found = SPAN.fullmatch(text)
    minutes = int(found[1]) * MINUTES[found[2]] if found else 0
    if not 0 < minutes <= LONGEST:
        raise LogpipeError(f"{option} {text}: no span of time; write it like 24h, 7d or 90m")
    return minutes


def run_named(con: Connection, query: Named, values: Mapping[str, Any]) -> Rows:
    """Run a named query with the values of ``read_values``."""
    return own_query(con, query.sql, dict(values))


def require_hosts(con: Connection, hosts: Sequence[str]) -> None:
    """Raise LogpipeError where no file of the store is of a host that was asked for."""
    rows = ask(con, "SELECT DISTINCT host FROM source WHERE host IS NOT NULL ORDER BY host")
    known = [row["host"] for row in rows]
    if odd := [name for name in map(_host, hosts) if name not in known]:
        more = f" and {len(known) - MOST_HOSTS:,} more" if len(known) > MOST_HOSTS else ""
        told = f"known: {', '.join(known[:MOST_HOSTS])}{more}" if known else "no file names one"
        raise LogpipeError(f"no host {', '.join(odd)} in the store; {told}")


def filled(query: Named, values: Mapping[str, Any]) -> str:
    """Return the SQL of a query with its values as literals, for any DuckDB tool."""

    def literal(match: re.Match[str]) -> str:
        return match[0] if match[1] is None else _literal(values[match[1]])

    return f"-- {query.title}.\n-- {query.grain}\n{TOKEN.sub(literal, query.sql)};"


def _literal(value: Any) -> str:
    """Return a value as SQL."""
    match value:
        case None:
            return "NULL"
        case datetime():
            return f"TIMESTAMP '{value.isoformat(' ')}'"
        case list():
            return f"[{', '.join(map(_literal, value))}]"
        case str():
            quoted = value.replace("'", "''")
            return f"'{quoted}'"
        case _:
            return str(value)
