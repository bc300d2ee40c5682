"""``logpipe schedule``: have the nightly run started every night."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from logpipe.schedule import Kind
    from logpipe.schedule.job import Job

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Scheduler(StrEnum):
    """What starts the nightly run."""

    systemd = "systemd"
    cron = "cron"
    windows = "windows"


ConfigFile = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration of the nightly run.")
]
At = Annotated[str, typer.Option("--at", metavar="HH:MM", help="When, UTC; 01:00 or later.")]
Which = Annotated[
    Scheduler | None,
    typer.Option("--kind", help="The scheduler; without it the one that this system has."),
]
User = Annotated[
    str | None,
    typer.Option("--user", help="Who runs it; without it you, or for root the file's owner."),
]
CONFIG = Path("logpipe.toml")
NIGHT = "01:30"


def _job(
    config: Path, at: str, kind: Scheduler | None, user: str | None, *, gone: bool = False
) -> "tuple[Kind, Job]":
    """Return the scheduler, and what it is to be told; ``gone``: no configuration is needed."""
    from logpipe.config import Config, read_config
    from logpipe.nightly import now
    from logpipe.schedule import KINDS, usual_kind
    from logpipe.schedule.job import plan_job

    told = Config(folders=[]) if gone and not config.exists() else read_config(config)
    return KINDS[kind or usual_kind()], plan_job(config, told, at, user, now())


def _print(lines: list[str]) -> None:
    from logpipe.report.text import clean

    for line in lines:
        typer.echo(clean(line))


@app.command("show")
def schedule_show(
    config: ConfigFile = CONFIG, at: At = NIGHT, kind: Which = None, user: User = None
) -> None:
    """Print what install would give to the scheduler; nothing is changed.

    Example: logpipe schedule show --config logpipe.toml --kind cron
    """
    from logpipe.schedule import usual_kind
    from logpipe.schedule.programs import lacks

    scheduler, job = _job(config, at, kind, user)
    typer.echo(scheduler.shown(job), nl=False)
    if lacking := lacks(kind or usual_kind()):
        typer.echo(f"logpipe: {lacking} is not on this system: install would fail here", err=True)


@app.command("install")
def schedule_install(
    config: ConfigFile = CONFIG, at: At = NIGHT, kind: Which = None, user: User = None
) -> None:
    """Have the nightly run started every night; again after a change.

    Example: logpipe schedule install --config logpipe.toml --at 02:15
    """
    from logpipe.config import read_config

    scheduler, job = _job(config, at, kind, user)
    _print(scheduler.install(job))
    if variables := read_config(config).variables:
        typer.echo(
            f"logpipe: the run does not get {', '.join(variables)} from your shell: set it for the"
            " scheduler, or put the secret in a file (password_file, url_file)",
            err=True,
        )


@app.command("remove")
def schedule_remove(config: ConfigFile = CONFIG, kind: Which = None, user: User = None) -> None:
    """Take back what install did; reports and store stay. The configuration may be gone already.

    Example: logpipe schedule remove --config logpipe.toml
    """
    scheduler, job = _job(config, NIGHT, kind, user, gone=True)
    _print(scheduler.remove(job))


@app.command("status")
def schedule_status(config: ConfigFile = CONFIG, kind: Which = None, user: User = None) -> None:
    """Say whether the nightly run is scheduled, and what the scheduler knows of it.

    Example: logpipe schedule status --config logpipe.toml
    """
    scheduler, job = _job(config, NIGHT, kind, user)
    _print(scheduler.status(job))
