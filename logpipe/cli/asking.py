"""Commands that answer a question from the store, read-only."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import whole_pipe
from logpipe.cli.options import Format, Shape, Store


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; - reads it from standard input.")],
    db: Store = Path("logpipe.duckdb"),
    shape: Format = Shape.table,
) -> None:
    """Ask the store with SQL, read-only.

    Tables are described in docs/tables.md; derived ones are made by detect and analyze.

    Example: logpipe query "SELECT host, outcome, count(*) FROM message GROUP BY ALL"
    """
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
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Only this host; may be given again.")
    ] = None,
    shape: Format = Shape.table,
) -> None:
    """Show what waited in the queues at one moment, rebuilt from the logs.

    Beside it stands what listings and counters saw within half an hour.

    Example: logpipe queue --at 2007-09-10T12:00 --db mail.duckdb
    """
    from logpipe.analyze import queue_at
    from logpipe.report.queued import queue_lines, read_moment
    from logpipe.report.rows import print_rows
    from logpipe.store import ask, open_store

    moment = read_moment(at)
    with open_store(db, read_only=True) as con:
        found = queue_at(con, moment, [name.upper() for name in host] if host else None)
        spans = ask(con, "FROM log_span ORDER BY ALL")
    with whole_pipe():
        if shape is Shape.table:
            rows = [dict(zip(found.names, row, strict=True)) for row in found.rows]
            for line in queue_lines(rows, spans, moment):
                typer.echo(line)
        else:
            print_rows(*found, shape=shape.value, out=sys.stdout, width=0)
