"""Commands that read logs: into a store, or to say what they are and what they cover."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import INCOMPLETE, UNREAD, warn_unread, warn_zones, whole_pipe
from logpipe.cli.options import Format, Inputs, Quiet, Shape, Store, Strict, Zones


def ingest(
    paths: Inputs,
    db: Store = Path("logpipe.duckdb"),
    tz: Zones = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Load logs into the store, nothing twice.

    Example: logpipe ingest /logs --db mail.duckdb
    """
    from logpipe.analyze import ingest as load
    from logpipe.analyze import known_sources
    from logpipe.offers import require_inputs
    from logpipe.report.identified import ingested_lines
    from logpipe.report.text import clean
    from logpipe.settle import read_zones
    from logpipe.store import open_store, require_folder

    zones = read_zones(tz or [])
    require_folder(db)
    require_inputs(paths)
    with open_store(db) as con:
        sources = load(con, paths, avoid=[db], zones=zones)
        stands = known_sources(con)
    warn_zones(zones, {source.host for source in stands})
    if not quiet:
        with whole_pipe():
            for line in ingested_lines(sources, stands):
                typer.echo(line)
            typer.echo(clean(f'Next: logpipe detect --db "{db}"'))
    offered = {source.source_id for source in sources}
    unread = [one for one in stands if one.source_id in offered and one.status in UNREAD]
    warn_unread(len(unread), len(sources))
    if strict and unread:
        raise typer.Exit(INCOMPLETE)


def identify(paths: Inputs, tz: Zones = None, shape: Format = Shape.table) -> None:
    """Say what each file is, and why.

    Product, host, span and records of each; nothing is kept.

    Example: logpipe identify case.zip
    """
    from logpipe.analyze import ingest as load
    from logpipe.analyze import known_sources, scratch_store
    from logpipe.formats import all_formats
    from logpipe.offers import require_inputs
    from logpipe.report.identified import COLUMNS, NUMBERS, identified_lines, identified_rows
    from logpipe.report.rows import print_rows
    from logpipe.settle import read_zones

    zones = read_zones(tz or [])
    require_inputs(paths)
    with scratch_store() as con:
        load(con, paths, zones=zones)
        sources = known_sources(con)
    warn_zones(zones, {source.host for source in sources})
    with whole_pipe():
        if shape is Shape.table:
            for line in identified_lines(sources, all_formats()):
                typer.echo(line)
        else:
            rows = identified_rows(sources, all_formats())
            numeric = [name in NUMBERS for name in COLUMNS]
            print_rows(COLUMNS, numeric, rows, shape=shape.value, out=sys.stdout, width=0)


def coverage(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders or files to read; without any the store is asked.",
            metavar="[PATH...]",
            show_default=False,
        ),
    ] = None,
    db: Store = Path("logpipe.duckdb"),
    tz: Zones = None,
    shape: Format = Shape.table,
) -> None:
    """Show what the logs cover and what is missing.

    Hours by host and log, gaps, the rules that each gap weakens, and files that were not read.

    Example: logpipe coverage samples/gateway2003
    """
    from logpipe.analyze import cover, scratch_store
    from logpipe.analyze import ingest as load
    from logpipe.offers import require_inputs
    from logpipe.query import user_query
    from logpipe.report.covered import coverage_lines
    from logpipe.report.rows import print_rows
    from logpipe.settle import read_zones
    from logpipe.sqlfiles import sql_text
    from logpipe.store import open_store

    zones = read_zones(tz or [])
    require_inputs(paths or [])
    if not paths:
        with open_store(db, read_only=True):
            pass  # what is no store is told before one is made of it
    with scratch_store() if paths else open_store(db) as con:
        if paths:
            load(con, paths, zones=zones)
        covered = cover(con)
        rows = user_query(con, sql_text("reports", "coverage"))
    with whole_pipe():
        if shape is Shape.table:
            for line in coverage_lines(**covered):
                typer.echo(line)
        else:
            print_rows(*rows, shape=shape.value, out=sys.stdout, width=0)
