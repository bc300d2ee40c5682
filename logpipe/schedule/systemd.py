"""systemd: a timer and the service that it starts; of the system for root, else of the user."""

import os
from pathlib import Path

from logpipe.errors import LogpipeError
from logpipe.schedule.job import Job, is_root, this_user
from logpipe.schedule.programs import run

SERVICE = """\
# {mark}
[Unit]
Description=Nightly report of mail logs: {described}

[Service]
Type=oneshot
{user}WorkingDirectory={folder}
ExecStart={command}
Nice=10
IOSchedulingClass=idle
"""
TIMER = """\
# {mark}
[Unit]
Description=Nightly report of mail logs: {described}

[Timer]
OnCalendar=*-*-* {at:%H:%M}:00 UTC
Persistent=true

[Install]
WantedBy=timers.target
"""

STATUS = {
    "ActiveState": "Timer",
    "LastTriggerUSec": "Last start",
    "Result": "Last result",
    "NextElapseUSecRealtime": "Next start",
}


def units(job: Job) -> dict[str, str]:
    """Return the files of a job by their names."""
    told = {
        "mark": job.mark,
        "described": _specifiers(str(job.config)),
        "folder": _specifiers(str(job.config.parent)),
        "user": f"User={job.user}\n" if is_root() else "",
        "command": " ".join([_programme(job.python), *(_word(word) for word in job.command[1:])]),
    }
    return {
        f"{job.name}.service": SERVICE.format(**told),
        f"{job.name}.timer": TIMER.format(at=job.at, **told),
    }


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def _programme(path: str) -> str:
    """Return the first word of a command line, in which no variables are filled in."""
    if any(odd in path for odd in "\\\"'"):
        raise LogpipeError(f"{path}: systemd starts no programme with a quote or \\ in its path")
    return f'"{_specifiers(path)}"'


def _word(text: str) -> str:
    """Return another word of a command line as systemd reads it."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_specifiers(quoted)}"'


def shown(job: Job) -> str:
    """Return both files, each below its path."""
    folder = _folder()
    return "\n".join(f"# {folder / name}\n{text}" for name, text in units(job).items())


def install(job: Job) -> list[str]:
    """Write the units and start the timer; what was there of ours is replaced."""
    _require_own_user(job)
    folder = _folder()
    wanted = units(job)
    for name in wanted:
        _require_ours(folder / name)
    _systemctl("list-timers", "--no-pager")  # no systemd: say so before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", f"{job.name}.timer")
    flag = "" if is_root() else " --user"
    linger = (
        f"Without a login it runs only where lingering is on: loginctl enable-linger {job.user}"
    )
    return [
        *(f"Wrote {folder / name}" for name in wanted),
        f"Started {job.name}.timer: every day at {job.at:%H:%M} UTC, as {job.user}",
        "A night that the machine slept through is made up for when it wakes.",
        f"What it says: journalctl{flag} -u {job.name}.service",
        *([] if is_root() else [linger]),
    ]


def remove(job: Job) -> list[str]:
    """Stop the timer and remove the units, where they are ours."""
    folder = _folder()
    there = [folder / name for name in units(job) if (folder / name).exists()]
    for path in there:
        _require_ours(path)
    if not there:
        return [f"Nothing to remove: no {job.name}.timer in {folder}"]
    _systemctl("disable", "--now", f"{job.name}.timer")
    for path in there:
        path.unlink()
    _systemctl("daemon-reload")
    return [f"Stopped {job.name}.timer", *(f"Removed {path}" for path in there)]


def status(job: Job) -> list[str]:
    """Say whether the timer is there and runs, and when it ran and will run."""
    timer = _folder() / f"{job.name}.timer"
    if not timer.exists():
        return [f"Not installed: no {timer}"]
    said = _systemctl("show", timer.name, *(f"--property={name}" for name in STATUS))
    said += _systemctl("show", f"{job.name}.service", "--property=Result")
    told = dict(line.partition("=")[::2] for line in said.splitlines())
    return [
        f"Installed: {timer}",
        *(f"{words}: {told.get(name) or 'not known'}" for name, words in STATUS.items()),
    ]


def _folder() -> Path:
    if is_root():
        return Path("/etc/systemd/system")
    own = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(own) / "systemd" / "user"


def _systemctl(*words: str) -> str:
    flag = [] if is_root() else ["--user"]
    return run(["systemctl", *flag, *words])


def _require_own_user(job: Job) -> None:
    """Raise LogpipeError where the job is of a user that this one cannot schedule for."""
    if job.user != this_user() and not is_root():
        raise LogpipeError(f"--user {job.user}: only root installs units of another user")


def _require_ours(path: Path) -> None:
    """Raise LogpipeError where a file is there that logpipe did not write."""
    if path.exists() and "written by 'logpipe schedule'" not in path.read_text("utf-8", "replace"):
        raise LogpipeError(f"{path}: logpipe did not write it; nothing was changed")
