"""Windows Task Scheduler: one task in a folder of ours, given as XML.

Its start is in UTC (the ``Z`` is what Task Scheduler calls to synchronize across time zones), so
that no zone and no daylight saving moves it.
"""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

from logpipe.errors import LogpipeError
from logpipe.schedule.job import Job
from logpipe.schedule.programs import run, tried

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
SYSTEM = "S-1-5-18"
SERVICES = {"system": SYSTEM, "localservice": "S-1-5-19", "networkservice": "S-1-5-20"}
SETTINGS = {
    "MultipleInstancesPolicy": "IgnoreNew",
    "DisallowStartIfOnBatteries": "false",
    "StopIfGoingOnBatteries": "false",
    "StartWhenAvailable": "true",
    "Enabled": "true",
    "ExecutionTimeLimit": "PT12H",
    "Priority": "7",
}


def document(job: Job) -> ET.Element:
    """Return the task of a job: version 1.2, which every Windows since Vista knows."""
    _require_plain(job)
    task = ET.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    _add(task, "RegistrationInfo", {"Source": "logpipe", "Description": job.mark})
    daily = {"StartBoundary": _start(job)}  # enabled unless something else is said
    trigger = _add(_add(task, "Triggers"), "CalendarTrigger", daily)
    _add(trigger, "ScheduleByDay", {"DaysInterval": "1"})
    principals = _add(task, "Principals")
    _add(principals, "Principal", _principal(job.user)).set("id", "Author")
    _add(task, "Settings", SETTINGS)
    actions = _add(task, "Actions")
    actions.set("Context", "Author")
    command = " ".join(f'"{word}"' for word in job.command)
    words = {
        "Command": "cmd.exe",
        "Arguments": f'/d /s /c "{command} >> "{job.log}" 2>&1"',
        "WorkingDirectory": str(job.config.parent),
    }
    _add(actions, "Exec", words)
    return task


def _add(parent: ET.Element, name: str, texts: dict[str, str] | None = None) -> ET.Element:
    made = ET.SubElement(parent, name)
    for key, text in (texts or {}).items():
        ET.SubElement(made, key).text = text
    return made


def _start(job: Job) -> str:
    """Return the next moment of the job; one in the past might start it at once."""
    today = datetime.combine(job.now.date(), job.at)
    first = today if today > job.now else today + timedelta(days=1)
    return f"{first:%Y-%m-%dT%H:%M:%S}Z"


def _principal(user: str) -> dict[str, str]:
    """Return who runs it: a service account, or a user who need not be logged on."""
    if service := SERVICES.get(user.lower().rpartition("\\")[2].replace(" ", "")):
        return {"UserId": service, "RunLevel": "LeastPrivilege"}
    return {"UserId": user, "LogonType": "S4U", "RunLevel": "LeastPrivilege"}


def _require_plain(job: Job) -> None:
    """Raise LogpipeError where cmd.exe or Task Scheduler would take a path for something else."""
    for given in (job.config, job.log, job.python):
        if any(odd in str(given) for odd in ("%", "$(", '"')):
            raise LogpipeError(f"{given}: Task Scheduler cannot be given a path with % or $( in it")


def text(job: Job) -> bytes:
    """Return the task as Task Scheduler reads it: UTF-16 with its mark."""
    task = document(job)
    ET.indent(task)
    made: bytes = ET.tostring(task, encoding="utf-16", xml_declaration=True)
    return made


def shown(job: Job) -> str:
    """Return the task as text that is the same in every encoding a shell may save it in.

    It is ASCII and names no encoding: as UTF-8, as a code page or as UTF-16 with its mark it reads.
    """
    task = document(job)
    ET.indent(task)
    return f'<?xml version="1.0"?>\n{ET.tostring(task, encoding="us-ascii").decode("ascii")}\n'


def install(job: Job) -> list[str]:
    """Make the task; what was there of ours is replaced."""
    made = text(job)
    done = "Replaced" if _ours(job) else "Made"
    password = f"schtasks /change /tn {_place(job)} /ru {job.user} /rp *"
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "task.xml")
        path.write_bytes(made)
        run(["schtasks", "/create", "/tn", _place(job), "/xml", str(path), "/f"])
    return [
        f"{done} the task {_place(job)}: every day at {job.at:%H:%M} UTC, as {job.user}",
        "A night that the machine slept through is made up for when it wakes.",
        f"What it says: {job.log}",
        f"To read folders of other machines it needs a password: {password}",
    ]


def remove(job: Job) -> list[str]:
    """Delete the task, where it is ours."""
    if not _ours(job):
        return [f"Nothing to remove: no task {_place(job)}"]
    run(["schtasks", "/delete", "/tn", _place(job), "/f"])
    return [f"Removed the task {_place(job)}"]


def status(job: Job) -> list[str]:
    """Say whether the task is there, and when it ran and will run."""
    if not _ours(job):
        return [f"Not installed: no task {_place(job)}"]
    said = run(["schtasks", "/query", "/tn", _place(job), "/v", "/fo", "list"])
    return [f"Installed: {_place(job)}", *filter(None, map(str.rstrip, said.splitlines()))]


def _place(job: Job) -> str:
    return f"\\logpipe\\{job.name}"


def _ours(job: Job) -> bool:
    """Return whether the task is there; raises LogpipeError where logpipe did not make it."""
    done = tried(["schtasks", "/query", "/tn", _place(job), "/xml"])
    if done.returncode:
        return False
    if "<Source>logpipe</Source>" not in done.stdout:
        raise LogpipeError(f"{_place(job)}: logpipe did not make it; nothing was changed")
    return True
