"""Finds and reads the SQL that ships with logpipe."""

import tomllib
from pathlib import Path
from typing import Any

from logpipe.errors import RuleError


def sql_dir() -> Path:
    """Return the shipped SQL: logpipe/sql in a wheel, the top-level sql/ in a checkout."""
    packaged = Path(__file__).parent / "sql"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "sql"


def sql_files(folder: str) -> list[Path]:
    """Return the SQL files of one folder of ``sql/``, in name order."""
    return sorted((sql_dir() / folder).glob("*.sql"))


def sql_text(folder: str, name: str) -> str:
    """Return one shipped SQL file without the closing semicolon."""
    return (sql_dir() / folder / f"{name}.sql").read_text("utf-8").strip().removesuffix(";")


def split_header(path: Path) -> tuple[dict[str, Any], str]:
    """Split a SQL file into its TOML header (the leading block comment) and the SQL below it."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: not UTF-8; save it as UTF-8") from error
    header, end, sql = text.removeprefix("/*").partition("*/")
    if not end:
        raise RuleError(f"{path}: no /* TOML header */ at the top; see docs/rules.md")
    try:
        return tomllib.loads(header), sql.strip().removesuffix(";")
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{path}: header is not TOML: {error}") from error
