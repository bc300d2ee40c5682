"""Commands that count: how long mail took, who uses a relay, what stands at the top.

Each is a named query (sql/reports) with its parameters as options.
"""

import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from logpipe.cli.console import whole_pipe
from logpipe.cli.options import Format, From, Hosts, Shape, Since, Store, To


class By(StrEnum):
    """What one row of ``latency`` is."""

    host = "host"
    hour = "hour"
    connector = "connector"
    destination = "destination"


class Top(StrEnum):
    """What ``top`` counts."""

    domains = "domains"
    senders = "senders"
    errors = "errors"


def latency(
    by: Annotated[By, typer.Option("--by", help="What one row is.")] = By.host,
    start: From = None,
    end: To = None,
    since: Since = None,
    host: Hosts = None,
    db: Store = Path("logpipe.duckdb"),
    shape: Format = Shape.table,
) -> None:
    """Show how long mail took from entry to delivery, in seconds, beside what was usual before.

    p95: 95 of 100 recipients were served within so many seconds. With --from or --since the time
    before it is the baseline, of an hour the same hour of the day; change = p95 / baseline_p95.
    Without, there is nothing to compare with, and it is not known. Mail counts by its entry.
    docs/asking.md tells more.

    Examples: logpipe latency --by destination --from 2007-09-11 --db mail.duckdb;
    logpipe latency --by hour --since 24h
    """
    given = {"by": by.value, "from": start, "to": end, "since": since, "hosts": host}
    print_named("latency", given, db, shape, title=by.value)


def relay_clients(
    start: From = None,
    end: To = None,
    since: Since = None,
    host: Hosts = None,
    db: Store = Path("logpipe.duckdb"),
    shape: Format = Shape.table,
) -> None:
    """List who uses this relay: every client address, what it sent, how, and when last.

    From the logs of received mail; from message tracking where a host keeps none. What a log cannot
    tell, such as TLS in message tracking, is not known, which is not "no".

    Example: logpipe relay-clients --host GW1 --db mail.duckdb -f csv
    """
    given = {"from": start, "to": end, "since": since, "hosts": host}
    print_named("relay-clients", given, db, shape)


def top(
    what: Annotated[Top, typer.Argument(help="What to count.", show_default=False)],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            help="What the first has most of. Domains, senders: messages (default), delivered,"
            " failed, returned, open, p95. Errors: messages (default), tries, domains, last_seen.",
        ),
    ] = None,
    most: Annotated[int, typer.Option("-n", min=1, help="So many rows.")] = 20,
    start: From = None,
    end: To = None,
    since: Since = None,
    host: Hosts = None,
    db: Store = Path("logpipe.duckdb"),
    shape: Format = Shape.table,
) -> None:
    """Show the domains, senders or errors that stand out.

    Examples: logpipe top domains --by failed -n 10; logpipe top errors --since 7d
    """
    given = {"by": by, "most": str(most), "from": start, "to": end, "since": since, "hosts": host}
    print_named(f"top-{what.value}", given, db, shape)


def print_named(
    name: str, given: Mapping[str, Any], db: Path, shape: Shape, *, title: str = ""
) -> None:
    """Run a named query and print its rows; ``title`` is the name of the grouping column."""
    from logpipe.named import named_query, read_values, require_hosts, run_named
    from logpipe.query import seal
    from logpipe.report.narrow import table_lines
    from logpipe.report.queued import nothing_lines
    from logpipe.report.rows import print_rows
    from logpipe.store import ask, open_store

    query = named_query(name)
    values = read_values(query, given)
    with open_store(db, read_only=True) as con:
        seal(con)
        found = run_named(con, query, values)
        if not found.rows:
            require_hosts(con, values.get("hosts") or [])
        spans = [] if found.rows else ask(con, "FROM log_span ORDER BY ALL")
    grouped = {"grouped_by": title or "grouped_by"}
    names = [grouped.get(column, column) for column in found.names]
    with whole_pipe():
        if not found.rows:
            for line in nothing_lines(query.empty, spans):
                typer.echo(line, err=shape is not Shape.table)
        if shape is not Shape.table:
            print_rows(names, *found[1:], shape=shape.value, out=sys.stdout, width=0)
        elif found.rows:
            order = [grouped.get(column, column) for column in query.columns]
            width = shutil.get_terminal_size().columns
            for line in table_lines(
                names, *found[1:], order=order, unknown=query.unknown, width=width
            ):
                typer.echo(line)
