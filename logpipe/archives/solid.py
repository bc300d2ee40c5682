"""One packed stream that holds several members, one behind the other: read forward only."""

from collections.abc import Callable, Iterator

from logpipe.archives.member import LostError
from logpipe.errors import UnreadableError


class Solid:
    """The stream of a 7z or cabinet folder; members are cut out of it without unpacking twice.

    ``begin`` starts the stream anew, which happens where a member lies before the place that was
    reached. ``bound`` is how many bytes may be unpacked in all.
    """

    def __init__(self, begin: Callable[[], Iterator[bytes]], bound: int) -> None:
        """Take what starts the stream; nothing is read yet."""
        self._begin = begin
        self._bound = bound
        self._stream: Iterator[bytes] = iter(())
        self._block = b""
        self._at: int | None = None  # where in the stream the block begins
        self._broken: str | None = None

    def cut(self, kind: str, offset: int, length: int) -> Iterator[bytes]:
        """Yield one member's bytes.

        Raises LostError where the stream ends within it, UnreadableError where it ended before.
        """
        begun = False
        for block in self._from(offset, length):
            if block is None:
                why = self._broken or "the stream is cut"
                if begun:
                    raise LostError(kind, why)
                raise UnreadableError(f"{kind} damaged before it ({why}): copy the archive again")
            yield block
            begun = True

    def _from(self, offset: int, length: int) -> Iterator[bytes | None]:
        """Yield the blocks of a stretch; None where it cannot be had, as the last one."""
        if self._at is None or offset < self._at:
            self._stream, self._block, self._at, self._broken = self._begin(), b"", 0, None
        while length > 0:
            skip = offset - self._at
            if part := self._block[skip : skip + length] if skip < len(self._block) else b"":
                offset += len(part)
                length -= len(part)
                yield part
            elif not self._next():
                yield None
                return

    def _next(self) -> bool:
        """Step to the next block of the stream; returns whether there is one."""
        if self._broken or self._at is None:
            return False
        try:
            block = next(self._stream, None)
        except LostError as error:
            self._broken = str(error)
            return False
        if block is None:
            self._broken = "the stream ends early"
            return False
        self._bound -= len(block)
        if self._bound < 0:
            self._broken = "it unpacks beyond all bounds: refused as a bomb"
            return False
        self._at += len(self._block)
        self._block = block
        return True
