"""Records of PowerShell's Format-List text: ``Name : value`` lines, wrapped at the console's width.

::

    Timestamp : 9/3/2007 7:00:15 AM
    Subject   : a long subject that goes on below
                the first line
"""

import re
from collections.abc import Iterable, Iterator

from logpipe.formats._export.record import Record
from logpipe.formats._text.lines import EXCERPT, SPOILED

PROPERTY = re.compile(r"^([A-Za-z_][\w ]{0,60}?) *:(?: (.*))?$")
LONGEST = 1 << 20  # characters of one value


def is_property(line: str) -> bool:
    """Return whether a line begins a property."""
    return PROPERTY.match(line) is not None


def console_width(lines: Iterable[tuple[int, str]]) -> int:
    """Return the width at which the text was wrapped: the longest line that goes on below."""
    width, before = 0, 0
    for _, line in lines:
        if line[:1] == " " and line.strip():
            width = max(width, before)
        before = len(line.rstrip())
    return width


def list_records(lines: Iterable[tuple[int, str]], width: int) -> Iterator[Record]:
    """Yield one record per block: a blank line or a name that comes again ends it.

    A value that was wrapped is joined: without a blank where its line was full, for then a word
    was cut, with one elsewhere.
    """
    block = _Block(width)
    for number, line in lines:
        if not line.strip():
            block.over = True
            continue
        match = PROPERTY.match(line)
        if line[:1] == " " or (match is None and not block.over and not line.startswith(SPOILED)):
            block.go_on(line)
        elif match and not block.over and match[1] not in block.values:
            block.add(match[1], match[2] or "", line)
        else:
            yield from block.records()
            block = _Block(width, number)
            if match:
                block.add(match[1], match[2] or "", line)
            else:
                block.refuse(line)
    yield from block.records()


class _Block:
    """What stands between two blank lines."""

    def __init__(self, width: int, number: int = 0) -> None:
        self.width, self.number = width, number
        self.values: dict[str, str] = {}
        self.over = not number  # a record begins with the next property
        self._parts: list[str] = []
        self._name, self._full, self._size = "", False, 0
        self._fault: tuple[str, str] | None = None

    def add(self, name: str, value: str, line: str) -> None:
        self._close()
        self._name, self._parts, self._size = name, [value], len(value)
        self.values[name] = ""
        self._full = len(line.rstrip()) >= self.width
        self.over = False

    def go_on(self, line: str) -> None:
        """Add a line to the value above it."""
        if not self._name:
            self._fault = self._fault or ("a line that belongs to no property", line)
        elif self._size <= LONGEST:
            self._parts += ["" if self._full else " ", line.strip()]
            self._size += len(line)
        self._full = len(line.rstrip()) >= self.width
        self.over = False

    def refuse(self, line: str) -> None:
        reason = line.split(SPOILED)[1] if line.startswith(SPOILED) else "no property"
        self._fault = (reason, line.rsplit(SPOILED, maxsplit=1)[-1])

    def records(self) -> Iterator[Record]:
        self._close()
        if self._fault:
            yield Record(self.number, self.values, self._fault[0], self._fault[1][:EXCERPT])
        elif self.values:
            yield Record(self.number, self.values)

    def _close(self) -> None:
        if self._name:
            self.values[self._name] = "".join(self._parts)
