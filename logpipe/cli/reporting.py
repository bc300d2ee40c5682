"""Commands that write what a store holds into files: its report, its tables."""

import sys
from pathlib import Path
from typing import Annotated, Any

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
    chart: Annotated[
        str | None,
        typer.Option("--chart", metavar="NAME", help="With svg and png: only this chart."),
    ] = None,
    force: Force = False,
) -> None:
    """Write the report of a store: page, Markdown for tickets, text for mails, CSV, timelines.

    Nothing is detected anew: it tells what the last analyze, detect or nightly found. With -f svg
    or png, -o names a folder for all charts, or a file for one.

    Examples: logpipe report --db mail.duckdb -o report.html;
    logpipe report --incident idle-until-restart -f markdown;
    logpipe report --min-severity high -f csv -o incidents.csv;
    logpipe report --db mail.duckdb -f svg -o charts
    """
    from logpipe.analyze import stored_report
    from logpipe.report.chosen import chosen
    from logpipe.report.forms import PICTURES, form_of, render
    from logpipe.report.text import clean
    from logpipe.report.whole import write_whole
    from logpipe.store import open_store

    printed = out is None or str(out) == "-"
    named = form or Form((not printed and form_of(str(out))) or "text")
    drawn = named.value in PICTURES
    if chart is not None and not drawn:
        raise LogpipeError("report: --chart goes with -f svg or png")
    if out is not None and not printed and not drawn:
        _require_place(out, force=force)
    with open_store(db, read_only=True) as con:
        found = stored_report(con, db)
    part = chosen(found, incident, least)
    if drawn:
        _write_charts(part, named.value, chart, None if printed else out, force=force)
        return
    text = render(part, named.value)
    if out is not None and not printed:
        write_whole(text, out)
        typer.echo(clean(f"Wrote {out}"))
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


def _write_charts(
    report: dict[str, Any], form: str, name: str | None, out: Path | None, *, force: bool
) -> None:
    """Write all charts of a report into a folder, or one into a file."""
    from logpipe.report.charts import chart_names, render_chart
    from logpipe.report.whole import write_bytes

    names = chart_names(report)
    if not names:
        raise LogpipeError("report: no chart, as no incident above info has a time")
    if name is not None and name not in names:
        raise LogpipeError(f"--chart {name}: no such chart; there are {', '.join(names)}")
    if out is None:
        raise LogpipeError(f"-f {form}: give -o, a folder, or a file for one of {', '.join(names)}")
    if out.suffix.lower() == f".{form}":
        places = {name or names[0]: out}
    else:
        places = {one: out / f"{one}.{form}" for one in ([name] if name else names)}
        out.mkdir(parents=True, exist_ok=True)
    for place in places.values():
        _require_place(place, force=force)
    for one, place in places.items():
        write_bytes(render_chart(report, one, "png" if form == "png" else "svg"), place)
        typer.echo(place)


def _require_place(out: Path, *, force: bool) -> None:
    """Raise where a report cannot be put at a path."""
    from logpipe.store import require_folder

    require_folder(out)
    if out.exists() and not force:
        raise LogpipeError(f"{out}: is there already; use --force")
