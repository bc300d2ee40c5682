"""The configuration that init writes is one, and names every setting that there is."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.config import Config, read_config
from logpipe.starter import TEMPLATE


def settings(kind: Any, before: str = "") -> set[str]:
    """Every key of a configuration, those below it with their table's name."""
    found = set()
    for field in msgspec.structs.fields(kind):
        found.add(before + field.encode_name)
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                found |= settings(inner, f"{before}{field.encode_name}.")
    return found


def told(table: dict[str, Any], kind: Any, before: str = "") -> set[str]:
    """Every key that a file has, as far as the configuration goes."""
    found = set()
    for key, value in table.items():
        found.add(before + key)
        name = f"{before}{key}."
        if any(one.startswith(name) for one in settings(kind)):
            for inner in value if isinstance(value, list) else [value]:
                found |= told(inner, kind, name)
    return found


def uncommented() -> str:
    return re.sub(r"^#(?=\S)", "", TEMPLATE.read_text("utf-8"), flags=re.MULTILINE)


def test_init_writes_a_configuration_that_is_one_as_it_stands(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["init", str(tmp_path / "new")])
    assert result.exit_code == 0, result.output
    path = tmp_path / "new" / "logpipe.toml"
    assert read_config(path) == read_config(path)
    assert read_config(path).folders == [str(tmp_path / "new" / "logs")]
    assert result.output.count(f'--config "{path}"') == 2


def test_every_setting_stands_in_it_and_works_when_its_comment_sign_is_taken_away(
    tmp_path: Path,
) -> None:
    assert told(tomllib.loads(uncommented()), Config) == settings(Config)
    (tmp_path / "logpipe.toml").write_text(uncommented(), "utf-8")
    read_config(tmp_path / "logpipe.toml")


def test_what_it_sets_without_being_told_is_what_holds_without_it(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(TEMPLATE.read_text("utf-8"))
    (tmp_path / "b.toml").write_text('folders = ["logs"]\n')
    assert read_config(tmp_path / "a.toml") == read_config(tmp_path / "b.toml")


def test_every_block_of_settings_has_words_above_it() -> None:
    for block in TEMPLATE.read_text("utf-8").strip().split("\n\n")[1:]:
        assert block.startswith("# "), block


def test_a_configuration_that_is_there_stays_unless_it_is_forced(tmp_path: Path) -> None:
    (tmp_path / "logpipe.toml").write_text("mine")
    result = CliRunner().invoke(app, ["init", str(tmp_path)])
    assert "--force overwrites it" in str(result.exception)
    assert (tmp_path / "logpipe.toml").read_text() == "mine"
    assert CliRunner().invoke(app, ["init", str(tmp_path), "--force"]).exit_code == 0
    assert read_config(tmp_path / "logpipe.toml")


@pytest.mark.parametrize("name", ["a b", 'quo"te', "back\\slash", "ä\x7f\t", "😀"])
def test_folders_of_any_name_can_be_given(name: str, tmp_path: Path) -> None:
    told_ = ["init", str(tmp_path), "--logs", str(tmp_path / name), "--logs", str(tmp_path)]
    result = CliRunner().invoke(app, told_)
    assert result.exit_code == 0, result.exception
    assert read_config(tmp_path / "logpipe.toml").folders == [str(tmp_path / name), str(tmp_path)]
