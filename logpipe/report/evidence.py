"""The raw lines behind findings, read again from the files: for ``logpipe explain``."""

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path

from logpipe.archives import look, unwrap
from logpipe.errors import UnreadableError
from logpipe.formats import all_formats
from logpipe.formats._text.lines import SPOILED, survey
from logpipe.model import Source
from logpipe.report.text import clean, clip

LONGEST = 400  # characters of a line that are quoted
BLOCK = 1 << 16  # bytes read of one line at most

Place = tuple[str, int]


def quoted(sources: Iterable[Source], places: Iterable[Place]) -> dict[Place, str]:
    """Return the lines of text logs at these places (path and line), as far as they can be read."""
    lined = {format_.name for format_ in all_formats() if format_.lined}
    wanted: dict[str, set[int]] = defaultdict(set)
    for path, record in places:
        wanted[path].add(record)
    return {
        (source.path, record): line
        for source in sources
        if source.path in wanted and source.format in lined
        for record, line in raw_lines(Path(source.path), wanted[source.path], source.bytes).items()
    }


def raw_lines(path: Path, records: Collection[int], size: int | None) -> dict[int, str]:
    """Return the lines of a text log by their numbers, cut and with controls shown as escapes.

    Nothing comes from a file that is gone, an archive, or smaller than the ``size`` it had when it
    was read: its lines are others now.
    """
    try:
        if not path.is_file() or (wrapping := look(path)).container:
            return {}
        with tempfile.TemporaryDirectory(prefix="logpipe-") as scratch:
            content = unwrap(path, Path(scratch), wrapping)[0] if wrapping.streams else path
            if content.stat().st_size < (size or 0):
                return {}
            return _lines(survey(content, Path(scratch)).path, records)
    except (OSError, UnreadableError):
        return {}


def _lines(path: Path, records: Collection[int]) -> dict[int, str]:
    """Return the wanted lines of a file; a line is read in blocks, however long it is."""
    wanted, last = set(records), max(records, default=0)
    found: dict[int, str] = {}
    number, starts = 0, True
    with path.open("rb") as file:
        while number <= last and (block := file.readline(BLOCK)):
            number += starts
            if starts and number in wanted:
                found[number] = _shown(block.decode("utf-8", "backslashreplace"))
            starts = block.endswith(b"\n")
    return found


def _shown(line: str) -> str:
    return clip(clean(line.rpartition(SPOILED)[2].removeprefix("\ufeff").rstrip("\r\n")), LONGEST)
