"""Arguments and options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Severity(StrEnum):
    """How bad an incident is."""

    info = "info"
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"


class Form(StrEnum):
    """What a report is written as."""

    html = "html"
    markdown = "markdown"
    text = "text"
    csv = "csv"
    jsonl = "jsonl"
    json = "json"
    timesketch = "timesketch"
    timesketch_csv = "timesketch-csv"
    svg = "svg"
    png = "png"


class Saved(StrEnum):
    """What tables are exported as."""

    parquet = "parquet"
    csv = "csv"


class Shape(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    jsonl = "jsonl"


Inputs = Annotated[
    list[Path],
    typer.Argument(help="Folders or files to read.", metavar="PATH...", show_default=False),
]
Store = Annotated[
    Path, typer.Option("--db", envvar="LOGPIPE_DB", help="The DuckDB file of the store.")
]
RuleFolder = Annotated[
    Path | None,
    typer.Option("--rules", help="A folder of rules of your own, instead of the shipped ones."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 4 if any input was not read whole.")
]
FailOn = Annotated[
    Severity | None, typer.Option("--fail-on", help="Exit with 1 on an incident at least this bad.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no summary.")]
Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--tz",
        metavar="HOST=ZONE",
        help='Zone of a host whose logs have local times; "*=ZONE" for all other hosts.',
    ),
]
Format = Annotated[Shape, typer.Option("--format", "-f", help="How to print the rows.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From this moment on, UTC: 2007-09-10T12:00."),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before this moment, UTC.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="SPAN",
        help="In place of --from: 24h, 7d or 90m back from the newest moment in the mail logs,"
        " not from now, since collected logs are old.",
    ),
]
Hosts = Annotated[
    list[str] | None, typer.Option("--host", help="Only this host; may be given again.")
]
