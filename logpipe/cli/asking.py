"""Commands that answer a question from the store, read-only."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import whole_pipe
from logpipe.cli.counting import print_named
from logpipe.cli.options import Format, Hosts, Shape, Store
from logpipe.errors import LogpipeError


def query(
    sql: Annotated[
        str | None,
        typer.Argument(help="One SELECT; - reads it from standard input.", show_default=False),
    ] = None,
    db: Store = Path("logpipe.duckdb"),
    shape: Format = Shape.table,
    name: Annotated[
        str | None, typer.Option("--name", help="A query that ships with logpipe, see --list.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            metavar="NAME=VALUE",
            help="A parameter of that query; may be given again.",
        ),
    ] = None,
    as_sql: Annotated[
        bool,
        typer.Option(
            "--sql", help="Print its text with the values filled in, for any DuckDB tool."
        ),
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List the queries with their parameters.")
    ] = False,
) -> None:
    """Ask the store with SQL of your own, read-only, or with a query that ships with logpipe.

    Tables are described in docs/tables.md; derived ones are made by detect and analyze.

    Examples: logpipe query "SELECT host, outcome, count(*) FROM message GROUP BY ALL";
    logpipe query --list; logpipe query --name latency -p by=hour -p since=24h;
    logpipe query --name latency --sql
    """
    if listed:
        _print_queries(shape)
    elif name is not None and sql is None:
        given = _pairs(param or [])
        if as_sql:
            _print_sql(name, given)
        else:
            print_named(name, given, db, shape)
    elif sql is None or name is not None:
        raise LogpipeError("query: give a SELECT, or --name and one of 'logpipe query --list'")
    elif param or as_sql:
        raise LogpipeError("query: --param and --sql go with --name")
    else:
        _print_answer(sql, db, shape)


def _pairs(params: list[str]) -> dict[str, str]:
    """Return what -p names, by its name."""
    if odd := [param for param in params if not param.partition("=")[1]]:
        raise LogpipeError(f"-p {odd[0]}: write NAME=VALUE")
    return {param.partition("=")[0]: param.partition("=")[2] for param in params}


def _print_queries(shape: Shape) -> None:
    """Print the named queries and their parameters."""
    from logpipe.named import named_queries
    from logpipe.report.listed import COLUMNS, listed_lines, listed_rows
    from logpipe.report.rows import print_rows

    found = named_queries()
    with whole_pipe():
        if shape is Shape.table:
            for line in listed_lines(found, shutil.get_terminal_size().columns):
                typer.echo(line)
        else:
            numeric = [False for _ in COLUMNS]
            print_rows(
                COLUMNS, numeric, listed_rows(found), shape=shape.value, out=sys.stdout, width=0
            )


def _print_sql(name: str, given: dict[str, str]) -> None:
    """Print a named query with its values."""
    from logpipe.named import filled, named_query, read_values

    found = named_query(name)
    with whole_pipe():
        typer.echo(filled(found, read_values(found, given)))


def _print_answer(sql: str, db: Path, shape: Shape) -> None:
    """Print the rows of a user's own SELECT."""
    from logpipe.query import user_query
    from logpipe.report.rows import print_rows
    from logpipe.store import open_store

    text = sys.stdin.read() if sql == "-" else sql
    with open_store(db, read_only=True) as con:
        found = user_query(con, text)
    width = shutil.get_terminal_size().columns
    with whole_pipe():
        print_rows(*found, shape=shape.value, out=sys.stdout, width=width)


def queue(
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="The moment, UTC: 2007-09-10T12:00.")
    ],
    db: Store = Path("logpipe.duckdb"),
    host: Hosts = None,
    shape: Format = Shape.table,
) -> None:
    """Show what waited in the queues at one moment, rebuilt from the logs.

    Beside it stands what listings and counters saw within half an hour.

    Example: logpipe queue --at 2007-09-10T12:00 --db mail.duckdb
    """
    from logpipe.analyze import queue_at
    from logpipe.named import read_moment, require_hosts
    from logpipe.query import seal
    from logpipe.report.queued import queue_lines
    from logpipe.report.rows import print_rows
    from logpipe.store import ask, open_store

    moment = read_moment(at, "--at")
    with open_store(db, read_only=True) as con:
        seal(con)
        found = queue_at(con, moment, [name.upper() for name in host] if host else None)
        if not found.rows:
            require_hosts(con, host or [])
        spans = ask(con, "FROM log_span ORDER BY ALL")
    with whole_pipe():
        if shape is Shape.table:
            rows = [dict(zip(found.names, row, strict=True)) for row in found.rows]
            for line in queue_lines(rows, spans, moment, shutil.get_terminal_size().columns):
                typer.echo(line)
        else:
            print_rows(*found, shape=shape.value, out=sys.stdout, width=0)
