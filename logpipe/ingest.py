"""A folder of files in, rows in the store, and books that balance."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from logpipe import __version__
from logpipe.archives import is_wrapped, unwrap
from logpipe.errors import LogpipeError, UnreadableError
from logpipe.formats import all_formats
from logpipe.formats._text import encoding_of, utf8_head
from logpipe.model import Batch, Format, Frame, Lines, Ndjson, Reading
from logpipe.sqlfiles import sql_text
from logpipe.store import (
    DEDUPED,
    Connection,
    ask,
    count_books,
    insert,
    load_batch,
    transaction,
)

HEAD = 64 << 10
HINTS = (  # what a file is that logpipe does not read, by its first bytes
    (b"PK\x03\x04", "a zip archive, unpack it and give the folder"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive, unpack it and give the folder"),
    (b"MSCF", "a cabinet archive, unpack it and give the folder"),
    (b'"(PDH-CSV', "a counter log (PDH-CSV)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a SQLite database"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One row of table source."""

    source_id: int
    path: str
    run_id: int
    sha256: str | None = None
    bytes: int | None = None
    format: str | None = None
    generation: str | None = None
    host: str | None = None
    host_known_by: str | None = None
    zone: str | None = None
    zone_known_by: str | None = None
    first_ts: object = None
    last_ts: object = None
    records: int = 0
    rows: int = 0
    duplicates: int = 0
    rejects: int = 0
    recovered: int = 0
    status: str = "loaded"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One file found: its path, its size, and why it cannot be read, where that is known."""

    path: Path
    bytes: int
    fault: str | None = None


def find_files(inputs: Iterable[Path]) -> list[Offer]:
    """Return every file below the inputs, shortest first, so that a growing log's older copy leads.

    Links to folders are not followed (they may loop) but listed. Raises LogpipeError where an
    input does not exist.
    """
    offers: dict[str, Offer] = {}
    for given in inputs:
        if not given.exists():
            raise LogpipeError(f"{given}: no such file or folder; check the path")
        for offer in _walk(given) if given.is_dir() else [_offer(given)]:
            offers.setdefault(os.path.abspath(offer.path), offer)  # noqa: PTH100 - links stay links
    return sorted(offers.values(), key=lambda offer: (offer.bytes, offer.path.as_posix()))


def _walk(folder: Path) -> Iterator[Offer]:
    failed: list[Offer] = []

    def note(error: OSError) -> None:
        failed.append(Offer(Path(error.filename), 0, f"folder cannot be read: {error.strerror}"))

    for parent, folders, files in os.walk(folder, onerror=note):
        here = Path(parent)
        for name in [*files, *folders]:
            path = here / name
            if name in files:
                yield _offer(path)
            elif path.is_symlink():
                yield Offer(path, 0, "a link to a folder: not followed, give the folder itself")
    yield from failed


def _offer(path: Path) -> Offer:
    try:
        if not path.is_file():
            what = "a link to nothing" if path.is_symlink() else "not a regular file"
            return Offer(path, 0, f"{what}: not read")
        return Offer(path, path.stat().st_size)
    except OSError as error:
        return Offer(path, 0, f"cannot be read: {error.strerror}")


def identify(head: bytes) -> list[Format]:
    """Return every format that claims a file's first bytes; exactly one is an answer."""
    text = utf8_head(head)
    return [format_ for format_ in all_formats() if format_.sniff(head) or format_.sniff(text)]


def begin_run(con: Connection, inputs: Iterable[Path], files: int) -> int:
    """Write down that a run began; returns its number."""
    run_id = int(ask(con, "SELECT coalesce(max(run_id), 0) + 1 AS next FROM run")[0]["next"])
    names = [path.as_posix() for path in inputs]
    con.execute(
        "INSERT INTO run VALUES ($run_id, $version, $inputs, $files, 0)",
        {"run_id": run_id, "version": __version__, "inputs": names, "files": files},
    )
    return run_id


def ingest_file(con: Connection, offer: Offer, run_id: int) -> Source:
    """Load one file in one transaction; whatever is wrong with the file becomes its source row."""
    path = shown_path(offer.path)
    with transaction(con), tempfile.TemporaryDirectory(prefix="logpipe-") as scratch:
        source = Source(_source_id(con, path), path, run_id, bytes=offer.bytes)
        if offer.fault:
            return _enter(con, replace(source, status="failed", note=offer.fault, bytes=None))
        try:
            source = _read(con, offer.path, source, Path(scratch))
        except OSError as error:
            why = f"cannot be read: {error.strerror or error}"
            source = replace(source, status="failed", note=why)
        except UnreadableError as error:
            source = replace(source, status="failed", note=str(error))
        return _enter(con, source)


def shown_path(path: Path) -> str:
    """Return a path as text, / between folders; bytes that are no text become escapes."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def _source_id(con: Connection, path: str) -> int:
    """Return the number for a file: the old one where it could not be read before, else the next."""
    unread = ask(
        con,
        "DELETE FROM source WHERE path = $path AND status IN ('unknown', 'failed') "
        "RETURNING source_id",
        {"path": path},
    )
    if unread:
        return int(unread[0]["source_id"])
    return int(ask(con, "SELECT coalesce(max(source_id), 0) + 1 AS next FROM source")[0]["next"])


def _enter(con: Connection, source: Source) -> Source:
    """Write the source down, unless it is one that stands there already."""
    if ask(con, "SELECT 1 FROM source WHERE source_id = $id", {"id": source.source_id}):
        return source
    row = asdict(source)
    con.execute(
        f"INSERT INTO source ({', '.join(row)}) VALUES ({', '.join('$' + name for name in row)})",
        row,
    )
    if source.rows:
        con.execute(
            "UPDATE run SET fresh = fresh + 1 WHERE run_id = $run_id", {"run_id": source.run_id}
        )
    return source


def _read(con: Connection, path: Path, source: Source, scratch: Path) -> Source:
    """Unwrap, recognise and load one file."""
    content, lost = path, None
    if is_wrapped(_head(path)):
        content, lost = unwrap(path, scratch)
    content = _plain(content, scratch)
    size = content.stat().st_size
    digests = _digests(con, content, size)
    source = replace(source, sha256=digests[size], bytes=size, note=lost)
    if size == 0:
        return replace(source, status="unknown", note="empty file")
    if twin := _twin(con, digests[size], source.path):
        return twin if twin.path == source.path else _duplicate(source, twin)
    head = _head(content)
    claims = identify(head)
    if len(claims) != 1:
        note = "; ".join(filter(None, [lost, _unclaimed(head, claims)]))
        return replace(source, status="unknown", note=note)
    (format_,) = claims
    known = _known_prefix(con, format_, content, digests)
    with format_.read(content, scratch) as reading:
        source = _load(con, reading, replace(source, format=format_.name), format_, known)
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


def _digests(con: Connection, path: Path, size: int) -> dict[int, str]:
    """Return the SHA-256 of the file, and of its beginnings as long as a known, shorter source."""
    stops = {int(row["bytes"]) for row in ask(con, sql_text("load", "sizes"), {"size": size})}
    digest, digests, done = hashlib.sha256(), {}, 0
    with path.open("rb") as file:
        for stop in sorted(stops | {size}):
            while done < stop and (block := file.read(min(1 << 20, stop - done))):
                digest.update(block)
                done += len(block)
            digests[stop] = digest.copy().hexdigest()
    return digests


def _twin(con: Connection, sha256: str, path: str) -> Source | None:
    """Return the source that brought the same bytes, the one of the same path first."""
    rows = ask(con, sql_text("load", "twin"), {"sha256": sha256, "path": path})
    return Source(**rows[0]) if rows else None


def _duplicate(source: Source, twin: Source) -> Source:
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


@dataclass(frozen=True, slots=True)
class _Known:
    """How far a grown text log is in the store already."""

    last_line: int = 0
    records: int = 0
    path: str | None = None


def _known_prefix(
    con: Connection, format_: Format, content: Path, digests: dict[int, str]
) -> _Known:
    """Find the longest known source that is the beginning of this text log, if there is one."""
    if format_.table in DEDUPED:
        return _Known()
    shorter = ask(con, sql_text("load", "shorter"), {"size": max(digests), "format": format_.name})
    for row in shorter:  # the longest first
        if row["sha256"] != digests[row["bytes"]]:
            continue
        if (lines := _whole_lines(content, row["bytes"])) is not None:
            whole, half = lines
            # a line that was half written then, and was refused, is read now
            retry = half and row["last_refused"] == whole + 1
            return _Known(whole + (half and not retry), row["records"] - retry, row["path"])
    return _Known()


def _whole_lines(path: Path, size: int) -> tuple[int, bool] | None:
    """Count the whole lines in a file's first bytes, and whether a half one follows."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        if encoding_of(file.read(512)) is not None:
            return None
        file.seek(0)
        while size and (block := file.read(min(1 << 20, size))):
            lines, last, size = lines + block.count(b"\n"), block[-1:], size - len(block)
    return lines, last != b"\n"


def _unclaimed(head: bytes, claims: list[Format]) -> str:
    """Say why a file was not read: who claimed it, or what it begins with."""
    if claims:
        names = " and ".join(format_.name for format_ in claims)
        return f"claimed by {names}: ambiguous, so not read"
    first = head[:40]
    what = next((f"{name}; " for magic, name in HINTS if first.startswith(magic)), "")
    shown = first.decode("ascii", "backslashreplace").encode("unicode_escape").decode()
    return f"no known log format: {what}begins with {shown}"


def _load(
    con: Connection, reading: Reading, source: Source, format_: Format, known: _Known
) -> Source:
    """Load every batch of a reading, then draw the books from the table itself."""
    rejects, duplicates = 0, known.records
    for batch in reading.batches:
        loaded = load_batch(
            con,
            batch,
            load=reading.load,
            table=format_.table,
            source_id=source.source_id,
            skip=known.last_line,
            expected=_expected(batch, reading.records - known.records),
        )
        rejects += loaded.rejects
        duplicates += loaded.duplicates
        if isinstance(batch, Lines) and "block_line" in batch.segments.columns:
            _header_blocks(con, batch.segments, source.source_id, known.last_line)
    rejects += _late_rejects(con, reading, source.source_id)
    books = count_books(con, format_.table, source.source_id)
    balanced = books.rows + duplicates + rejects == reading.records
    notes = [source.note, *reading.notes, *reading.late_notes]
    if known.path:
        notes.append(f"goes on where {known.path} ended")
    if not balanced:
        notes.append(
            f"books do not balance: {reading.records:,} records, {books.rows:,} rows, "
            f"{duplicates:,} duplicates, {rejects:,} rejects"
        )
    host = reading.host or books.host
    lossy = rejects > 0 or not balanced or any(note.startswith("lost") for note in notes if note)
    return replace(
        source,
        generation=reading.generation,
        host=host,
        host_known_by=(reading.host_known_by or "content") if host else None,
        zone=reading.zone,
        zone_known_by=reading.zone_known_by,
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
        case Lines():
            return lines
        case Ndjson(path):
            with path.open("rb") as file:
                return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        case Frame(frame):
            return frame.height


def _late_rejects(con: Connection, reading: Reading, source_id: int) -> int:
    """Write down the records that a reader could not hand on."""
    if not reading.late_rejects:
        return 0
    frame = pl.DataFrame(
        reading.late_rejects,
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


def settle_hosts(con: Connection) -> None:
    """Give logs that do not name their host the one that all others of their folder name."""
    with transaction(con):
        con.execute(sql_text("load", "neighbours"))
