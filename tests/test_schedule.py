"""Schedulers are told what runs when and by whom; paths of any kind reach the command whole."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.config import Config
from logpipe.errors import LogpipeError
from logpipe.schedule import KINDS, cron, job, systemd, windows
from logpipe.schedule.job import Job, plan_job

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC).replace(tzinfo=None)
HOSTILE = ["plain", "a b", "50% of $HOME", 'it\'s "quoted"', "back\\slash", "a;b&c|d", "~", "ä %n"]
NS = {"t": windows.NAMESPACE}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="names that Windows cannot have")


def job_in(folder: Path, at: str = "01:30", user: str | None = "mail") -> Job:
    config = Config(folders=["logs"], store=str(folder / "logpipe.duckdb"))
    return plan_job(folder / "logpipe.toml", config, at, user, NOW)


class Programmes:
    """Stands for systemctl, crontab and schtasks: keeps what it is told."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.crontab: str | None = None
        self.tasks: dict[str, str] = {}

    def run(self, command: list[str], **told: Any) -> "subprocess.CompletedProcess[str]":
        self.asked.append(command)
        answer = getattr(self, f"_{command[0]}")
        code, out, err = answer(command[1:], told["input"])
        return subprocess.CompletedProcess(command, code, out, err)

    def _systemctl(self, words: list[str], _: str | None) -> tuple[int, str, str]:
        return 0, "ActiveState=active\nResult=success\n" if "show" in words else "", ""

    def _crontab(self, words: list[str], text: str | None) -> tuple[int, str, str]:
        if words[-1] == "-l":
            return (1, "", "no crontab for mail") if self.crontab is None else (0, self.crontab, "")
        self.crontab = text
        return 0, "", ""

    def _schtasks(self, words: list[str], _: str | None) -> tuple[int, str, str]:
        name = words[words.index("/tn") + 1]
        if words[0] == "/create":
            self.tasks[name] = Path(words[words.index("/xml") + 1]).read_text("utf-16")
        elif words[0] == "/delete":
            del self.tasks[name]
        elif name not in self.tasks:
            return 1, "", "ERROR: The system cannot find the file specified."
        return 0, self.tasks.get(name, ""), ""


@pytest.fixture
def programmes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Programmes:
    fake = Programmes()
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", fake.run)
    for module in (job, cron, systemd):
        monkeypatch.setattr(module, "is_root", lambda: False)
        monkeypatch.setattr(module, "this_user", lambda: "mail")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "units"))
    return fake


@POSIX
@pytest.mark.parametrize("name", HOSTILE)
def test_systemd_finds_no_fault_in_the_units(name: str, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    folder, programme = tmp_path / name, tmp_path / re.sub(r"[\"'\\]", "", name) / "python"
    for made_ in {folder, programme.parent}:
        made_.mkdir()
    programme.symlink_to(sys.executable)
    made = replace(job_in(folder, user="root"), python=str(programme))
    for unit, text in systemd.units(made).items():
        (tmp_path / unit).write_text(text)
    done = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", "--man=no", *systemd.units(made)],  # noqa: S607
        cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_gets_no_programme_that_it_would_not_start(tmp_path: Path) -> None:
    with pytest.raises(LogpipeError, match="starts no programme with a quote"):
        systemd.shown(replace(job_in(tmp_path), python="/opt/it's/python"))


def test_the_timer_of_systemd_is_in_utc_and_makes_up_for_missed_nights(tmp_path: Path) -> None:
    timer = next(text for name, text in systemd.units(job_in(tmp_path)).items() if "timer" in name)
    assert "OnCalendar=*-*-* 01:30:00 UTC\n" in timer
    assert "Persistent=true\n" in timer


def after_cron(line: str) -> tuple[list[str], str]:
    """A crontab line as cron reads it: five fields, and the command for the shell."""
    *fields, command = line.split(maxsplit=5)
    assert not re.search(r"(?<!\\)%", command), "cron ends the command at a bare %"
    return fields, command.replace("\\%", "%")


@POSIX
@pytest.mark.parametrize("name", [*HOSTILE, "slash\\%percent %"])
def test_the_command_reaches_the_shell_whole_through_cron(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    made = job_in(folder)
    fields, command = after_cron(cron.line(made, UTC))
    assert fields == ["30", "1", "*", "*", "*"]
    words = shlex.split(command, comments=True)
    assert words == ["cd", str(folder), "&&", *made.command, ">>", str(made.log), "2>&1"]
    shell = command.replace(shlex.quote(made.python), "printf '%s\\n'", 1)
    subprocess.run(["/bin/sh", "-c", shell], check=True, timeout=20)  # noqa: S603
    assert made.log.read_text().splitlines() == made.command[1:]


@pytest.mark.parametrize(
    ("zone", "fields"),
    [
        ("UTC", "30 1"),
        ("Europe/Berlin", "30 3"),  # 01:30 UTC in summer, 02:30 UTC in winter
        ("America/New_York", "30 21"),  # of the evening before
        ("Asia/Kolkata", "0 7"),
        ("Australia/Lord_Howe", "30 12"),
    ],
)
def test_cron_has_a_local_time_that_is_never_before_the_one_in_utc(
    zone: str, fields: str, tmp_path: Path
) -> None:
    made = cron.line(job_in(tmp_path), ZoneInfo(zone))
    assert made.startswith(f"{fields} * * * ")
    minute, hour = (int(field) for field in fields.split())
    for month in (1, 4, 7, 10):
        local = datetime(2027, month, 20, hour, minute, tzinfo=ZoneInfo(zone))
        assert local.astimezone(UTC).time() >= job_in(tmp_path).at


def test_the_task_of_windows_has_what_its_schema_asks_for(tmp_path: Path) -> None:
    made = job_in(tmp_path, user="CORP\\mail")
    raw = windows.text(made)
    assert raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    task = ET.fromstring(raw)  # noqa: S314 - our own
    assert (task.tag, task.get("version")) == (f"{{{windows.NAMESPACE}}}Task", "1.2")
    assert [child.tag.partition("}")[2] for child in task] == [
        "RegistrationInfo", "Triggers", "Principals", "Settings", "Actions",
    ]  # fmt: skip
    # the schema wants the parts of a trigger in order: Enabled, StartBoundary, then the schedule
    trigger = task.find("t:Triggers/t:CalendarTrigger", NS)
    assert trigger is not None
    assert [child.tag.partition("}")[2] for child in trigger] == ["StartBoundary", "ScheduleByDay"]
    found = {
        path: task.findtext(path, namespaces=NS)
        for path in (
            "t:Triggers/t:CalendarTrigger/t:StartBoundary",
            "t:Triggers/t:CalendarTrigger/t:ScheduleByDay/t:DaysInterval",
            "t:Principals/t:Principal/t:UserId",
            "t:Principals/t:Principal/t:LogonType",
            "t:Settings/t:StartWhenAvailable",
            "t:Settings/t:MultipleInstancesPolicy",
            "t:Actions/t:Exec/t:WorkingDirectory",
        )
    }
    assert list(found.values()) == [
        "2026-11-23T01:30:00Z", "1", "CORP\\mail", "S4U", "true", "IgnoreNew", str(tmp_path),
    ]  # fmt: skip
    principal = task.find("t:Principals/t:Principal", NS)
    actions = task.find("t:Actions", NS)
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")


def test_a_service_account_of_windows_is_named_by_its_number(tmp_path: Path) -> None:
    task = windows.document(job_in(tmp_path, user="SYSTEM"))
    ids = [element.text for element in task.iter("UserId")]
    assert ids == ["S-1-5-18"]
    assert not list(task.iter("LogonType"))


def test_every_path_in_the_command_of_windows_stands_in_quotes(tmp_path: Path) -> None:
    folder = tmp_path / "a & b (c)"
    folder.mkdir()
    made = job_in(folder)
    (arguments,) = (element.text for element in windows.document(made).iter("Arguments"))
    assert arguments is not None
    assert arguments.startswith('/d /s /c "')
    inner = arguments.removeprefix('/d /s /c "').removesuffix('"')
    words = re.findall(r'"([^"]*)"', inner)
    assert words == [*made.command, str(made.log)]
    assert re.sub(r'"[^"]*"', "", inner).split() == [">>", "2>&1"]


@pytest.mark.parametrize("kind", KINDS)
def test_install_twice_and_remove_leaves_things_as_they_were(
    kind: str, tmp_path: Path, programmes: Programmes
) -> None:
    programmes.crontab = "MAILTO=root\n5 4 * * * other\n"
    programmes.tasks = {"\\other": "x"}
    one = KINDS[kind]
    made = job_in(tmp_path)
    assert one.status(made)[0].startswith("Not installed")
    assert one.remove(made)[0].startswith("Nothing to remove")
    one.install(made)
    installed = (programmes.crontab, dict(programmes.tasks), sorted(tmp_path.rglob("*")))
    assert one.status(made)[0].startswith("Installed")
    one.install(made)
    assert (programmes.crontab, [*programmes.tasks], sorted(tmp_path.rglob("*"))) == (
        installed[0], [*installed[1]], installed[2],
    )  # fmt: skip
    one.remove(made)
    assert programmes.crontab == "MAILTO=root\n5 4 * * * other\n"
    assert programmes.tasks == {"\\other": "x"}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_second_configuration_has_a_line_of_its_own(
    tmp_path: Path, programmes: Programmes
) -> None:
    first, second = (job_in(tmp_path / name) for name in ("a", "b"))
    cron.install(first)
    cron.install(second)
    cron.remove(first)
    assert programmes.crontab is not None
    assert [second.name in line for line in programmes.crontab.splitlines()] == [True]


def test_what_logpipe_did_not_write_is_not_touched(tmp_path: Path, programmes: Programmes) -> None:
    made = job_in(tmp_path)
    folder = tmp_path / "units" / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / f"{made.name}.timer").write_text("[Timer]\n")
    programmes.tasks[f"\\logpipe\\{made.name}"] = "<Task><Source>someone</Source></Task>"
    for kind, change in ((systemd, systemd.install), (systemd, systemd.remove)):
        with pytest.raises(LogpipeError, match="logpipe did not write it"):
            change(made)
        assert kind
    with pytest.raises(LogpipeError, match="logpipe did not make it"):
        windows.remove(made)
    assert (folder / f"{made.name}.timer").read_text() == "[Timer]\n"
    assert len(programmes.tasks) == 1


@pytest.mark.parametrize(
    ("programme", "change"),
    [("systemctl", systemd.install), ("crontab", cron.install), ("schtasks", windows.install)],
)
def test_a_scheduler_that_is_not_there_is_told_in_one_line(
    programme: str,
    change: Callable[[Job], list[str]],
    tmp_path: Path,
    programmes: Programmes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(LogpipeError, match=f"^{programme} is not on this system"):
        change(job_in(tmp_path))
    assert programmes.asked == []
    assert list(tmp_path.rglob("*")) == []


def test_what_was_installed_can_be_removed_when_its_configuration_is_gone(
    tmp_path: Path, programmes: Programmes
) -> None:
    path = tmp_path / "logpipe.toml"
    path.write_text('folders = ["logs"]\n')
    told = ["--kind", "cron", "--user", "mail", "--config", str(path)]
    assert CliRunner().invoke(app, ["schedule", "install", *told]).exit_code == 0
    path.unlink()
    result = CliRunner().invoke(app, ["schedule", "remove", *told])
    assert "Removed our line" in result.output
    assert programmes.crontab == ""


def test_secrets_of_the_environment_are_told_when_a_run_is_installed(
    tmp_path: Path, programmes: Programmes
) -> None:
    (tmp_path / "logpipe.toml").write_text(
        'folders = ["logs"]\n[mail]\nhost = "mail.corp.example"\nfrom = "a@corp.example"\n'
        'to = ["b@corp.example"]\nusername = "a"\npassword_env = "MAIL_SECRET"\n'
    )
    told = ["schedule", "install", "--kind", "cron", "--config", str(tmp_path / "logpipe.toml")]
    result = CliRunner().invoke(app, [*told, "--user", "mail"])
    assert result.exit_code == 0, result.exception
    assert "does not get MAIL_SECRET from your shell" in result.stderr
    assert programmes.crontab is not None


def test_only_root_schedules_for_others(tmp_path: Path, programmes: Programmes) -> None:
    made = job_in(tmp_path, user="other")
    for change in (cron.install, systemd.install):
        with pytest.raises(LogpipeError, match="only root"):
            change(made)
    assert programmes.asked == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "00:30"], "choose 01:00 or later, UTC"),
        (["--at", "half past one"], "write hours and minutes, UTC"),
        (["--user", "x\ny"], "no name of a user"),
        (["--config", "nowhere.toml"], "logpipe init"),
    ],
)
def test_a_slip_is_one_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logpipe.toml").write_text('folders = ["logs"]\n')
    result = CliRunner().invoke(app, ["schedule", "show", *words])
    assert result.exit_code != 0
    assert said in str(result.exception)


@POSIX
@pytest.mark.parametrize("name", ["line\nbreak", "ends in blank ", "ends in \\", "esc\x1b[31m"])
def test_a_path_that_no_scheduler_can_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LogpipeError, match="cannot be scheduled"):
        job_in(tmp_path / name)


@pytest.mark.parametrize("name", ["50%", "$(Arg0)"])
def test_a_path_that_task_scheduler_would_fill_in_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LogpipeError, match="Task Scheduler cannot"):
        windows.shown(job_in(tmp_path / name))


@pytest.mark.parametrize("kind", KINDS)
def test_show_prints_and_changes_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a programme was run"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (tmp_path / "logpipe.toml").write_text('folders = ["logs"]\n')
    told = ["schedule", "show", "--kind", kind, "--config", str(tmp_path / "logpipe.toml")]
    result = CliRunner().invoke(app, told)
    assert result.exit_code == 0, result.output
    assert str(tmp_path / "logpipe.toml") in result.output
    assert [path.name for path in tmp_path.rglob("*")] == ["logpipe.toml"]
    assert "is not on this system: install would fail here" in result.stderr
    monkeypatch.setattr(shutil, "which", lambda name: name)
    assert CliRunner().invoke(app, told).stderr == ""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_the_task_that_is_shown_is_read_in_whatever_encoding_a_shell_saves_it(
    encoding: str, tmp_path: Path
) -> None:
    told = job_in(tmp_path / "ä")
    saved = windows.shown(told).replace("\n", "\r\n").encode(encoding)
    task = ET.fromstring(saved)  # noqa: S314 - our own
    assert task.findtext("t:Actions/t:Exec/t:WorkingDirectory", namespaces=NS) == str(
        tmp_path / "ä"
    )


def test_a_user_whom_the_system_does_not_know_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    (tmp_path / "logpipe.toml").write_text("")
    monkeypatch.setattr("logpipe.schedule.job.is_root", lambda: True)
    monkeypatch.setattr(Path, "owner", unknown)
    with pytest.raises(LogpipeError, match="--user"):
        job_in(tmp_path, user=None)
    assert job_in(tmp_path, user="mail").user == "mail"
    monkeypatch.setattr("logpipe.schedule.job.is_root", lambda: False)
    monkeypatch.setattr("getpass.getuser", unknown)
    with pytest.raises(LogpipeError, match="set USER"):
        job_in(tmp_path, user=None)
