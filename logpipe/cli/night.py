"""The command that runs every night."""

from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.console import leave, whole_pipe
from logpipe.cli.options import FailOn, Quiet, Strict


def nightly(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The file that says what to read, and where to.")
    ] = Path("logpipe.toml"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read; read and write nothing.")
    ] = False,
    strict: Strict = False,
    fail_on: FailOn = None,
    quiet: Quiet = False,
) -> None:
    """Read what is new, compare with earlier nights, write a dated report.

    The last line is for the log of a scheduler. --fail-on looks at incidents of tonight's report
    that are not suppressed.

    Example: logpipe nightly --config logpipe.toml --fail-on high
    """
    from logpipe.config import read_config
    from logpipe.nightly import now, plan_night, run_night
    from logpipe.report.nights import night_lines, plan_lines, scheduler_line
    from logpipe.rules import load_rules
    from logpipe.settle import read_zones

    told = read_config(config)
    zones = read_zones([f"{host}={zone}" for host, zone in told.zones.items()])
    rules = load_rules(Path(told.rules) if told.rules else None)
    if dry_run:
        offers, last = plan_night(told)
        with whole_pipe():
            for line in plan_lines(told, offers, last):
                typer.echo(line)
        return
    night = run_night(told, rules, zones, now())
    with whole_pipe():
        if not quiet:
            for line in night_lines(night.report):
                typer.echo(line)
            typer.echo("")
        typer.echo(scheduler_line(night.report, night.folder))
    leave(night.report, strict=strict, fail_on=fail_on)
