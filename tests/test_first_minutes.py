"""The demo, the words that a shell completes, and the help of every command."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.cli.beginning import Shell
from logpipe.demo import sample_dir

ROOT = Path(__file__).parents[1]
RUN = "import sys; sys.argv[0] = 'logpipe'; from logpipe.cli import main; main()"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a shell of other systems")


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    below = getattr(command, "commands", {})
    if not below:
        yield name.strip(), command
    for word, inner in below.items():
        yield from leaves(inner, f"{name} {word}")


COMMANDS = dict(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_an_example_of_that_command(name: str) -> None:
    shown = CliRunner().invoke(app, [*name.split(), "--help"], terminal_width=1000).output
    examples = shown.partition("Example")[2]
    assert f"logpipe {name}" in " ".join(examples.split()), shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_options_of_an_example_are_there(name: str) -> None:
    options = {word for parameter in COMMANDS[name].params for word in parameter.opts}
    (example,) = re.findall(r"Examples?: (.*?)\Z", COMMANDS[name].help or "", re.DOTALL)
    for one in re.split(r";\s+logpipe ", " ".join(example.split())):
        first = one.partition(" | ")[0]
        used = {word for word in shlex.split(first.rstrip(".)")) if word.startswith("-")}
        assert used <= options | {"-"}, one


def test_the_demo_finds_the_incident_and_what_it_says_to_try_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 0, result.output
    assert "Messages sat idle until SMTPSVC was restarted" in result.output
    assert (tmp_path / "logpipe-demo" / "out" / "report.html").exists()
    tries = re.findall(r"^  logpipe (.*)$", result.output, re.MULTILINE)
    assert len(tries) == 3
    for line in tries:
        done = CliRunner().invoke(app, shlex.split(line))
        assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception}"


def test_the_demo_leaves_a_folder_with_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = CliRunner().invoke(app, ["demo", str(tmp_path)])
    assert "holds other files" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_sample_of_the_demo_is_in_the_wheel() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = told["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["samples/gateway2003"] == "logpipe/sample"
    assert sample_dir().is_dir()


def asked(shell: str, words: str) -> str:
    """What logpipe answers a shell that asks how a line could go on."""
    told = {
        "_LOGPIPE_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words.rsplit(maxsplit=1)[-1],
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", RUN],
        capture_output=True, text=True, check=True, timeout=20,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | told,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "pwsh"])
def test_a_shell_is_told_the_commands_and_the_values_of_options(shell: str) -> None:
    assert "coverage" in asked(shell, "logpipe cov")
    assert "exchange2003" in asked(shell, "logpipe collect --for exchange20")


@pytest.mark.parametrize("shell", list(Shell))
def test_every_shell_has_a_script(shell: Shell) -> None:
    result = CliRunner().invoke(app, ["completion", shell.value])
    assert result.exit_code == 0
    assert "_LOGPIPE_COMPLETE" in result.output


@POSIX
def test_bash_completes_with_its_script(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not here")
    (tmp_path / "logpipe").write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{RUN}" "$@"\n')
    (tmp_path / "logpipe").chmod(0o755)
    line = (
        "source <(logpipe completion bash) && COMP_WORDS=(logpipe sched) COMP_CWORD=1"
        ' && _logpipe_completion logpipe sched logpipe; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(  # noqa: S603
        [bash, "-c", line],
        capture_output=True, text=True, check=True, timeout=20,
        env=os.environ
        | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.split() == ["schedule"]
