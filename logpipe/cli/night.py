"""The command that runs every night."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logpipe.cli.console import leave, whole_pipe
from logpipe.cli.options import FailOn, Quiet, Strict

if TYPE_CHECKING:  # so that --help stays quick
    from logpipe.config import Config


def nightly(
    config: Annotated[
        Path, typer.Option("--config", "-c", help="The file that says what to read, and where to.")
    ] = Path("logpipe.toml"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be read; read and write nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--deliver-again", help="Only send reports that did not reach all.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--deliver-test", help="Only send a small message to all receivers.")
    ] = False,
    strict: Strict = False,
    fail_on: FailOn = None,
    quiet: Quiet = False,
) -> None:
    """Read what is new, compare with earlier nights, write a dated report, deliver it.

    The last line is for the log of a scheduler. --fail-on looks at incidents of tonight's report
    that are not suppressed.

    Examples: logpipe nightly --config logpipe.toml --fail-on high;
    logpipe nightly --config logpipe.toml --deliver-test
    """
    from logpipe.config import check_suppressed, read_config
    from logpipe.deliver import plan_words, require_secrets, require_sent, sent_words
    from logpipe.nightly import now, plan_night, run_night
    from logpipe.report.nights import night_lines, plan_lines, scheduler_line
    from logpipe.rules import load_rules
    from logpipe.settle import read_zones

    told = read_config(config)
    if again or test:
        _deliver(told, test=test)
        return
    zones = read_zones([f"{host}={zone}" for host, zone in told.zones.items()])
    rules = load_rules(Path(told.rules) if told.rules else None)
    check_suppressed(told, {rule.id for rule in rules}, config)
    if dry_run:
        plan = plan_night(told)
        with whole_pipe():
            for line in plan_lines(told, plan, plan_words(told)):
                typer.echo(line)
        require_secrets(told)
        return
    night = run_night(told, rules, zones, now())
    with whole_pipe():
        if not quiet:
            for line in night_lines(night.report):
                typer.echo(line)
            typer.echo("")
        line = scheduler_line(night.report, night.folder)
        typer.echo(line + "".join(f"; {words}" for words in sent_words(night.sent)))
    require_sent(night.sent)
    leave(night.report, strict=strict, fail_on=fail_on)


def _deliver(config: "Config", *, test: bool) -> None:
    """Send what is due, or a test, and say what became of each."""
    from logpipe.deliver import require_sent, sent_lines, try_delivery
    from logpipe.nightly import deliver_again, now

    sent = try_delivery(config, now()) if test else deliver_again(config, now())
    with whole_pipe():
        for line in sent_lines(sent):
            typer.echo(line)
    require_sent(sent, "mend it and try again" if test else "the next run tries again")
