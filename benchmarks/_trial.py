"""Load damaged files into a store in memory and say what went wrong with each."""

import faulthandler
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from time import process_time
from typing import NamedTuple
from unittest import mock

from logpipe import ingest
from logpipe.formats import all_formats
from logpipe.ledger import read_ledger
from logpipe.model import Format, Source
from logpipe.offers import Offer
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask, open_store, transaction

MEMORY = Path("/dev/shm")  # noqa: S108 - a disk would only make it slower
SLOWEST = 15.0  # CPU seconds, which 2.5 MB in one line are far from
HUNG = 240.0  # seconds after which the process is ended, its trace printed, its file left behind
TOGETHER = 6  # files that are in the store at once: copies overlap, and that is tried too
OVERLAPS = 4  # in one lot of so many, for it takes a third of the time
SNIFFED = 10  # one file in so many is shown to all formats
UNREAD = {"unknown", "failed", "known", "duplicate"}


class Trial(NamedTuple):
    """How one file went: its number, what was wrong, if anything, and the CPU seconds it took."""

    number: int
    data: bytes
    words: str | None
    seconds: float = 0.0

    @property
    def raised(self) -> bool:
        """Return whether an exception ended the store's use."""
        return (self.words or "").startswith("raised")


def try_files(format_: Format, files: Iterable[bytes]) -> Iterator[Trial]:
    """Load files by one reader, whatever they are; what the tables tell of one comes later."""
    left = list(enumerate(files))
    while left:  # an exception ends the store: the next one goes on behind that file
        done = left[-1][0] + 1
        for trial in _try_store(format_, left):
            yield trial
            done = trial.number + 1 if trial.raised else done
        left = [file for file in left if file[0] >= done]


def _try_store(format_: Format, files: list[tuple[int, bytes]]) -> Iterator[Trial]:
    """Load files into one store; ends where one raises."""
    with _scratch() as folder, open_store(folder / "x.duckdb") as con:
        con.execute("SET threads = 1")
        with mock.patch.object(ingest, "identify", return_value=[format_]):
            for first in range(0, len(files), TOGETHER):
                group = files[first : first + TOGETHER]
                with _alone() if first // TOGETHER % OVERLAPS else nullcontext():
                    for number, data in group:
                        yield (trial := _try_file(con, folder / str(number), data, number))
                        if trial.raised:
                            return
                for number, words in _uneven(con, format_.table):
                    yield Trial(number, dict(group)[number], words)
                _clear(con, format_.table)


def _alone() -> AbstractContextManager[object]:
    """Leave out the search for other copies of a file."""
    return mock.patch.object(ingest, "drop_known", return_value=[])


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder in memory, which ingest uses for its own scratch too."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(
        prefix="fuzz-", dir=MEMORY if MEMORY.is_dir() else None
    ) as name:
        tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before


def _try_file(con: Connection, file: Path, data: bytes, number: int) -> Trial:
    """Load one file and say how it went."""
    file.write_bytes(data)
    faulthandler.dump_traceback_later(HUNG, exit=True)
    began = process_time()
    try:
        if number % SNIFFED == 0:
            for other in all_formats():
                other.sniff(data[: ingest.HEAD])
        source = ingest.ingest_file(con, Offer(file, len(data)), 1)
    except Exception as error:  # noqa: BLE001 - whatever comes out is a finding
        words = f"raised {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return Trial(number, data, words)
    finally:
        faulthandler.cancel_dump_traceback_later()
        file.unlink()
    seconds = process_time() - began
    return Trial(number, data, _fault(source, seconds), seconds)


def _fault(source: Source, seconds: float) -> str | None:
    if seconds > SLOWEST:
        return f"took {seconds:.0f} CPU seconds"
    if ingest.OURS in (source.note or ""):
        return source.note
    parts = source.rows + source.duplicates + source.rejects
    if source.status not in UNREAD and source.records != parts:
        told = f"{source.rows} + {source.duplicates} + {source.rejects}"
        return f"books: {source.records} records = {told}"
    return None


def _uneven(con: Connection, table: str) -> Iterator[tuple[int, str]]:
    """Yield the files of which table source does not say what the other tables hold."""
    books = sql_text("books", table).replace("SELECT", "SELECT source_id,", 1)
    books = books.replace("WHERE source_id = $source_id", "GROUP BY source_id")
    sql = f"""
        WITH book AS ({books}),
        refused AS (SELECT source_id, count(DISTINCT record) AS n FROM reject GROUP BY source_id),
        twice AS (
            SELECT source_id, count(DISTINCT record) AS n
            FROM reject SEMI JOIN {table} USING (source_id, record) GROUP BY source_id
        )
        SELECT
            s.path, s.rows, s.rejects, coalesce(b.rows, 0) AS loaded,
            coalesce(r.n, 0) AS refused, coalesce(t.n, 0) AS twice
        FROM source AS s
        LEFT JOIN book AS b USING (source_id)
        LEFT JOIN refused AS r USING (source_id)
        LEFT JOIN twice AS t USING (source_id)
        WHERE s.status <> 'duplicate'
          AND (s.rows <> loaded OR s.rejects <> refused OR coalesce(t.n, 0) > $twice)
    """
    # a damaged event is refused, and may be kept as a recovered row all the same
    twice = 1 << 30 if table == "windows_event" else 0
    for row in ask(con, sql, {"twice": twice}):
        words = (
            f"source tells {row['rows']} rows and {row['rejects']} rejects, the tables hold "
            f"{row['loaded']} and {row['refused']}, {row['twice']} records are both"
        )
        yield int(Path(row["path"]).name), words


def _clear(con: Connection, table: str) -> None:
    with transaction(con):
        for name in ("source", "reject", "header_block", table):
            con.execute(f"DELETE FROM {name}").fetchall()
    read_ledger(con)
