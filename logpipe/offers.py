"""The files below the inputs, in the order they are to be read."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from logpipe.errors import LogpipeError

OUTPUTS = ("report.json", "report.html", "timeline.jsonl", "logpipe.duckdb")
OUR_REPORT = re.compile(rb"\s*\{\s*\"logpipe\"")


@dataclass(frozen=True, slots=True)
class Offer:
    """One file found: its path, its size, and why it cannot be read, where that is known.

    A member of an archive lies in a scratch folder; ``name`` is its path as shown, and ``lost``
    says what of it the archive could not give.
    """

    path: Path
    bytes: int
    fault: str | None = None
    name: str | None = None
    lost: str | None = None

    @property
    def shown(self) -> str:
        """The path as text: as given on the command line, members as ``archive!member``."""
        return self.name or shown_path(self.path)


def require_inputs(inputs: Sequence[Path]) -> None:
    """Raise LogpipeError where an input does not exist."""
    for given in inputs:
        try:
            there = given.exists() or given.is_symlink()
        except OSError as error:
            raise LogpipeError(f"{given}: cannot be read: {error.strerror}") from error
        if not there:
            raise LogpipeError(f"{given}: no such file or folder; check the path")


def is_ours(folder: Path) -> bool:
    """Return whether a run of logpipe wrote into this folder: its report says so."""
    try:
        with (folder / "report.json").open("rb") as file:
            return OUR_REPORT.match(file.read(200)) is not None
    except OSError:
        return False


def find_files(inputs: Sequence[Path]) -> list[Offer]:
    """Return every file below the inputs, shortest first, so that a growing log's older copy leads.

    What logpipe wrote itself is left out. Links to folders are not followed (they may loop) but
    listed. Raises LogpipeError where an input does not exist.
    """
    require_inputs(inputs)
    offers: dict[str, Offer] = {}
    for given in inputs:
        for offer in _walk(given) if given.is_dir() else [_offer(given)]:
            offers.setdefault(os.path.abspath(offer.path), offer)  # noqa: PTH100 - links stay links
    return sorted(offers.values(), key=lambda offer: (offer.bytes, offer.path.as_posix()))


def _walk(folder: Path) -> Iterator[Offer]:
    failed: list[Offer] = []

    def note(error: OSError) -> None:
        failed.append(Offer(Path(error.filename), 0, f"folder cannot be read: {error.strerror}"))

    for parent, folders, files in os.walk(folder, onerror=note):
        here = Path(parent)
        own = OUTPUTS if "report.json" in files and is_ours(here) else ()
        for name in files:
            if name not in own:
                yield _offer(here / name)
        for name in folders:
            if (here / name).is_symlink():
                why = "a link to a folder: not followed, give the folder itself"
                yield Offer(here / name, 0, why)
    yield from failed


def _offer(path: Path) -> Offer:
    try:
        if not path.is_file():
            what = "not a regular file" if path.exists() else "a link to nothing"
            return Offer(path, 0, f"{what}: not read")
        return Offer(path, path.stat().st_size)
    except OSError as error:
        return Offer(path, 0, f"cannot be read: {error.strerror}")


def shown_path(path: Path) -> str:
    """Return a path as text, / between folders; bytes that are no text become escapes."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()
