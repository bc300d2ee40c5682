"""Tar: members by their headers, found again behind a damaged one.

Sources: POSIX.1-2017 pax "ustar Interchange Format" and "pax Interchange Format", and GNU tar's
manual (long names). Read here and not by the standard library, which ends without a word at the
first damaged header and reads names of any length into memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from logpipe.archives.bounds import MEMBERS
from logpipe.archives.member import (
    BLOCK,
    DEVICE,
    LINK,
    Member,
    exactly,
    refused,
    shown_name,
    span,
)
from logpipe.words import count_words

UNIT = 512
FILES, LINKS, FOLDERS = (b"0", b"\0", b"7"), (b"1", b"2"), (b"5", b"D")
LONG_NAME, LONG_LINK, PAX, PAX_ALL = b"L", b"K", b"x", b"g"
LONGEST = 1 << 20  # bytes of a long name or of a pax header
LARGEST = 1 << 63
SPARSE = "a sparse file: unpack it with tar and give the folder"
USTAR_AT = 257
BLANKS = b" " * 8  # what the checksum's own field counts as


@dataclass(slots=True)
class _Walk:
    """Where a walk over a tar stands, and what the last headers said of the next member."""

    file: BinaryIO
    size: int
    notes: list[str]
    at: int = 0
    ended: bool = False
    said: dict[str, str] = field(default_factory=dict)


def is_tar(head: bytes) -> bool:
    """Return whether a file begins with the header of a tar member: its checksum fits."""
    return len(head) >= UNIT and _is_header(head[:UNIT])


def members(file: BinaryIO, notes: list[str], _bound: int) -> list[Member]:
    """Return the members of a tar; ``notes`` says what of the archive itself is lost."""
    walk = _Walk(file, file.seek(0, 2), notes)
    found: list[Member] = []
    while (head := _next_header(walk)) is not None:
        if len(found) > MEMBERS:
            break  # what is too much is said where members are counted
        if member := _member(walk, head):
            found.append(member)
    if not walk.ended:
        notes.append("lost: the tar has no end mark, it was cut and members may be missing")
    return found


def _is_header(head: bytes) -> bool:
    """Return whether a block's checksum is that of a header: its own field counts as blanks."""
    told = _number(head[148:156])
    return (
        told is not None
        and len(head) == UNIT
        and told == sum(head[:148]) + sum(BLANKS) + sum(head[156:])
        and told > sum(BLANKS)
    )


def _number(field_: bytes) -> int | None:
    """Read an octal number, or the base-256 one that GNU tar writes for what is too large."""
    if field_[:1] == b"\x80":
        return int.from_bytes(field_[1:], "big")
    digits = field_.split(b"\0", 1)[0].strip()
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return None


def _next_header(walk: _Walk) -> bytes | None:
    """Return the next header and step behind it; what is skipped on the way must be zeros."""
    start = walk.at
    if start >= walk.size:
        return None
    walk.file.seek(start)
    if _is_header(head := walk.file.read(UNIT)):
        walk.at += UNIT
        return head
    while walk.at < walk.size:
        walk.file.seek(walk.at)
        block = walk.file.read(BLOCK)
        if len(block) < UNIT:
            break
        if (step := _header_in(block)) is not None:
            walk.at += step + UNIT
            _skipped(walk, start, walk.at - UNIT)
            return block[step : step + UNIT]
        walk.at += len(block) // UNIT * UNIT
    _skipped(walk, start, walk.size)
    return None


def _header_in(block: bytes) -> int | None:
    """Return where in a block of whole units a header stands.

    One of the oldest kind, without ``ustar``, is believed only behind zeros.
    """
    first = (len(block) - len(block.lstrip(b"\0"))) // UNIT * UNIT
    if first and _is_header(block[first : first + UNIT]):
        return first
    at = block.find(b"ustar", USTAR_AT)
    while at >= 0:
        start = at - USTAR_AT
        if start % UNIT == 0 and _is_header(block[start : start + UNIT]):
            return start
        at = block.find(b"ustar", at + 1)
    return None


def _skipped(walk: _Walk, start: int, stop: int) -> None:
    """Say what lies between members and is none; zeros are the end mark."""
    lost = sum(len(part.strip(b"\0")) for part in span(walk.file, start, stop - start))
    if lost:
        walk.notes.append(
            f"lost: {count_words(stop - start, 'byte')} at byte {start:,}: no tar header"
        )
    elif stop - start >= UNIT:
        walk.ended = True


def _member(walk: _Walk, head: bytes) -> Member | None:
    """Return the member of a header; None for folders, and for headers about the next member."""
    kind, length = head[156:157], _number(head[124:136]) or 0
    walk.ended = False
    if kind in {LONG_NAME, LONG_LINK, PAX, PAX_ALL}:
        _remember(walk, kind, length)
        return None
    said, walk.said = walk.said, {}
    if said.get("size", "").isdecimal():
        length = int(said["size"][:20])
    name = shown_name(said.get("path") or _name(head))
    if kind in LINKS or kind in FOLDERS:
        length = 0 if kind in LINKS else length
    elif kind not in FILES and kind != b"S":
        walk.at = _behind(walk.at, length) if kind not in b"346" else walk.at
        return refused(name, DEVICE)
    start, walk.at = walk.at, _behind(walk.at, length)
    if kind in FOLDERS or (kind in FILES and name.endswith("/")):
        return None
    if kind in LINKS:
        return refused(name, LINK)
    if kind == b"S" or any(key.startswith("GNU.sparse") for key in said):
        return refused(name, SPARSE)
    return Member(
        name,
        (length, start),
        lambda: exactly("tar", span(walk.file, start, length), length),
    )


def _behind(start: int, length: int) -> int:
    """Return where the next header stands: members fill whole units."""
    return min(LARGEST, start + (length + UNIT - 1) // UNIT * UNIT)


def _name(head: bytes) -> str:
    name, prefix = (_text(head[a:b]) for a, b in ((0, 100), (345, 500)))
    posix = head[USTAR_AT : USTAR_AT + 6] == b"ustar\0"
    return f"{prefix}/{name}" if posix and prefix else name


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _remember(walk: _Walk, kind: bytes, length: int) -> None:
    """Keep what a header says of the next member: its long name, its pax words."""
    start, walk.at = walk.at, _behind(walk.at, length)
    if length > LONGEST:
        walk.notes.append(f"lost: a header of {length:,} bytes at byte {start:,}: refused")
        return
    raw = b"".join(span(walk.file, start, length))
    if kind == LONG_NAME:
        walk.said["path"] = _text(raw)
    elif kind == PAX:
        walk.said |= dict(_words(raw))


def _words(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield the words of a pax header: ``30 mtime=1321711775.9876543`` and a line feed each."""
    while raw:
        digits = raw[:20].split(b" ", 1)[0]
        length = int(digits) if digits.isdigit() else 0
        key, equals, value = raw[len(digits) + 1 : length - 1].partition(b"=")
        if not equals:
            return
        yield key.decode("utf-8", "replace"), value.decode("utf-8", "surrogateescape")
        raw = raw[length:]
