"""How much may be unpacked: against bombs, whatever a directory says of its members' sizes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from logpipe.archives.member import LostError
from logpipe.errors import UnreadableError

FREE = 256 << 20  # bytes that any file may unwrap to, however small it was
RATIO = 200  # above FREE: unwrapped bytes for each wrapped byte
LARGEST = 64 << 30  # bytes of one unwrapped file
TOTAL = 1 << 40  # bytes of all members of one file, those of archives within it too
TIMES = 4  # a tar in a gzip counts twice, and so does every archive within an archive
MEMBERS = 100_000  # members of one file, those of archives within it too
DEPTH = 5  # archives within archives


@dataclass(slots=True)
class Budget:
    """What one file that was offered may still unpack to, with all archives within it."""

    left: int
    members: int

    def take(self, size: int) -> None:
        """Book bytes that were unpacked; raises UnreadableError where there is no room for them."""
        if size > self.left:
            self.left = 0
            raise UnreadableError("the archive unpacks beyond all bounds: refused as a bomb")
        self.left -= size


def budget_of(size: int) -> Budget:
    """Return what a file of so many bytes may unpack to."""
    return Budget(min(TOTAL, TIMES * max(FREE, size * RATIO)), MEMBERS)


def bound_of(size: int) -> int:
    """Return how many bytes one member of a file of so many bytes may have."""
    return min(LARGEST, max(FREE, size * RATIO))


def write_out(blocks: Iterable[bytes], target: Path, bound: int, budget: Budget) -> str | None:
    """Write unpacked bytes into a file; returns what was lost, if anything.

    Raises UnreadableError where they grow beyond all bounds, or where nothing is left of them.
    """
    size = 0
    with target.open("wb") as out:
        try:
            for block in blocks:
                size += len(block)
                if size > bound:
                    raise UnreadableError(
                        f"unwraps to more than {bound:,} bytes: refused as a bomb"
                    )
                budget.take(len(block))
                out.write(block)
        except LostError as error:
            lost = f"{error.kind} damaged after {size:,} unwrapped bytes ({error}): "
            if not size:
                raise UnreadableError(f"{lost}nothing could be read") from error
            return f"{lost}the rest is lost"
    return None
