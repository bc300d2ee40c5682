"""cron: one line in the crontab of whoever runs it; its times are local ones."""

import shlex
from datetime import timedelta, tzinfo
from zoneinfo import ZoneInfoNotFoundError

from tzlocal import get_localzone

from logpipe.errors import LogpipeError
from logpipe.schedule.job import Job, is_root, this_user
from logpipe.schedule.programs import run, tried

LONGEST = 990  # characters: cron refuses a crontab with a longer command
DAY = 24 * 60


def line(job: Job, zone: tzinfo) -> str:
    """Return the line of a crontab, with our mark at its end."""
    minute = local_minute(job, zone)
    folder, log = _word(str(job.config.parent)), _word(str(job.log))
    command = " ".join(_word(word) for word in job.command)
    made = f"{minute % 60} {minute // 60} * * * cd {folder} && {command} >> {log} 2>&1 {_mark(job)}"
    if len(made) > LONGEST:
        raise LogpipeError(f"{job.config}: the paths are too long for a line of cron")
    return made


def _mark(job: Job) -> str:
    return f"# {job.name}, written by 'logpipe schedule'"


def _word(text: str) -> str:
    """Return a word as the shell reads it after cron, to which a bare % is the end of the line."""
    # between quotes of its own, so that no \ of the path stands before ours
    return shlex.quote(text).replace("%", r"'\%'" if shlex.quote(text) != text else r"\%")


def local_minute(job: Job, zone: tzinfo) -> int:
    """Return the minute of the local day that is the job's moment, or later, all year round."""
    days = (job.now + timedelta(days=day) for day in range(366))
    ahead = max(zone.utcoffset(day) or timedelta() for day in days)
    return (job.at.hour * 60 + job.at.minute + int(ahead.total_seconds()) // 60) % DAY


def _zone() -> tzinfo:
    """Return the zone of this machine; raises LogpipeError where its settings contradict."""
    try:
        return get_localzone()
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise LogpipeError(f"the zone of this machine is not known: {error}; set TZ") from error


def shown(job: Job) -> str:
    """Return the line, below a comment that says what its local time is."""
    zone = _zone()
    return f"# {_moment(job, zone)}\n{line(job, zone)}\n"


def _moment(job: Job, zone: tzinfo) -> str:
    minute = local_minute(job, zone)
    told = f"{minute // 60:02}:{minute % 60:02} in {zone} is {job.at:%H:%M} UTC"
    offsets = {zone.utcoffset(job.now + timedelta(days=day)) for day in range(366)}
    return told if len(offsets) == 1 else f"{told}, later where the clocks are not put forward"


def install(job: Job) -> list[str]:
    """Write the line into the crontab; what was there of ours is replaced."""
    zone = _zone()
    made = line(job, zone)
    before = _read(job)
    _write(job, [*_others(job, before), made])
    done = "Replaced our line" if len(_others(job, before)) < len(before) else "Added a line"
    return [
        f"{done} in the crontab of {job.user}: every day, {_moment(job, zone)}",
        f"What it says: {job.log}",
        "A night that the machine sleeps through is left out; the next one reads what it left.",
    ]


def remove(job: Job) -> list[str]:
    """Take our line out of the crontab."""
    before = _read(job)
    kept = _others(job, before)
    if len(kept) == len(before):
        return [f"Nothing to remove: no line of ours in the crontab of {job.user}"]
    _write(job, kept)
    return [f"Removed our line from the crontab of {job.user}"]


def status(job: Job) -> list[str]:
    """Say whether our line is there, and what the last night said."""
    before = _read(job)
    ours = [text for text in before if text not in _others(job, before)]
    if not ours:
        return [f"Not installed: no line of ours in the crontab of {job.user}"]
    said = job.log.read_text("utf-8", "replace").splitlines() if job.log.exists() else []
    last = said[-1] if said else "no night yet"
    return [f"Installed: {ours[0]}", f"Last words: {last}"]


def _others(job: Job, lines: list[str]) -> list[str]:
    """Return the lines that are not ours."""
    return [
        text for text in lines if not text.endswith(f"# {job.name}, written by 'logpipe schedule'")
    ]


def _crontab(job: Job) -> list[str]:
    if job.user == this_user():
        return ["crontab"]
    if not is_root():
        raise LogpipeError(f"--user {job.user}: only root changes the crontab of another user")
    return ["crontab", "-u", job.user]


def _read(job: Job) -> list[str]:
    """Return the lines of the crontab; a user may have none."""
    done = tried([*_crontab(job), "-l"])
    if done.returncode and "no crontab" not in done.stderr:
        raise LogpipeError(f"crontab -l: {' '.join(done.stderr.split()) or done.returncode}")
    return [] if done.returncode else done.stdout.splitlines()


def _write(job: Job, lines: list[str]) -> None:
    run([*_crontab(job), "-"], "".join(f"{text}\n" for text in lines))
