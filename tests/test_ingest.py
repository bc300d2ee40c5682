"""Ingest: books, and one file one transaction."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from logpipe import ingest
from logpipe.analyze import analyze
from logpipe.errors import UnreadableError
from logpipe.formats import evt, smtpsvc_w3c
from logpipe.ingest import begin_run, ingest_file
from logpipe.model import Batch, Frame, Reading
from logpipe.offers import Offer
from logpipe.store import Connection, open_store, scratch_folder
from samples.generator.evt import write_evt
from tests.ingested import HEADER, counts, event, everything, run, w3c


def test_books_that_do_not_balance_are_said_so(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = smtpsvc_w3c.read

    @contextmanager
    def miscounted(path: Path, scratch: Path) -> Iterator[Reading]:
        with read(path, scratch) as reading:
            yield replace(reading, records=reading.records + 1)

    use(monkeypatch, miscounted)
    path = tmp_path / "ex.log"
    path.write_text(HEADER + w3c(3))
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert (source.status, source.rows, source.records) == ("partial", 3, 4)
    assert "books do not balance: 4 records, 3 rows" in (source.note or "")


def use(monkeypatch: pytest.MonkeyPatch, read: Any, table: str = "smtp_event") -> None:
    """Put another reader in the place of the W3C one."""
    format_ = replace(smtpsvc_w3c.FORMAT, read=read, table=table, quick=None)
    monkeypatch.setattr(ingest, "all_formats", lambda: [format_])


def batches_then(error: BaseException, path: Path, scratch: Path) -> Iterator[Batch]:
    """One good batch of three records, and then something happens."""
    write_evt(path.with_suffix(".evt"), [event(n) for n in range(1, 4)])
    with evt.read(path.with_suffix(".evt"), scratch) as reading:
        yield from reading.batches
    yield Frame(pl.DataFrame(schema={"never": pl.String}).clear()) if error is None else give(error)


def give(error: BaseException) -> Batch:
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug"), MemoryError()])
def test_whatever_ends_a_file_early_leaves_the_store_as_if_it_had_not_been_touched(
    error: BaseException, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_text(HEADER + w3c(3))
    (tmp_path / "b.log").write_text(HEADER + w3c(3, first=5))
    run(con, tmp_path / "a.log")
    before = everything(con)
    with monkeypatch.context() as patch:
        use(patch, reader_that_fails(error), "windows_event")
        with pytest.raises(type(error)):
            ingest_file(con, Offer(tmp_path / "b.log", 1), 1)
    assert everything(con) == before
    source = ingest_file(con, Offer(tmp_path / "b.log", 1), 1)
    assert (source.status, source.source_id, counts(con)["smtp"]) == ("loaded", 2, 6)


def reader_that_fails(error: BaseException) -> Any:
    @contextmanager
    def read(path: Path, scratch: Path) -> Iterator[Reading]:
        yield Reading(load="evt", records=9, batches=batches_then(error, path, scratch))

    return read


@pytest.mark.parametrize(
    "error", [UnreadableError("a page is missing"), OSError(5, "Input/output error")]
)
def test_a_file_that_turns_out_unreadable_in_the_middle_leaves_no_rows(
    error: Exception, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.log"
    path.write_text(HEADER + w3c(3))
    use(monkeypatch, reader_that_fails(error), "windows_event")
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert (source.status, source.rows, source.records) == ("failed", 0, 0)
    assert "page is missing" in (source.note or "") or "Input/output" in (source.note or "")
    assert counts(con) | {"sources": 0} == dict.fromkeys(counts(con), 0)
    monkeypatch.undo()
    again = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert (again.status, again.source_id, again.rows) == ("loaded", source.source_id, 3)
    assert counts(con)["sources"] == 1


def test_what_a_killed_run_left_is_removed_by_the_next_and_nothing_else(tmp_path: Path) -> None:
    for name in ("x.duckdb.tmp-1", "x.duckdb.tmp", "xyduckdb.tmp-1", "y.duckdb.tmp-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "unwrapped").write_bytes(b"half")
    with open_store(tmp_path / "x.duckdb") as con, scratch_folder(con) as folder:
        beside = {file.name for file in tmp_path.iterdir()} - {"x.duckdb.wal"}
        assert beside == {"x.duckdb", Path(folder).name, "xyduckdb.tmp-1", "y.duckdb.tmp-1"}


def test_what_a_killed_analysis_left_of_its_store_is_removed_by_the_next(tmp_path: Path) -> None:
    log, out = tmp_path / "ex.log", tmp_path / "out"
    log.write_text(HEADER + w3c(2))
    out.mkdir()
    left, busy = out / "logpipe.duckdb.1.new", out / "logpipe.duckdb.2.new"
    with open_store(left):
        (out / "logpipe.duckdb.1.new.tmp-1").mkdir()
    held = (
        "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(  # noqa: S603 - another run, at work
        [sys.executable, "-c", held, str(busy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        assert other.stdout
        other.stdout.readline()
        analyze([log], out, [], force=False)
        names = {file.name for file in out.iterdir()} - {f"{busy.name}.wal"}
    assert names == {
        "report.json", "report.html", "timeline.jsonl", "logpipe.duckdb", busy.name,
    }  # fmt: skip


def test_what_a_killed_run_had_loaded_is_settled_by_the_next(
    con: Connection, tmp_path: Path
) -> None:
    begin_run(con, [tmp_path], 2)
    for first, host in ((0, "EXCHANGE-SERVER"), (9, "EXCHANGE-SERVER-01")):
        path = tmp_path / f"{host}.log"
        path.write_text(HEADER + w3c(3, first=first, host=host))
        ingest_file(con, Offer(path, path.stat().st_size), 1)  # killed before settle
    run(con, tmp_path)
    hosts = con.execute("SELECT DISTINCT host FROM smtp_event").fetchall()
    assert hosts == [("EXCHANGE-SERVER-01",)]
    assert con.execute("SELECT fresh FROM run ORDER BY run_id").fetchall() == [(2,), (0,)]
