"""A text file as characters, in blocks, for formats that lines do not divide: XML and JSON.

Unlike ``survey`` this does not care how long a line is: Event Viewer writes a whole log into one.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path

from logpipe.formats._text.lines import encoding_of

BLOCK = 1 << 20  # bytes


def character_set(path: Path) -> str:
    """Return the encoding of a file: UTF-16 by its beginning, UTF-8 if all of it is, else ANSI."""
    with path.open("rb") as file:
        if encoding := encoding_of(file.read(512)):
            return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            # a character cut at the very end is no other encoding
            return "utf-8" if not file.read(1) and "unexpected end" in error.reason else "cp1252"
    return "utf-8"


def characters(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text in blocks, without byte-order marks; what cannot be decoded becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield _clean(decoder.decode(block))
        yield _clean(decoder.decode(b"", final=True))


def _clean(text: str) -> str:
    # half a surrogate pair is no character, and nothing below could write it
    return text.replace("\ufeff", "").encode("utf-8", "replace").decode()
