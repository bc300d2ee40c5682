"""Has ``logpipe nightly`` started every night by what the system has for that.

Each kind is a module with ``shown``, ``install``, ``remove`` and ``status``; all but the first
change or ask the system, touch nothing without our mark, and return lines that say what they did.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from logpipe.schedule import cron, systemd, windows
from logpipe.schedule.job import Job

Words = Callable[[Job], list[str]]


class Kind(NamedTuple):
    """One way to have a command started at a time."""

    shown: Callable[[Job], str]
    install: Words
    remove: Words
    status: Words


KINDS = {
    module.__name__.rpartition(".")[2]: Kind(
        module.shown, module.install, module.remove, module.status
    )
    for module in (systemd, cron, windows)
}


def usual_kind() -> str:
    """Return the kind that this system has: its own scheduler, cron where systemd does not run."""
    if sys.platform == "win32":
        return "windows"
    return "systemd" if Path("/run/systemd/system").is_dir() else "cron"
