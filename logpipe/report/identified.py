"""What each file is, in a few lines: for ``logpipe identify``."""

import textwrap
from collections.abc import Iterator, Sequence

from logpipe.model import Format, Source
from logpipe.report._words import count_words
from logpipe.report.text import clean, fold

COLUMNS = [
    "path", "status", "format", "title", "why", "generation", "generation_known_by", "host",
    "host_known_by", "zone", "zone_known_by", "first_ts", "last_ts", "records", "rows",
    "duplicates", "rejects", "recovered", "bytes", "note",
]  # fmt: skip
WIDTH = 79
NUMBERS = {"records", "rows", "duplicates", "rejects", "recovered", "bytes"}


def why(format_: Format) -> str:
    """Return what a format looks for in a file, as the docstring of its ``sniff`` says."""
    words = fold((format_.sniff.__doc__ or "").partition("\n\n")[0])
    return words.removeprefix("Return whether ").rstrip(".")


def identified_rows(
    sources: Sequence[Source], formats: Sequence[Format]
) -> list[tuple[object, ...]]:
    """Return one row of ``COLUMNS`` per file."""
    known = {format_.name: format_ for format_ in formats}
    rows = []
    for source in sources:
        format_ = known.get(source.format or "")
        told = {"title": format_.title, "why": why(format_)} if format_ else {}
        rows.append(
            tuple(told.get(name) if name in ("title", "why") else getattr(source, name)
                  for name in COLUMNS)
        )  # fmt: skip
    return rows


def identified_lines(sources: Sequence[Source], formats: Sequence[Format]) -> Iterator[str]:
    """Yield the files as text, and what was tried where one is unknown."""
    known = {format_.name: format_ for format_ in formats}
    for source in sources:
        yield clean(source.path)
        format_ = known.get(source.format or "")
        for line in _known_lines(source, format_) if format_ else [_no_log(source)]:
            yield clean(f"    {line}")
        if source.note:
            yield clean(f"    {source.note}")
    if any(source.status == "unknown" for source in sources):
        names = ", ".join(format_.name for format_ in formats)
        yield ""
        yield from textwrap.wrap(f"Tried on files of unknown format, by content: {names}.", WIDTH)


def books_words(source: Source) -> str:
    """Return the books of one file: 5 records = 3 rows + 1 duplicate + 1 reject."""
    parts = [
        count_words(source.rows, "row"),
        count_words(source.duplicates, "duplicate"),
        count_words(source.rejects, "reject"),
    ]
    return f"{count_words(source.records, 'record')} = {' + '.join(parts)}"


def _no_log(source: Source) -> str:
    """Return what is said of an archive, or of a file that nobody knows."""
    return f"{source.format} archive [{source.status}]" if source.format else source.status


def _known_lines(source: Source, format_: Format) -> Iterator[str]:
    made_by = f", {source.generation}" if source.generation else ""
    yield f"{format_.title}{made_by} [{source.format}, {source.status}]"
    if source.status == "failed":
        yield f"because {why(format_)}"
        return
    host = f"host {source.host} (by {source.host_known_by})" if source.host else "host not named"
    if not source.first_ts:
        zone = "no times"
    elif source.zone:
        zone = f"times {source.zone} (by {source.zone_known_by})"
    else:
        zone = "local times, zone unknown: give --tz HOST=ZONE"
    yield f"{host}; {zone}"
    clock = "UTC" if source.zone else "as written"
    span = f"{source.first_ts} to {source.last_ts} {clock}; " if source.first_ts else ""
    parts = [count_words(source.records, "record"), count_words(source.rows, "row")]
    told = ((source.duplicates, "duplicate"), (source.rejects, "reject"))
    parts += [count_words(count, what) for count, what in told if count]
    if source.recovered:
        parts.append(f"{source.recovered:,} recovered beside them")
    yield span + ", ".join(parts)
    yield f"because {why(format_)}"
