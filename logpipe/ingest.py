"""A folder of files in, rows in the store, and books that balance."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from logpipe import __version__
from logpipe.archives import is_wrapped, unwrap
from logpipe.errors import LogpipeError, UnreadableError
from logpipe.formats import all_formats
from logpipe.formats._text import line_ends_at, utf8_head, whole_lines
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
        try:
            there = given.exists()
        except OSError as error:
            raise LogpipeError(f"{given}: cannot be read: {error.strerror}") from error
        if not there:
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
        for name in files:
            yield _offer(here / name)
        for name in folders:
            if (here / name).is_symlink():
                why = "a link to a folder: not followed, give the folder itself"
                yield Offer(here / name, 0, why)
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
    names = [shown_path(path) for path in inputs]
    con.execute(
        "INSERT INTO run VALUES ($run_id, $version, $inputs, $files, 0)",
        {"run_id": run_id, "version": __version__, "inputs": names, "files": files},
    )
    return run_id


def ingest_file(con: Connection, offer: Offer, run_id: int) -> Source:
    """Load one file in one transaction; whatever is wrong with the file becomes its source row."""
    path = shown_path(offer.path)
    fault, size = offer.fault, None
    if not fault:
        try:
            with transaction(con), tempfile.TemporaryDirectory(prefix="logpipe-") as scratch:
                source = Source(_source_id(con, path), path, run_id, bytes=offer.bytes)
                return _enter(con, _read(con, offer.path, source, Path(scratch)))
        except OSError as error:
            fault, size = f"cannot be read: {error.strerror or error}", offer.bytes
        except UnreadableError as error:
            fault, size = str(error), offer.bytes
    with transaction(con):  # what was loaded before the fault showed is rolled back
        source = Source(_source_id(con, path), path, run_id, bytes=size)
        return _enter(con, replace(source, status="failed", note=fault))


def shown_path(path: Path) -> str:
    """Return a path as text, / between folders; bytes that are no text become escapes."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def _source_id(con: Connection, path: str) -> int:
    """Return a file's number: the old one where it could not be read before, else the next."""
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
        whole, half = whole_lines(content, row["bytes"])
        if half and _take_back(con, format_, row, whole + 1, content):
            return _Known(whole, row["records"] - 1, row["path"])
        return _Known(whole + half, row["records"], row["path"])
    return _Known()


def _take_back(
    con: Connection, format_: Format, known: dict[str, Any], line: int, content: Path
) -> bool:
    """Return whether the last line of a known source, half written then, is to be read now.

    A half line that was refused is; one that was taken for a whole record is taken back.
    """
    if known["last_refused"] == line:
        return True
    if line_ends_at(content, known["bytes"]):
        return False
    taken = con.execute(
        f"DELETE FROM {format_.table} WHERE source_id = $source_id AND record = $line RETURNING 1",
        {"source_id": known["source_id"], "line": line},
    ).fetchall()
    if taken:
        con.execute(sql_text("load", "taken_back"), {"source_id": known["source_id"]})
    return bool(taken)


def _longer(con: Connection, source: Source, table: str, half: int) -> tuple[str, int] | None:
    """Take out the rows of a text log where a source known already holds them all, line by line.

    That is an older copy of a log that grew. Returns the other's path and how many records those
    were. ``half`` is the last line's number where it has no line end, else 0.
    """
    books = count_books(con, table, source.source_id)
    mine = {"source_id": source.source_id}
    times = {"first_ts": books.first_ts, "last_ts": books.last_ts, "format": source.format}
    for row in ask(con, sql_text("load", "longer"), mine | times):
        pair = mine | {"table": table, "longer": row["source_id"], "half": half}
        if not ask(con, sql_text("load", "beyond"), pair):
            for name in (table, "header_block"):
                con.execute(f"DELETE FROM {name} WHERE source_id = $source_id", mine)
            return row["path"], books.rows
    return None


def _is_open(path: Path) -> bool:
    """Return whether a text ends without a line end: its last line may be half written."""
    with path.open("rb") as file:
        file.seek(-2, os.SEEK_END)
        return not file.read().strip(b"\0").endswith((b"\n", b"\r"))


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
    notes = [source.note, *reading.notes]
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
        if isinstance(batch, Lines) and batch.segments.height:
            half = batch.segments["last_line"].to_list()[-1] if _is_open(batch.path) else 0
            if longer := _longer(con, source, format_.table, half):
                duplicates += longer[1]
                notes.append(f"an older copy of {longer[0]}")
    rejects += _late_rejects(con, reading, source.source_id)
    books = count_books(con, format_.table, source.source_id)
    balanced = books.rows + duplicates + rejects == reading.records
    notes += reading.late_notes
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
