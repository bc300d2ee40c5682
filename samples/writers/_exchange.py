"""CSV logs as Exchange 2007 and later write them, from rows written with ``|``."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path


def header(version: str, log_type: str, start: datetime, fields: str) -> list[str]:
    """Return the five lines of a preamble."""
    return [
        "#Software: Microsoft Exchange Server",
        f"#Version: {version}",
        f"#Log-type: {log_type}",
        f"#Date: {stamp(start)}",
        f"#Fields: {fields}",
    ]


def rows(start: datetime, text: str, before: str = "", after: str = "") -> list[str]:
    """Return CSV lines; each row is ``seconds after start|values``, put between two constants."""
    lines = []
    for row in text.strip("\n").split("\n"):
        seconds, _, values = row.partition("|")
        ts = stamp(start + timedelta(seconds=float(seconds)))
        parts = [ts, *before.split("|")[:-1], *values.split("|"), *after.split("|")[1:]]
        lines.append(",".join(map(quoted, parts)))
    return lines


def quoted(value: str) -> str:
    """Return a value as RFC 4180 wants it."""
    return '"' + value.replace('"', '""') + '"' if set(value) & set(',"') else value


def stamp(ts: datetime) -> str:
    """Return a time as these logs have it: UTC, milliseconds."""
    return ts.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ts.microsecond // 1000:03}Z"


def put(path: Path, lines: Iterable[str]) -> None:
    """Write lines with the line ends of Windows; the folder is made."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("".join(line + "\r\n" for line in lines).encode())
