"""What readers of console tools have in common: the columns of host_fact, a fact as a row."""

import re
from datetime import datetime
from typing import Any

import polars as pl

from logpipe.formats._inventory.document import Row

COLUMNS: dict[str, Any] = {
    "host": pl.String, "kind": pl.String, "subject": pl.String, "name": pl.String,
    "value": pl.String, "number": pl.Float64, "pid": pl.Int64,
    "ts": pl.Datetime("us"), "local_ts": pl.Datetime("us"),
}  # fmt: skip
# KB934709, Q147222 (before 2003), KB925398_WMP64; letters may be of either case
HOTFIX = re.compile(r"(?i)\b(?:KB|Q)(\d{5,8})(?!\d)")


def fact(
    kind: str,
    subject: str | None,
    name: str,
    value: str | None = None,
    number: float | None = None,
    *,
    pid: int | None = None,
    local_ts: datetime | None = None,
    **more: Any,
) -> Row:
    """Return one fact as a row; an empty value is none."""
    known = {"kind": kind, "subject": subject, "name": name, "value": value or None}
    moment = {"local_ts": local_ts, "ts": local_ts}  # ts is set right once the zone is known
    return known | {"number": number, "pid": pid} | moment | more


def hotfix_number(text: str) -> str | None:
    """Return the article of a hotfix as KBnnnnnn, or None."""
    match = HOTFIX.search(text)
    return f"KB{match[1]}" if match else None
