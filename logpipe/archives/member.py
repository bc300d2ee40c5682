"""One file within an archive, and what can be wrong with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from logpipe.words import count_words

BLOCK = 1 << 20
LONGEST_NAME = 1000  # characters; no file system has longer ones
OTHER_MEANS = "unpack it with 7-Zip and give the folder"
LINK = "a link: not followed"
DEVICE = "not a regular file: not read"


class LostError(Exception):
    """A stream ended early or turned bad; what came before stands."""

    def __init__(self, kind: str, why: str) -> None:
        """Say which kind of archive or compressor, and why."""
        super().__init__(why)
        self.kind = kind


class DocumentError(Exception):
    """A document or a program that happens to be an archive; says which."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file within an archive.

    ``name`` is text, with / between folders. ``blocks`` gives the content; it may raise LostError
    (what came before stands) or UnreadableError (nothing does). Members are to be unpacked in the
    order of their ``rank``: shortest first where the archive allows it. A ``fault`` says why a
    member is not to be unpacked at all.
    """

    name: str
    rank: tuple[int, int]
    blocks: Callable[[], Iterator[bytes]]
    fault: str | None = None


def refused(name: str, why: str) -> Member:
    """Return a member that is listed and not unpacked."""
    return Member(name, (0, 0), lambda: iter(()), why)


def shown_name(name: str) -> str:
    """Return a member's name with / between folders; what is no printable text becomes escapes."""
    text = "".join(c if c.isprintable() else _escape(c) for c in name.replace("\\", "/"))
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "…"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def numbered(names: list[str]) -> list[str]:
    """Return names with every repetition told apart: a.log, a.log (2)."""
    taken, counts, unique = set(names), dict.fromkeys(names, 0), []
    for name in names:
        counts[name] += 1
        new = name if counts[name] == 1 else f"{name} ({counts[name]})"
        while counts[name] > 1 and new in taken:
            counts[name] += 1
            new = f"{name} ({counts[name]})"
        taken.add(new)
        unique.append(new)
    return unique


def span(file: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    """Yield the bytes of one stretch of a file, fewer where the file ends early."""
    while length > 0:
        file.seek(offset)
        block = file.read(min(BLOCK, length))
        if not block:
            return
        offset += len(block)
        length -= len(block)
        yield block


def exactly(kind: str, blocks: Iterator[bytes], length: int) -> Iterator[bytes]:
    """Yield blocks, and raise LostError where they end before the length that was promised."""
    for block in blocks:
        length -= len(block)
        yield block
    if length > 0:
        raise LostError(kind, f"the file ends {count_words(length, 'byte')} early")
