"""What is to be started, when, by whom, and how it is known as ours."""

import getpass
import hashlib
import os
import re
import sys
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from logpipe.config import Config
from logpipe.errors import LogpipeError

EARLIEST = time(1)  # UTC: the logs of a day are closed at 00:00, and some are written late
ODD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
USER = re.compile(r"[\w.@-]+(?:\\[\w. @-]+)?\$?")


@dataclass(frozen=True, slots=True)
class Job:
    """One nightly run: its configuration, its moment (UTC), who runs it, where its words go."""

    config: Path
    log: Path
    at: time
    user: str
    python: str
    now: datetime

    @property
    def name(self) -> str:
        """The name by which a scheduler knows it: one for each configuration."""
        return f"logpipe-{hashlib.sha256(str(self.config).encode()).hexdigest()[:8]}"

    @property
    def mark(self) -> str:
        """The words that say that something was written for this configuration."""
        return f"written by 'logpipe schedule' for {self.config}"

    @property
    def command(self) -> list[str]:
        """The command, whatever the working folder and the search path are."""
        told = ["nightly", "--config", str(self.config), "--quiet"]
        return [self.python, "-m", "logpipe", *told]


def plan_job(path: Path, config: Config, at: str, user: str | None, now: datetime) -> Job:
    """Return the job of a configuration; raises LogpipeError where no scheduler could hold it."""
    job = Job(
        config=path.resolve(),
        log=config.log,
        at=read_time(at),
        user=user or _owner(path),
        python=sys.executable,
        now=now,
    )
    if not USER.fullmatch(job.user):
        raise LogpipeError(f"--user {job.user}: no name of a user")
    for given in (job.config, job.log, job.python):
        if ODD.search(str(given)):
            raise LogpipeError(
                f"{given}: a path with control characters, or no UTF-8, cannot be scheduled"
            )
    folder = str(job.config.parent)
    if folder != folder.rstrip(" \\") and os.name != "nt":
        raise LogpipeError(f"{folder}: a folder that ends in a blank or \\ cannot be scheduled")
    return job


def read_time(text: str) -> time:
    """Return a time of day, UTC, at which the logs of the day before are closed."""
    try:
        at = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError as error:
        raise LogpipeError(f"--at {text}: write hours and minutes, UTC: 01:30") from error
    if at < EARLIEST:
        raise LogpipeError(
            f"--at {text}: the logs of the day before are closed at 00:00 UTC, some later;"
            " choose 01:00 or later, UTC"
        )
    return at


def _owner(path: Path) -> str:
    """Return who is to run a configuration where nobody is named: for root, whose file it is."""
    if not (is_root() and path.exists()):
        return this_user()
    try:
        return path.owner()
    except KeyError:
        raise LogpipeError(
            f"{path}: belongs to a user whom the system does not know; name one with --user"
        ) from None


def is_root() -> bool:
    """Return whether this runs as root, who schedules for everybody."""
    return os.name != "nt" and os.geteuid() == 0


def this_user() -> str:
    """Return who runs this, on Windows with the domain."""
    domain = os.environ.get("USERDOMAIN") if os.name == "nt" else None
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an OSError since Python 3.13
        raise LogpipeError("the system does not know who runs this; set USER") from None
    return f"{domain}\\{user}" if domain else user
