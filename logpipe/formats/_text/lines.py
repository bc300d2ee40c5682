"""What text logs have in common: encoding, line ends, header lines, and an independent line count.

A log that DuckDB can read as it stands is used in place; anything else (UTF-16, ANSI code pages,
NUL bytes, giant lines, lone carriage returns) is copied line by line into the scratch folder, so
that line *n* of the copy is always line *n* of the file.
"""

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import polars as pl

from logpipe.errors import UnreadableError

CHUNK = 8 << 20
LONGEST_LINE = 1 << 20  # bytes; DuckDB's own limit is 2 MB, and no server writes such a line
MOST_FIELDS = 1_000
EXCERPT = 200
MOST_HEADERS = 1_000_000  # each is kept: more than that is an attack on memory
SHORTEST = 8  # bytes; less tells nothing about an encoding
SPOILED = "\x02"  # marks a line of a cleaned copy that must be rejected: \x02reason\x02excerpt
UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(slots=True)
class Text:
    """A text log, ready to be read by lines: where, how many, and its header lines."""

    path: Path
    lines: int = 0
    blank: int = 0
    headers: list[tuple[int, str]] = field(default_factory=list)  # physical line, text
    notes: list[str] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Return how many lines hold data."""
        return self.lines - self.blank - len(self.headers)


def encoding_of(head: bytes) -> str | None:
    """Return the UTF-16 flavour of a file's first bytes, or None for one-byte encodings."""
    if head[:2] in UTF16:
        return UTF16[head[:2]]
    sample = head[:512]
    if (
        len(sample) >= SHORTEST
        and sample[1::2].count(0) > len(sample) // 3
        and not sample[::2].count(0)
    ):
        return "utf-16-le"  # wmic and some exports leave the byte-order mark out
    return None


def utf8_head(head: bytes) -> bytes:
    """Return the first bytes as UTF-8 without byte-order mark, whatever they were."""
    if encoding := encoding_of(head):
        text = head[: len(head) & ~1].decode(encoding, "replace")
        return text.removeprefix("\ufeff").encode()
    return head.removeprefix(codecs.BOM_UTF8)


@lru_cache(maxsize=32)  # every format asks for the lines of the same file
def _first_lines(head: bytes, count: int) -> tuple[str, ...]:
    # a few lines take but a part of the head, as a rule
    part = head[: count * 512]
    lines = re.split(rb"\r\n|\n|\r", part, maxsplit=count)
    if len(lines) <= count and len(part) < len(head):
        lines = re.split(rb"\r\n|\n|\r", head, maxsplit=count)
    return tuple(line.decode("utf-8", "replace") for line in lines[:count])


def first_lines(head: bytes, count: int = 60) -> list[str]:
    """Return the first whole lines of a UTF-8 head, for a format's ``sniff``."""
    return list(_first_lines(head, count))


def whole_lines(path: Path, size: int) -> tuple[int, bool]:
    """Count the whole lines in a file's first bytes, and say whether a half one follows."""
    encoding, newline = _line_end(path)
    lines, last = 0, newline
    with path.open("rb") as file:
        for text in _text_blocks(file, encoding, size):
            lines, last = lines + text.count(newline), text[-1:] or last
    return lines, last != newline


def line_ends_at(path: Path, size: int) -> bool:
    """Return whether the line that a file's first bytes leave open holds no more text."""
    encoding, newline = _line_end(path)
    with path.open("rb") as file:
        file.seek(size & ~1 if encoding else size)
        text = next(_text_blocks(file, encoding, 4), "")
    return text.startswith((newline, "\r" + newline))


def data_above(line: int, text: Text) -> bool:
    """Return whether a line that is no header stands above one, or a blank one."""
    return sum(header < line for header, _ in text.headers) < line - 1


def unique_names(names: list[str]) -> list[str]:
    """Return field names as keys of a map: a name that came before gets its place added.

    No log has more than MOST_FIELDS; what a longer line names beyond them are surplus values.
    """
    unique: dict[str, None] = {}
    for place, name in enumerate(names[:MOST_FIELDS], 1):
        own = name
        # +1 is the first surplus value
        while own in unique or re.fullmatch(r"\+\d+", own):
            own += f" (field {place})"
        unique[own] = None
    return list(unique)


def survey(path: Path, scratch: Path, marks: tuple[bytes, ...] = (b"#",)) -> Text:
    """Count the lines of a text log and find its header lines, those that begin with a mark.

    Gives a cleaned copy in ``scratch`` where the file cannot be read as it stands.
    """
    fault = _fault(path)
    text = Text(_clean_copy(path, scratch) if fault else path)
    if fault:
        text.notes.append(f"{fault}: read through a cleaned copy, line numbers unchanged")
    starts = re.compile(rb"(?:%s)[^\n]*" % b"|".join(map(re.escape, marks)))
    with text.path.open("rb") as file:
        for chunk in _line_chunks(file):
            _scan(text, chunk, marks, starts)
    return text


def _scan(text: Text, chunk: bytes, marks: tuple[bytes, ...], starts: re.Pattern[bytes]) -> None:
    """Add one chunk of whole lines to the survey."""
    if text.lines == 0:
        chunk = chunk.removeprefix(codecs.BOM_UTF8)
    places = {0} if chunk.startswith(marks) else set[int]()  # a line may begin with two of them
    for mark in marks:
        at = chunk.find(b"\n" + mark)
        while at >= 0:
            places.add(at + 1)
            at = chunk.find(b"\n" + mark, at + 1)
    line, seen = text.lines + 1, 0
    for place in sorted(places):
        line += chunk.count(b"\n", seen, place)
        seen = place
        if (match := starts.match(chunk, place)) is not None:
            text.headers.append((line, match.group().decode("utf-8", "replace").rstrip()))
    if len(text.headers) > MOST_HEADERS:
        raise UnreadableError(f"more than {MOST_HEADERS:,} header lines: not a log a server wrote")
    if (
        b"\n\n" in chunk
        or b"\n\r\n" in chunk
        or chunk[:2] in (b"\r\n", b"\n")
        or chunk[:1] == b"\n"
    ):
        lines = chunk.split(b"\n")  # counting in a list is ten times as fast as a pattern
        text.blank += lines.count(b"") + lines.count(b"\r") - (lines[-1] in {b"", b"\r"})
    # a byte-order mark alone is no line
    text.lines += chunk.count(b"\n") + (chunk[-1:] not in {b"\n", b""})


def _line_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield the file in chunks that end at a line end, the last one where the file ends."""
    rest = b""
    while block := file.read(CHUNK):
        whole, newline, tail = block.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = tail
        else:
            rest += block
    if rest:
        yield rest


def _fault(path: Path) -> str | None:  # noqa: PLR0911 - one return for each fault
    """Say what keeps DuckDB from reading the file as it stands, or None."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    held, since_newline = b"", 0
    bare = _first_line_end(path) == b"\n"
    with path.open("rb") as file:
        if (encoding := encoding_of(file.read(512))) is not None:
            return encoding.upper()
        file.seek(0)
        while block := file.read(CHUNK):
            if 0 in block:
                return "NUL bytes"
            try:
                utf8.decode(block)
            except UnicodeDecodeError:
                return "not UTF-8"
            if _marked(block, b"\x02", begins=not since_newline):
                return "control characters at line starts"
            inside = _marked(
                block, codecs.BOM_UTF8, begins=not since_newline and file.tell() > CHUNK
            )
            if inside or block.startswith(codecs.BOM_UTF8 * 2):
                return "byte-order marks inside"
            joined = held + block
            if fault := _ends_fault(joined, bare=bare):
                return fault
            held = joined[-1:] if joined.endswith(b"\r") else b""
            since_newline = _longest_run(block, since_newline)
            if since_newline > LONGEST_LINE:
                return "lines over 1 MiB"
    if held or utf8.getstate()[0]:
        return "cut inside a character or line end"
    return None


def _ends_fault(block: bytes, *, bare: bool) -> str | None:
    """Say what is wrong with a block's line ends, in a file whose first one is bare or not."""
    pairs = block.count(b"\r\n")
    if block.count(b"\r", 0, -1) != pairs:
        return "lone carriage returns"
    # DuckDB goes by the first: each carriage return would be a line of its own
    return "mixed line ends" if bare and pairs else None


def _first_line_end(path: Path) -> bytes:
    """Return how the first line of a file ends: with a line feed, alone or not, or not at all."""
    with path.open("rb") as file:
        before = b""
        while block := file.read(1 << 16):
            if (at := (joined := before + block).find(b"\n")) >= 0:
                return b"\r\n" if joined[max(at - 1, 0) : at] == b"\r" else b"\n"
            before = block[-1:]
    return b""


def _marked(block: bytes, mark: bytes, *, begins: bool) -> bool:
    """Return whether a line starts with a mark; the block's first only where one begins there."""
    return b"\n" + mark in block or (begins and block.startswith(mark))


def _longest_run(block: bytes, carried: int) -> int:
    """Return the length of the open line at the block's end, or of the first one too long."""
    at = -carried
    while (end := block.rfind(b"\n", max(at, 0), at + LONGEST_LINE + 1)) >= 0:
        at = end + 1
    return len(block) - at


def _clean_copy(path: Path, scratch: Path) -> Path:
    """Write the file as UTF-8 with LF line ends; a line that cannot be kept is marked."""
    copy, before, line = scratch / "clean.txt", "", None
    with copy.open("w", encoding="utf-8", newline="\n") as out:
        for line in _decoded_lines(path):
            out.write(before + line)
            before = "\n"
        # an empty line is none without its end: a mark may stand behind it
        if line == "" or (line and not ends_open(path)):
            out.write("\n")
    return copy


def _decoded_lines(path: Path) -> Iterator[str]:
    """Yield every physical line as text without its line end."""
    encoding, newline = _line_end(path)
    with path.open("rb") as file:
        rest, skipped = "", 0
        for block in _text_blocks(file, encoding):
            *lines, rest = (rest + block).split(newline)
            for line in lines:
                text = line + "x" * skipped if skipped else line
                yield _mended(text, decoded=encoding is not None)
                skipped = 0
            if len(rest) > 2 * LONGEST_LINE:  # keep memory flat on a file that is one line
                skipped += len(rest) - LONGEST_LINE
                rest = rest[:LONGEST_LINE]
                skipped = min(skipped, LONGEST_LINE)
        if rest:
            yield _mended(rest + "x" * skipped, decoded=encoding is not None)


def _line_end(path: Path) -> tuple[str | None, str]:
    """Return a file's UTF-16 flavour and its line end: the carriage return where no line feed is.

    (Old Macintosh text; programs that turn line feeds into carriage returns.)
    """
    with path.open("rb") as file:
        encoding = encoding_of(file.read(512))
        file.seek(0)
        found = any("\n" in block for block in _text_blocks(file, encoding))
    return encoding, "\n" if found else "\r"


def _text_blocks(file: BinaryIO, encoding: str | None, size: int | None = None) -> Iterator[str]:
    """Yield a file, or its next ``size`` bytes: UTF-16 decoded, any other byte as one character."""
    decoder = codecs.getincrementaldecoder(encoding or "latin-1")("replace")
    left = size
    while block := file.read(CHUNK if left is None else min(CHUNK, left)):
        text = decoder.decode(block)
        yield text.replace("\ufeff", "").encode("utf-8", "replace").decode() if encoding else text
        left = left if left is None else left - len(block)
    if size is None and (text := decoder.decode(b"", final=True)):
        yield text


def _mended(line: str, *, decoded: bool) -> str:
    """Decode one line (UTF-8, else Windows-1252), or mark it as one that must be rejected."""
    line = line.removesuffix("\r")
    if not decoded:
        line = _ansi(line.encode("latin-1"))
    line = line.lstrip("\ufeff")
    if "\0" in line:
        return f"{SPOILED}NUL bytes{SPOILED}" + _visible(line[:EXCERPT])
    if len(line) > LONGEST_LINE // 4 and len(line.encode()) > LONGEST_LINE:
        return f"{SPOILED}line over 1 MiB{SPOILED}" + _visible(line[:EXCERPT])
    return line.replace("\r", "\u240d").replace(SPOILED, "\u2402")


def _visible(line: str) -> str:
    return line.replace("\0", "\u2400").replace("\r", "\u240d")


def _ansi(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def ends_open(path: Path) -> bool:
    """Return whether a text ends without a line end: its last line may be half written."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 2))
        return not file.read().strip(b"\0").endswith((b"\n", b"\r"))


def segments_of(starts: list[tuple[int, list[str]]], lines: int) -> pl.DataFrame:
    """Return the segments of a log whose field lists stand on these lines (0: above all)."""
    ends = [line - 1 for line, _ in starts[1:]] + [lines]
    return pl.DataFrame(
        [(line + 1, end, names) for (line, names), end in zip(starts, ends, strict=False)],
        schema={"first_line": pl.UInt64, "last_line": pl.UInt64, "fields": pl.List(pl.String)},
        orient="row",
    )
