"""Commands that say what happened."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import finish, warn_zones, whole_pipe
from logpipe.cli.options import FailOn, Inputs, Quiet, RuleFolder, Store, Strict, Zones


def analyze(
    bundle: Inputs,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report.")] = Path("out"),
    rules: RuleFolder = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files in --out that logpipe did not write.")
    ] = False,
    tz: Zones = None,
    strict: Strict = False,
    fail_on: FailOn = None,
    quiet: Quiet = False,
) -> None:
    """Read everything in a folder, name the incidents, write a report.

    Example: logpipe analyze samples/gateway2003 --out out
    """
    from logpipe.analyze import analyze as run
    from logpipe.rules import load_rules
    from logpipe.settle import read_zones

    zones = read_zones(tz or [])
    report = run(bundle, out, load_rules(rules), force=force, zones=zones)
    warn_zones(zones, {source["host"] for source in report["sources"]})
    page = None if quiet else out / "report.html"
    finish(report, page, out / "logpipe.duckdb", strict=strict, fail_on=fail_on)


def detect(
    db: Store = Path("logpipe.duckdb"), rules: RuleFolder = None, fail_on: FailOn = None
) -> None:
    """Run the rules over the store and print the incidents.

    Example: logpipe detect --db mail.duckdb --fail-on high
    """
    from logpipe.analyze import build_report
    from logpipe.analyze import detect as run
    from logpipe.rules import load_rules
    from logpipe.store import open_store

    with open_store(db, read_only=True):
        pass  # what is no store is told before one is made of it
    chosen = load_rules(rules)
    with open_store(db) as con:
        run(con, chosen)
        report = build_report(con)
    finish(report, None, db, strict=False, fail_on=fail_on, summary=True)


def explain(
    incident: Annotated[
        str | None,
        typer.Argument(
            help="Id of an incident, or its beginning; without one all are listed.",
            metavar="[INCIDENT]",
            show_default=False,
        ),
    ] = None,
    db: Store = Path("logpipe.duckdb"),
    whole: Annotated[
        bool, typer.Option("--all", help="All findings, not only the first of each role.")
    ] = False,
) -> None:
    """Say what speaks for an incident: signs, what is missing, findings with file and line.

    Raw lines are quoted where the files are still there; set COLUMNS to see more of long ones.

    Example: logpipe explain idle-until-restart-0123456789 --db mail.duckdb

    Example: logpipe explain idle-until-restart --all --db mail.duckdb
    """
    from logpipe.analyze import build_report
    from logpipe.explain import explain as run
    from logpipe.query import seal
    from logpipe.report.explained import explain_lines, listed_lines
    from logpipe.store import open_store

    with open_store(db, read_only=True) as con:
        seal(con)
        lines = (
            listed_lines(build_report(con)["incidents"])
            if incident is None
            else explain_lines(run(con, incident), shutil.get_terminal_size().columns, whole=whole)
        )
    with whole_pipe():
        for line in lines:
            typer.echo(line)
