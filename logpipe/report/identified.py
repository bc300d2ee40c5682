"""What each file is, in a few lines: for ``logpipe identify``."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from logpipe.model import Format, Source
from logpipe.report.text import clean, fold, zone_option
from logpipe.words import count_words

COLUMNS = [
    "path", "status", "format", "title", "why", "generation", "generation_known_by", "host",
    "host_known_by", "zone", "zone_known_by", "first_ts", "last_ts", "records", "rows",
    "duplicates", "rejects", "recovered", "bytes", "note",
]  # fmt: skip
WIDTH = 79
STATUSES = ("loaded", "duplicate", "known", "partial", "unknown", "failed")
TOLD_WHY = ("partial", "unknown", "failed")
NUMBERS = {"records", "rows", "duplicates", "rejects", "recovered", "bytes"}


def why(format_: Format) -> str:
    """Return what a format looks for in a file, as the docstring of its ``sniff`` says."""
    words = fold((format_.sniff.__doc__ or "").partition("\n\n")[0])
    return words.removeprefix("Return whether ").rstrip(".").replace("``", "")


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
    """Yield the files as text, how each format is known, and what was tried where none fits."""
    known = {format_.name: format_ for format_ in formats}
    for source in sources:
        yield clean(source.path)
        format_ = known.get(source.format or "")
        lines = [*_known_lines(source, format_)] if format_ else [_no_log(source)]
        for line in filter(None, [*lines, fold(source.note)]):
            yield from textwrap.wrap(
                clean(line), WIDTH, initial_indent="    ", subsequent_indent="      "
            )
    seen = [format_ for format_ in formats if any(s.format == format_.name for s in sources)]
    if seen:
        yield from ["", "How these formats are known:"]
    for format_ in seen:
        yield from textwrap.wrap(
            f"{format_.name}: {why(format_)}", WIDTH, initial_indent="  ", subsequent_indent="    "
        )
    if any(source.status == "unknown" for source in sources):
        names = ", ".join(format_.name for format_ in formats)
        yield ""
        yield from textwrap.wrap(f"Tried on files of unknown format, by content: {names}.", WIDTH)
    yield from ["", counts_words(sources)]


def counts_words(sources: Sequence[Source]) -> str:
    """Return how many files there are, and of each status."""
    states = Counter(source.status for source in sources)
    told = ", ".join(f"{states[status]:,} {status}" for status in STATUSES if states[status])
    return f"{count_words(len(sources), 'file')}: {told}." if sources else "No files."


def ingested_lines(sources: Sequence[Source], stands: Sequence[Source]) -> Iterator[str]:
    """Yield what became of each file, why where not all of it was read, and what is to be told.

    ``stands`` are all files of the store, with their notes as the report tells them.
    """
    notes = {source.source_id: source.note for source in stands}
    for source in sources:
        read = source.format and source.status != "failed"
        name = f"{source.format}, " if source.format else ""
        books = f"{name}{books_words(source)}" if read else ""
        head = f"{source.status:9} {clean(source.path)}"
        if not books:
            yield head
        elif len(f"{head}: {books}") <= WIDTH:
            yield f"{head}: {books}"
        else:
            yield head
            yield f"{'':10}{books}"
        if source.status in TOLD_WHY:
            yield from textwrap.wrap(
                clean(fold(notes.get(source.source_id) or source.note)), WIDTH,
                initial_indent=" " * 10, subsequent_indent=" " * 10,
                max_lines=3, placeholder=" ...",
            )  # fmt: skip
    yield counts_words(sources)
    local = [one for one in stands if one.format and one.first_ts and not one.zone]
    if local:
        hosts = {one.host for one in local}
        option = zone_option(next(iter(hosts)) if len(hosts) == 1 else None)
        files = count_words(len(local), "file")
        yield f"{files} with local times, zone unknown; say which: {option}"


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
    made = source.generation or ""
    made_by = f", {made}" if made and made not in format_.title else ""
    yield f"{format_.title}{made_by} [{source.format}, {source.status}]"
    if source.status == "failed":
        return
    host = f"host {source.host} (by {source.host_known_by})" if source.host else "host not named"
    if not source.first_ts:
        zone = "no times"
    elif source.zone:
        zone = f"times {source.zone} (by {source.zone_known_by})"
    else:
        zone = "local times, zone unknown"
    if source.status != "duplicate" or source.host or source.first_ts:
        yield f"{host}; {zone}"
    clock = "UTC" if source.zone else "as written"
    until = "" if source.first_ts == source.last_ts else f" to {source.last_ts}"
    span = f"{source.first_ts}{until} {clock}; " if source.first_ts else ""
    parts = [count_words(source.records, "record"), count_words(source.rows, "row")]
    told = ((source.duplicates, "duplicate"), (source.rejects, "reject"))
    parts += [count_words(count, what) for count, what in told if count]
    if source.recovered:
        parts.append(f"{source.recovered:,} recovered beside them that no other file has")
    yield span + ", ".join(parts)
