r"""Objects cut out of JSON of any size: one per line, an array, an array inside an answer.

One damaged object costs one record: the text is cut wherever one object ends and another begins,
which cannot be inside a string, for there the quote behind the brace is written ``\"``.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from logpipe.formats._export.record import Record
from logpipe.formats._text.lines import EXCERPT

LONGEST = 1 << 20  # characters of one object
OPENING = re.compile(r'\{(?=\s{0,200}")')
BETWEEN = re.compile(r'\}(?=[\s,]{0,200}\{\s{0,200}")')
ANSWERS = {"value", "d", "results"}  # keys of an answer of the service around the array
BEHIND = re.compile(r'^"@?(?:odata\.|__)')  # may follow the array: "@odata.nextLink": "..."
TRIES = 5  # how many braces may stand before the object: those of the answer around it
DECODER = json.JSONDecoder()

Wanted = Callable[[dict[str, Any]], bool]


def json_records(blocks: Iterable[str], wanted: Wanted) -> Iterator[Record]:
    """Yield each object that ``wanted`` knows, and each piece of text that is none."""
    number = 0
    for text in _pieces(blocks):
        for values, fault, shown in _readings(text, wanted):
            number += 1
            yield Record(number, values, fault, shown[:EXCERPT])


def _pieces(blocks: Iterable[str]) -> Iterator[str]:
    """Yield the text cut behind each object."""
    rest = ""
    for block in blocks:
        rest += block
        place = 0
        for match in BETWEEN.finditer(rest):
            if match.end() > len(rest) - 500:  # what follows may be in the next block
                break
            yield rest[place : match.end()]
            place = match.end()
        if len(rest) - place > LONGEST:
            yield rest[place:]
            place = len(rest)
        rest = rest[place:]
    place = 0
    for match in BETWEEN.finditer(rest):
        yield rest[place : match.end()]
        place = match.end()
    yield rest[place:]


def _readings(text: str, wanted: Wanted) -> Iterator[tuple[dict[str, str], str | None, str]]:
    """Yield what one piece holds: nothing, an object, a fault, or an object and a fault."""
    start = text.find("{")
    if start < 0:
        if re.search(r"\w", text):
            yield {}, "text outside of any object", text.strip()
        return
    for _, match in zip(range(TRIES), OPENING.finditer(text), strict=False):
        try:
            found, end = DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        if wanted(found):
            above = text[start : match.start()].rstrip()
            if above and not above.endswith("["):  # an object that was cut short before this one
                yield {}, "a damaged object", above
            yield _texts(found), None, text[match.start() :]
            behind = text[end:].strip(" \t\r\n,]}")
            if behind and not BEHIND.match(behind):
                yield {}, "text outside of any object", behind
            return
        if ANSWERS & set(found):
            return
    yield {}, "not an object of a message trace, or a damaged one", text[start:]


def _texts(found: dict[str, Any]) -> dict[str, str]:
    return {str(name): _text(value) for name, value in found.items()}


def _text(value: Any) -> str:
    """Return a JSON value as text; PowerShell wraps a date: {"value": "/Date(1569334737423)/"}."""
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        return str(value["value"])
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
