import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from docs.make_tables import PAGE, columns, page, statements
from logpipe.cli import app
from logpipe.formats import all_formats
from logpipe.rules import load_rules
from logpipe.sqlfiles import split_header, sql_files

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ANCHOR = re.compile(r"^#+ (.*)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^    \$ uv run logpipe (?:.*\n|(?=\n))(?:(?:    .*)?\n)*", re.MULTILINE)
RUN = "from logpipe.cli import main; main()"


def blocks(path: Path) -> list[list[str]]:
    """The logpipe commands of a page, block by block."""
    prompt = "$ logpipe "
    return [
        [line.removeprefix(prompt) for line in block.splitlines() if line.startswith(prompt)]
        for block in CONSOLE.findall(path.read_text("utf-8"))
    ]


def commands(command: Any, name: str = "logpipe") -> Iterator[tuple[str, Any]]:
    yield name, command
    for below, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, f"{name} {below}")


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_reader_has_a_page_and_the_overview_links_it() -> None:
    overview = (DOCS / "formats.md").read_text("utf-8")
    for format_ in all_formats():
        assert f"[{format_.name}](formats/{format_.name}.md)" in overview
        page_ = (DOCS / "formats" / f"{format_.name}.md").read_text("utf-8")
        assert page_.startswith(f"# {format_.name}\n")
        assert f"`{format_.table}`" in page_


def test_the_page_of_tables_is_what_its_generator_makes() -> None:
    made = page()
    assert made == PAGE.read_text("utf-8"), "out of date: run 'python docs/make_tables.py'"


def test_every_column_of_every_table_says_what_it_means() -> None:
    known = columns()
    for path in sql_files("tables"):
        for made in statements(path):
            names = [column.name for column in known[made.name]]
            assert list(made.meanings) == names, f"{path}: one line a column"
            silent = [name for name, meaning in made.meanings.items() if not meaning]
            assert not silent, f"{path}: no comment at {', '.join(silent)}"


@pytest.mark.parametrize("folder", ["tables", "views", "derived", "knowledge"])
def test_everything_in_a_store_says_what_one_row_is(folder: str) -> None:
    for path in sql_files(folder):
        made = list(statements(path))
        assert made, f"{path}: no CREATE found"
        for one in made:
            assert "One row:" in " ".join(one.comment), f"{path}: {one.name} lacks 'One row:'"


def test_every_command_has_help() -> None:
    for name, command in commands(typer.main.get_command(app)):
        assert command.help, f"{name} has no help"
        for option in command.params:
            assert getattr(option, "help", None), f"{name} {option.name} has no help"


@pytest.mark.parametrize(
    "path",
    [p for p in PAGES if blocks(p) and p.name != "tutorial.md"],  # test_tutorial.py runs that one
    ids=lambda p: p.name,
)
def test_commands_in_the_docs_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    shutil.copytree(EXAMPLES, tmp_path / "docs" / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOGPIPE_DB", raising=False)
    for block in blocks(path):
        for line in block:
            result = CliRunner().invoke(app, shlex.split(line))
            assert result.exit_code == 0, f"logpipe {line}\n{result.output}\n{result.exception}"


def session() -> Iterator[tuple[list[str], list[str]]]:
    """The commands of README's session, and the lines that each is said to print."""
    text = (ROOT / "README.md").read_text("utf-8")
    for block in SHOWN.findall(text.partition("\n## A session\n")[2].partition("\n## ")[0]):
        lines = textwrap.dedent(block).strip("\n").removeprefix("$ uv run logpipe ").splitlines()
        used = 1
        while lines[used - 1].endswith("\\") or "\n".join(lines[:used]).count('"') % 2:
            used += 1
        yield shlex.split("\n".join(lines[:used]).replace("\\\n", " ")), lines[used:]


def test_the_session_in_the_readme_is_what_the_commands_print_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "samples" / "gateway2003", tmp_path / "samples" / "gateway2003")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOGPIPE_DB", raising=False)
    told = list(session())
    assert [command[0] for command, _ in told] == ["analyze", "query"]
    for command, printed in told:
        result = CliRunner().invoke(app, command)
        shown = [line.rstrip() for line in result.stdout.strip("\n").splitlines()]
        assert list(filter(None, shown)) == list(filter(None, map(str.rstrip, printed)))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = FENCED.sub("", path.read_text("utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{path.name}: {link} leads nowhere"
        if anchor and target.suffix == ".md":
            headings = ANCHOR.findall(FENCED.sub("", target.read_text("utf-8")))
            assert anchor in map(slug, headings), f"{path.name}: {link} names no heading"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_no_page_names_a_place_on_somebodys_machine(path: Path) -> None:
    assert not re.search(r"/(?:work|home|root|Users)/", path.read_text("utf-8"))


@pytest.mark.parametrize(
    "path", sorted(p for p in EXAMPLES.rglob("*") if p.is_file()), ids=lambda p: p.name
)
def test_the_examples_stand_in_the_docs_as_they_are(path: Path) -> None:
    if path.suffix == ".pyc":
        pytest.skip("no example")
    name = {"format": "formats.md", "rules": "rules.md"}[path.parent.name]
    code = path.read_text("utf-8").removeprefix(
        "# ruff: noqa: INP001 - an example; as a format it stands in the package logpipe.formats\n"
    )
    assert code in (DOCS / name).read_text("utf-8"), f"docs/{name} shows another {path.name}"


def test_the_example_of_a_format_works_where_the_docs_put_it(tmp_path: Path) -> None:
    here = EXAMPLES / "format"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "logpipe", tmp_path / "logpipe", ignore=ignore)
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    shutil.copy(here / "relay_line.py", tmp_path / "logpipe" / "formats")
    shutil.copy(here / "relay_line.sql", tmp_path / "sql" / "load")
    store = tmp_path / "relay.duckdb"
    subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", RUN, "ingest", str(here / "relay.log"), "--db", str(store)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    with duckdb.connect(store, read_only=True) as con:
        books = con.execute('SELECT format, host, records, "rows", rejects, status FROM source')
        assert books.fetchall() == [("relay_line", "MX1", 5, 4, 1, "partial")]
        events = con.execute("SELECT record, class, extra FROM tracking_event ORDER BY record")
        assert events.fetchall() == [
            (2, "enter", None),
            (3, "ok", {"route": "direct"}),
            (4, "enter", None),
            (5, "fail", {"route": "direct", "+1": "retry=0"}),
        ]
        rejects = con.execute("SELECT record, reason FROM reject")
        assert rejects.fetchall() == [(6, "cut short: 3 of 6 fields")]


def test_the_docs_of_rules_know_every_rule_and_parameter() -> None:
    text = (DOCS / "rules.md").read_text("utf-8")
    for rule in load_rules():
        _, heading, section = text.partition(f"\n### {rule.id}\n")
        assert heading, f"docs/rules.md has no section on {rule.id}"
        section = section.partition("\n### ")[0]
        for name, default in rule.params.items():
            row = re.search(rf"^\| `{name}` \| ([^|]+) \|", section, re.MULTILINE)
            assert row, f"docs/rules.md: {rule.id} lacks {name}"
            assert row[1].strip() == str(default), f"docs/rules.md: {rule.id} {name} = {default}"


def test_the_version_stands_in_the_change_log() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert version in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_header_of_a_rule_is_written_as_the_docs_say() -> None:
    text = (DOCS / "rules.md").read_text("utf-8")
    for path in sql_files("rules/queue") + sql_files("rules/service"):
        header, _ = split_header(path)
        for key in header:
            assert f"`{key}`" in text, f"docs/rules.md does not tell of the header key {key}"
