"""One message hop by hop, for programs: JSON as docs/trace.md describes it, or rows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from logpipe.report.rows import plain, print_rows
from logpipe.report.traced import Traced

INNER = {"order_ts", "shift_us", "matches", "fit"}  # what only the order and the list need


def print_found(found: Sequence[Mapping[str, Any]], *, shape: str, out: TextIO) -> None:
    """Write the messages that may be meant; JSON says how many there are in all."""
    if shape == "json":
        _write({"matches": found[0]["matches"], "messages": [_outer(row) for row in found]}, out)
    else:
        _rows([_outer(row) for row in found], shape, out)


def print_traced(found: Traced, *, shape: str, out: TextIO) -> None:
    """Write one message: JSON holds all that is known of it, the other shapes its entries."""
    entries = [_outer(row) for row in found.entries]
    if found.quotes:
        entries = [
            row | {"raw": found.quotes.get((row["source"], row["record"]))} for row in entries
        ]
    if shape == "json":
        story = {
            "message": _outer(found.head),
            "clocks": [_outer(row) for row in found.clocks],
            "hops": [_outer(row) for row in found.hops],
            "recipients": [_outer(row) for row in found.recipients],
            "entries": entries,
        }
        _write(story, out)
    else:
        _rows(entries, shape, out)


def _outer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in INNER}


def _write(document: dict[str, Any], out: TextIO) -> None:
    """Write JSON; a terminal gets no control or bidi characters."""
    out.write(json.dumps(plain(document), ensure_ascii=out.isatty(), indent=1) + "\n")


def _rows(rows: list[dict[str, Any]], shape: str, out: TextIO) -> None:
    names = list(rows[0]) if rows else []
    values = [tuple(row.values()) for row in rows]
    print_rows(names, [False] * len(names), values, shape=shape, out=out, width=0)
