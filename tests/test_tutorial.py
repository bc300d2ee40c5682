"""The tutorial prints what it says, and the page of commands is what the program says."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.make_commands import PAGE, page
from logpipe.cli import app

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorial.md"
LEFT_OUT = "…"
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, list[str]]]:
    """Each command of the tutorial, and the lines that it is said to print."""
    for block in re.findall(
        r"^```console\n(.*?)^```", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        for told in re.split(r"^\$ logpipe ", block, flags=re.MULTILINE)[1:]:
            command, *lines = told.splitlines()
            yield command, lines


def pattern(lines: list[str]) -> str:
    """The lines as a pattern; a line … stands for any."""
    shown = [line.rstrip() for line in lines]
    return "".join(
        r"(?:.*\n)*?" if line == LEFT_OUT else rf"{re.escape(line)} *\n" for line in shown
    )


def test_every_step_of_the_tutorial_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("LOGPIPE_DB", raising=False)
    told = list(steps())
    assert {shlex.split(command)[0] for command, _ in told} >= {"demo", "explain", "nightly"}
    for command, lines in told:
        result = CliRunner().invoke(app, shlex.split(command))
        assert result.exit_code == 0, f"logpipe {command}\n{result.output}\n{result.exception}"
        assert re.fullmatch(pattern(lines), result.stdout), f"logpipe {command}\n{result.stdout}"
    for path in re.findall(r"`((?:logpipe-demo|nights)/[\w./-]+)`", TUTORIAL.read_text("utf-8")):
        assert (tmp_path / path).exists(), path


def test_the_page_of_commands_is_what_its_generator_makes() -> None:
    made = page()
    assert made == PAGE.read_text("utf-8"), "out of date: run 'python docs/make_commands.py'"
