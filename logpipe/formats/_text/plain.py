"""One cheap look at a text log: is it plain enough to be read in columns, and how long is it?

Whatever is odd here, or is found odd by the books later, has the file read line by line instead
(``lines.survey``). Looked for is only what the column reader would take for something else; a line
that it refuses is missed when the rows are counted.
"""

import codecs
import re
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from logpipe.formats._text.lines import LONGEST_LINE, Text

BLOCK = 256 << 10  # stays in the processor's cache, which makes this half as fast again
MOST_HEADERS = 400  # lines; a log with more is read line by line
HEADER = re.compile(rb"#[^\n]*")
FIRST, LAST = itemgetter(slice(0, 1)), itemgetter(slice(-1, None))
OPENS, CLOSES = {b"", b",", b"\n"}, {b"", b",", b"\r", b"\n"}  # what stands beside a quoted field
# blanks beyond ASCII in UTF-8 (no-break, ideographic): by lines they are cut off a value's ends
WIDE_BLANK = re.compile(rb"\xc2\xa0|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xaf]|\x81\x9f)|\xe3\x80\x80")


def plain(path: Path, *, quoted: bool) -> Text | None:
    """Count the lines and find those that begin with #; None where the file is no plain text.

    ``quoted`` is for CSV: quotes must stand around whole fields, and divide no line.
    """
    text = Text(path)
    for chunk in _chunks(path):
        if chunk is None or not _is_plain(chunk, quoted=quoted):
            return None
        _find_headers(text, chunk if text.lines else chunk.removeprefix(codecs.BOM_UTF8))
        if len(text.headers) > MOST_HEADERS or any("\r" in header for _, header in text.headers):
            return None
        text.lines += chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    return text if text.lines else None


def _chunks(path: Path) -> Iterator[bytes | None]:
    """Yield whole lines, the last one where the file ends; None where a line is too long."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            end = block.rfind(b"\n") + 1
            if len(rest) + len(block) - end > LONGEST_LINE:
                yield None
            if end:
                yield rest + block[:end]
                rest = block[end:]
            else:
                rest += block
    if rest:
        yield rest


def _is_plain(chunk: bytes, *, quoted: bool) -> bool:
    """Return whether whole lines hold nothing that is read otherwise in columns."""
    if b"\0" in chunk or b"\x02" in chunk:
        return False
    if not chunk.isascii():
        try:
            chunk.decode()
        except UnicodeDecodeError:
            return False
        if b"\n" + codecs.BOM_UTF8 in chunk or WIDE_BLANK.search(chunk):
            return False
    return not (quoted and b'"' in chunk) or _well_quoted(chunk)


def _well_quoted(chunk: bytes) -> bool:
    """Return whether each quote opens or closes a whole field of one line, or is doubled in one."""
    pieces = chunk.split(b'"')
    if len(pieces) % 2 == 0 or b"\r" in b"".join(pieces[1::2]):
        return False
    outside = pieces[::2]  # an empty one between two fields is a doubled quote
    before, after = set(map(LAST, outside[:-1])), set(map(FIRST, outside[1:]))
    return before <= OPENS and after <= CLOSES


def _find_headers(text: Text, chunk: bytes) -> None:
    """Add the header lines of a chunk; # is rare enough elsewhere to look at each one."""
    line, seen = text.lines + 1, 0
    at = chunk.find(b"#")
    while at >= 0:
        if at == 0 or chunk[at - 1] == ord("\n"):
            line += chunk.count(b"\n", seen, at)
            seen = at
            if match := HEADER.match(chunk, at):
                text.headers.append((line, match.group().decode("utf-8", "replace").rstrip()))
        at = chunk.find(b"#", at + 1)
