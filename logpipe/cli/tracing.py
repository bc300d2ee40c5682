"""``logpipe trace``: one message through every log, from the store."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import whole_pipe
from logpipe.cli.options import Format, Shape, Store

Moment = str | None


def trace(
    what: Annotated[
        str,
        typer.Argument(
            help="A Message-ID, an address, or words of a subject.",
            metavar="MESSAGE-ID|ADDRESS|SUBJECT",
        ),
    ],
    db: Store = Path("logpipe.duckdb"),
    since: Annotated[
        Moment,
        typer.Option("--from", metavar="TIME", help="Only messages first seen then or later."),
    ] = None,
    until: Annotated[
        Moment, typer.Option("--to", metavar="TIME", help="Only messages first seen before.")
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option("--host", help="Only messages that this host has; may be given again."),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Quote the lines, where the files are still there.")
    ] = False,
    shape: Format = Shape.table,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page as well.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the page.")] = False,
) -> None:
    """Follow one message through all hosts and logs, hop by hop.

    Waits have their cause, gaps are called out, clocks are set against each other. Where several
    messages fit, they are listed.

    Example: logpipe trace 20070910062410.4711@mx.lab.example --db mail.duckdb

    Example: logpipe trace bob@partner.example --from 2007-09-10 --host GW1

    Example: logpipe trace "quarterly figures" --raw --html trace.html
    """
    from logpipe.errors import LogpipeError
    from logpipe.named import read_moment
    from logpipe.query import seal
    from logpipe.report.traced import listed_lines, trace_lines
    from logpipe.report.traced_rows import print_found, print_traced
    from logpipe.store import open_store
    from logpipe.trace import MOST_MATCHES, Wanted, find_messages, trace_message

    wanted = Wanted(
        what,
        read_moment(since, "--from") if since is not None else None,
        read_moment(until, "--to") if until is not None else None,
        host,
    )
    if html is not None and html.exists() and not force:
        raise LogpipeError(f"{html}: is there already; use --force")
    with open_store(db, read_only=True) as con:
        seal(con)
        found = find_messages(con, wanted)
        story = trace_message(con, found[0]["mail"], raw=raw) if len(found) == 1 else None
    with whole_pipe():
        if story is None:
            if shape is Shape.table:
                for line in listed_lines(found, MOST_MATCHES):
                    typer.echo(line)
            else:
                print_found(found, shape=shape.value, out=sys.stdout)
        elif shape is Shape.table:
            for line in trace_lines(story):
                typer.echo(line)
        else:
            print_traced(story, shape=shape.value, out=sys.stdout)
    if html is not None:
        from logpipe.report.text import clean
        from logpipe.report.traced_page import render_trace
        from logpipe.report.whole import write_whole

        if story is None:
            raise LogpipeError(f"{html}: not written; several messages fit, name one by its id")
        write_whole(render_trace(story), html)
        typer.echo(clean(f"Wrote {html}"), err=True)  # beside the story, which may be JSON
