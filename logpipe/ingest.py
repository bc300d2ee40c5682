"""A folder of files in, rows in the store, and books that balance."""

import os
import shutil
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import polars as pl

from logpipe import __version__
from logpipe.archives import look, unwrap
from logpipe.clocks import apply_zone, zone_name
from logpipe.errors import UnreadableError
from logpipe.formats import all_formats
from logpipe.formats._text.lines import ends_open, utf8_head
from logpipe.hints import what_is
from logpipe.ledger import ledger, read_ledger
from logpipe.load import Into, UnevenError, load_batch
from logpipe.model import Batch, Columns, Format, Frame, Lines, Ndjson, Reading, Source
from logpipe.offers import Offer, shown_path
from logpipe.overlap import (
    Known,
    digests,
    drop_known,
    drop_overlap,
    find_replaced,
    find_twin,
    has_local_times,
    known_prefix,
    retire_beginnings,
)
from logpipe.plans import SMALL
from logpipe.sqlfiles import sql_text
from logpipe.store import (
    Connection,
    ask,
    count_books,
    count_rejects,
    insert,
    scratch_folder,
    transaction,
)
from logpipe.words import count_words

HEAD = 64 << 10


def identify(head: bytes) -> list[Format]:
    """Return every format that claims a file's first bytes; exactly one is an answer."""
    heads = {head, utf8_head(head)}  # one, as a rule
    return [format_ for format_ in all_formats() if any(map(format_.sniff, heads))]


def begin_run(con: Connection, inputs: Iterable[Path], files: int) -> int:
    """Write down that a run began; returns its number."""
    read_ledger(con)
    run_id = int(ask(con, "SELECT coalesce(max(run_id), 0) + 1 AS next FROM run")[0]["next"])
    names = [shown_path(path) for path in inputs]
    con.execute(
        "INSERT INTO run VALUES ($run_id, $version, $inputs, $files, 0)",
        {"run_id": run_id, "version": __version__, "inputs": names, "files": files},
    )
    return run_id


def end_run(con: Connection, run_id: int) -> None:
    """Write down how many files of a run brought something new."""
    con.execute(sql_text("load", "run_ended"), {"run_id": run_id})


def ingest_file(con: Connection, offer: Offer, run_id: int) -> Source:
    """Load one file in one transaction; whatever is wrong with the file becomes its source row."""
    source = _ingest_or_fail(con, offer, run_id)
    if source.status != "known":
        ledger(con).note(source)
    return source


def _ingest_or_fail(con: Connection, offer: Offer, run_id: int) -> Source:
    path = offer.shown
    fault, size, claimed = offer.fault, None, None
    if not fault:
        try:
            return _ingest_some_way(con, offer, path, run_id)
        except OSError as error:
            fault, size = f"cannot be read: {error.strerror or error}", offer.bytes
        except UnreadableError as error:
            fault, size, claimed = str(error), offer.bytes, error.format
        except duckdb.DataError as error:  # one value must not keep all other files from being read
            fault, size = f"{OURS} ({' '.join(str(error).split())[:200]})", offer.bytes
    with transaction(con):  # what was loaded before the fault showed is rolled back
        source = Source(source_number(con, path), path, run_id, bytes=size)
        return enter(con, replace(source, status="failed", format=claimed, note=fault))


def _ingest_some_way(con: Connection, offer: Offer, path: str, run_id: int) -> Source:
    """Load one file: in columns if it is plain, else by lines; a growing one from a copy."""
    frozen = careful = anew = False
    while True:
        try:
            return _ingest(con, offer, path, run_id, frozen=frozen, careful=careful, anew=anew)
        except _GrownError:
            frozen = True
        except UnevenError:
            careful = True
        except _MisreadError:
            anew = True


OURS = "a value could not be taken: a fault of logpipe, please report it"


class _MisreadError(Exception):
    """A known beginning of the file is not what the whole file begins with: records differ."""


class _GrownError(Exception):
    """The file changed while it was read: what was counted and what was loaded may differ."""


def _ingest(
    con: Connection,
    offer: Offer,
    path: str,
    run_id: int,
    *,
    frozen: bool,
    careful: bool,
    anew: bool,
) -> Source:
    """Load one file, or a copy of it as it is now, in one transaction."""
    with transaction(con), scratch_folder(con) as folder:
        number = source_number(con, path)
        source = Source(number, path, run_id, bytes=offer.bytes, note=offer.lost)
        scratch, file = Path(folder), offer.path
        if frozen:
            file = Path(shutil.copyfile(file, scratch / "frozen"))
        before = file.stat()
        source = enter(con, _read(con, file, source, scratch, careful=careful, anew=anew))
        after = file.stat()
        if not frozen and _changed(before, after):
            raise _GrownError
        return source


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)


def source_number(con: Connection, path: str) -> int:
    """Return a file's number: the old one where it could not be read before, else the next."""
    known = ledger(con)
    if path in known.unread:
        unread = ask(
            con,
            "DELETE FROM source WHERE path = $path AND status IN ('unknown', 'failed') "
            "RETURNING source_id",
            {"path": path},
        )
        if unread:
            return int(unread[0]["source_id"])
    return known.last + 1


def enter(con: Connection, source: Source) -> Source:
    """Write the source down, unless it is one that stands there already."""
    if source.status == "known":
        return source
    row = asdict(source)
    con.execute(
        f"INSERT INTO source ({', '.join(row)}) VALUES ({', '.join('$' + name for name in row)})",
        row,
    )
    return source


def _read(
    con: Connection, path: Path, source: Source, scratch: Path, *, careful: bool, anew: bool
) -> Source:
    """Unwrap, recognise and load one file."""
    content, lost = path, source.note
    if (wrapping := look(path)).streams:
        content, cut = unwrap(path, scratch, wrapping)
        lost = "; ".join(filter(None, [lost, cut])) or None
    content = _plain(content, scratch)
    size = content.stat().st_size
    sums = digests(con, content, size)
    source = replace(source, sha256=sums[size], bytes=size, note=lost)
    if size == 0:
        return replace(source, status="unknown", note="empty file")
    if twin := find_twin(con, sums[size], source.path):
        return (
            replace(twin, status="known")
            if twin.path == source.path
            else duplicate_of(source, twin)
        )
    head = _head(content)
    claims = identify(head)
    if len(claims) != 1:
        note = "; ".join(filter(None, [lost, _unclaimed(head, claims, source.path)]))
        return replace(source, status="unknown", note=note)
    (format_,) = claims
    known, gone = Known(), set[int]()
    if anew or format_.growth != "lines":
        gone = retire_beginnings(con, format_, sums, source.path)
    else:
        known = known_prefix(con, format_, content, sums)
    before = None if known.path else find_replaced(con, source.path, source.source_id)
    if before and before not in gone:
        words = f"replaces what stood under this path before (source {before})"
        source = replace(source, note="; ".join(filter(None, [source.note, words])))
    # a log that grew keeps the numbers of its lines, which columns do not give for odd ones
    quick = format_.quick if size >= SMALL and not careful and not known.last_line else None
    plain = quick(content) if quick else None
    try:
        with nullcontext(plain) if plain else format_.read(content, scratch) as reading:
            source = _load(con, reading, replace(source, format=format_.name), format_, known)
    except UnreadableError as error:
        error.format = format_.name
        raise
    return replace(source, status="partial") if lost else source


def _plain(path: Path, scratch: Path) -> Path:
    """Return a path that means one file to every reader: * ? [ would be taken for a pattern."""
    text = str(path)
    if not set("*?[") & set(text) and text.isprintable():
        return path
    copy = scratch / "plain"
    try:
        os.link(path.resolve(), copy)
    except OSError:  # another disk, or a system without hard links
        shutil.copyfile(path, copy)
    return copy


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def duplicate_of(source: Source, twin: Source) -> Source:
    """Describe a copy: every record of it is known."""
    return replace(
        twin,
        source_id=source.source_id,
        path=source.path,
        run_id=source.run_id,
        rows=0,
        recovered=0,
        rejects=0,
        duplicates=twin.records,
        status="duplicate",
        note=f"the same bytes as {twin.path}",
    )


def _unclaimed(head: bytes, claims: list[Format], path: str) -> str:
    """Say why a file was not read: who claimed it, or what it begins with."""
    if claims:
        names = " and ".join(format_.name for format_ in claims)
        return f"claimed by {names}: ambiguous, so not read"
    return f"no known log format: {what_is(head, path)}"


def _load(
    con: Connection, reading: Reading, source: Source, format_: Format, known: Known
) -> Source:
    """Load every batch of a reading, then draw the books from the table itself."""
    rejects, duplicates, half, quick = 0, known.records, 0, False
    notes = [source.note, *reading.notes]
    into = Into(reading.load, format_.table, source.source_id, known.last_line)
    for batch in reading.batches:
        refused = load_batch(con, batch, into, _expected(batch, reading.records - known.records))
        rejects += refused.records
        duplicates += refused.again
        quick = isinstance(batch, Columns)
        if isinstance(batch, Lines | Columns) and "block_line" in batch.segments.columns:
            _header_blocks(con, batch.segments, source.source_id, known.last_line)
        if isinstance(batch, Lines | Columns) and batch.segments.height and ends_open(batch.path):
            half = batch.segments["last_line"].to_list()[-1]
    zone, zone_known_by = _own_zone(con, reading, format_.table, source.source_id)
    rejects += _late_rejects(con, reading, source.source_id, known.last_line)
    books = count_books(con, format_.table, source.source_id)
    if quick and books.rows != reading.records:
        raise UnevenError
    copies = drop_known(con, source, format_, books, half)
    if copies or drop_overlap(con, format_, source.source_id, books):
        found, books = books, count_books(con, format_.table, source.source_id)
        left = count_rejects(con, source.source_id)
        duplicates += found.rows - books.rows + rejects - left
        rejects = left
        notes += copies
    balanced = books.rows + duplicates + rejects == reading.records
    if known.path and not balanced:
        raise _MisreadError
    notes += reading.late_notes
    if known.path:
        notes.append(f"goes on where {known.path} ended")
    if not balanced:
        notes.append(
            f"books do not balance: {count_words(reading.records, 'record')}, "
            f"{count_words(books.rows, 'row')}, {count_words(duplicates, 'duplicate')}, "
            f"{count_words(rejects, 'reject')}"
        )
    host = reading.host or books.host
    lossy = rejects > 0 or not balanced or any(note.startswith("lost") for note in notes if note)
    return replace(
        source,
        generation=reading.generation or format_.generation,
        generation_known_by="header"
        if reading.generation
        else "format"
        if format_.generation
        else None,
        host=host,
        host_known_by=(reading.host_known_by or "content") if host else None,
        zone=zone,
        zone_known_by=zone_known_by,
        first_ts=books.first_ts,
        last_ts=books.last_ts,
        records=reading.records,
        rows=books.rows,
        duplicates=duplicates,
        rejects=rejects,
        recovered=books.recovered,
        status="partial" if lossy else "duplicate" if duplicates and not books.rows else "loaded",
        note="; ".join(note for note in notes if note) or None,
    )


def _expected(batch: Batch, lines: int) -> int:
    """Return how many records a batch holds; a text log comes in one batch."""
    match batch:
        case Lines() | Columns():
            return lines
        case Ndjson(path):
            with path.open("rb") as file:
                return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        case Frame(frame):
            return frame.height


def _own_zone(
    con: Connection, reading: Reading, table: str, source_id: int
) -> tuple[str | None, str | None]:
    """Return the zone that the file itself tells, and apply it to the rows with local times."""
    zone = zone_name(reading.zone) if reading.zone else None
    if zone is None:
        return None, None
    if zone != "UTC" and has_local_times(table):
        apply_zone(con, table, source_id, zone)
    return zone, reading.zone_known_by


def _late_rejects(con: Connection, reading: Reading, source_id: int, skip: int) -> int:
    """Write down the records that a reader could not hand on; those up to ``skip`` are known."""
    fresh = [reject for reject in reading.late_rejects if reject[0] > skip or not skip]
    if not fresh:
        return 0
    frame = pl.DataFrame(
        fresh,
        schema={"record": pl.UInt64, "reason": pl.String, "excerpt": pl.String},
        orient="row",
    )
    insert(con, "reject", frame.with_columns(source_id=pl.lit(source_id)))
    return frame.height


def _header_blocks(con: Connection, segments: pl.DataFrame, source_id: int, skip: int) -> None:
    """Write down when a text log was opened anew: header blocks witness service starts."""
    blocks = segments.filter(pl.col("block_line") > skip).select(
        pl.lit(source_id).alias("source_id"),
        pl.col("block_line").alias("record"),
        pl.col("block_ts").alias("ts"),
        "software",
    )
    insert(con, "header_block", blocks)
