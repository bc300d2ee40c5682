"""Commands that write what a store holds into files: its report, its tables."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import whole_pipe
from logpipe.cli.options import Form, Saved, Severity, Store
from logpipe.errors import LogpipeError

Force = Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")]


def report(
    db: Store = Path("logpipe.duckdb"),
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write this file; - or none: print."),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option("--format", "-f", help="The form; else the one of the file's name, or text."),
    ] = None,
    incident: Annotated[
        str | None,
        typer.Option("--incident", metavar="ID", help="Only this incident; its beginning will do."),
    ] = None,
    least: Annotated[
        Severity | None,
        typer.Option("--min-severity", help="Only incidents of this severity and above."),
    ] = None,
    force: Force = False,
) -> None:
    """Write the report of a store: page, Markdown for tickets, text for mails, CSV, timelines.

    Nothing is detected anew: it tells what the last analyze, detect or nightly found.

    Examples: logpipe report --db mail.duckdb -o report.html;
    logpipe report --incident idle-until-restart -f markdown;
    logpipe report --min-severity high -f csv -o incidents.csv
    """
    from logpipe.analyze import stored_report
    from logpipe.report.chosen import chosen
    from logpipe.report.forms import form_of, render
    from logpipe.report.text import clean
    from logpipe.report.whole import write_whole
    from logpipe.store import open_store

    printed = out is None or str(out) == "-"
    if out is not None and not printed:
        _require_place(out, force=force)
    named = form or Form((not printed and form_of(str(out))) or "text")
    with open_store(db, read_only=True) as con:
        found = stored_report(con, db)
    text = render(chosen(found, incident, least), named.value)
    if out is not None and not printed:
        write_whole(text, out)
        return
    with whole_pipe():
        if sys.stdout.isatty():  # a terminal gets no control characters
            text = "\n".join(map(clean, text.split("\n")))
        typer.echo(text, nl=False)


def export(
    tables: Annotated[
        list[str] | None,
        typer.Argument(help="Tables and views; none: all.", metavar="[TABLE...]"),
    ] = None,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="Folder for a file for each table.")
    ] = Path("export"),
    db: Store = Path("logpipe.duckdb"),
    form: Annotated[
        Saved, typer.Option("--format", "-f", help="What files they become.")
    ] = Saved.parquet,
    force: Force = False,
) -> None:
    """Write tables of a store as Parquet or CSV files, for other tools.

    Times are UTC. In CSV, text that a spreadsheet would take for a formula gets a quote before it.

    Examples: logpipe export --db mail.duckdb --to lake;
    logpipe export smtp_event incident -f csv --to tables
    """
    from logpipe.export import export_tables
    from logpipe.report.text import clean
    from logpipe.store import open_store

    with open_store(db, read_only=True) as con:
        for path, rows in export_tables(con, tables, to, form.value, force=force):
            typer.echo(clean(f"{path}: {rows:,} row{'s' if rows != 1 else ''}"))


def _require_place(out: Path, *, force: bool) -> None:
    """Raise where a report cannot be put at a path."""
    from logpipe.store import require_folder

    require_folder(out)
    if out.exists() and not force:
        raise LogpipeError(f"{out}: is there already; use --force")
