"""Runs the programmes that schedulers are told by."""

import shutil
import subprocess

from logpipe.errors import LogpipeError

LONGEST = 60  # seconds: none of them has more to do than to write a line


PROGRAMS = {"systemd": "systemctl", "cron": "crontab", "windows": "schtasks"}


def lacks(kind: str) -> str | None:
    """Return the programme of a kind of scheduler that this system does not have, if so."""
    programme = PROGRAMS[kind]
    return None if shutil.which(programme) else programme


def run(command: list[str], text: str | None = None) -> str:
    """Run a programme, return what it prints; raises LogpipeError where it is absent or fails."""
    done = tried(command, text)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise LogpipeError(f"{' '.join(command)}: {said}")
    return done.stdout


def tried(command: list[str], text: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a programme, whatever becomes of it; raises LogpipeError only where it is absent."""
    programme = shutil.which(command[0])
    if programme is None:
        raise LogpipeError(
            f"{command[0]} is not on this system; 'logpipe schedule show --kind"
            " systemd|cron|windows' prints what to give to another scheduler"
        )
    try:
        return subprocess.run(  # noqa: S603 - no shell; the words are ours, paths are one each
            [programme, *command[1:]],
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired as error:
        raise LogpipeError(f"{' '.join(command)}: no answer in {LONGEST} seconds") from error
