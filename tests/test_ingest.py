"""Ingest: books, each record once, one file one transaction, and files that are no logs."""

import gzip
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from logpipe import archives, ingest
from logpipe.errors import LogpipeError, UnreadableError
from logpipe.formats import evt, smtpsvc_w3c
from logpipe.ingest import begin_run, end_run, ingest_file
from logpipe.model import Batch, Frame, Reading, Source
from logpipe.offers import Offer, find_files
from logpipe.settle import settle
from logpipe.store import Connection, ask, open_store, transaction
from samples.generator.evt import EvtRecord, write_evt
from samples.generator.evtx import EvtxRecord, write_evtx

TABLES = (
    "source", "reject", "header_block", "run", "windows_event", "smtp_event", "tracking_event",
)  # fmt: skip
FIELDS = "#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status"
HEADER = f"#Software: Microsoft Internet Information Services 6.0\n{FIELDS}\n"
TRACKING = (
    "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n"
    "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,event-id,"
    "recipient-address,message-subject\n"
)


def w3c(count: int, *, first: int = 0, host: str = "GW1") -> str:
    """Rows that differ from each other by their moment."""
    start = datetime(2007, 9, 3, 5, tzinfo=UTC)
    times = (start + timedelta(seconds=number) for number in range(first, first + count))
    return "".join(
        f"{ts:%Y-%m-%d %H:%M:%S} 192.0.2.10 pc1 {host} RCPT +TO:<bob@x.example> 250\n"
        for ts in times
    )


def tracking(count: int) -> str:
    return "".join(
        f'2009-02-03T00:10:{n:02}.100Z,,,,HUB1,FAIL,a@x.example;b@x.example,"subject, {n}"\n'
        for n in range(count)
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("ingest") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in TABLES:
        store.execute(f"DELETE FROM {table}")
    return store


def run(con: Connection, *inputs: Path) -> list[Source]:
    """What analyze and ingest do with their inputs; the books of all sources must balance."""
    offers = find_files(inputs)
    with transaction(con):
        run_id = begin_run(con, inputs, len(offers))
    sources = [ingest_file(con, offer, run_id) for offer in offers]
    settle(con, 1, {})
    end_run(con, run_id)
    wrong = ask(con, "SELECT * FROM source WHERE records <> rows + duplicates + rejects")
    assert wrong == []
    assert counts(con)["rejected"] == sum(s["rejects"] for s in ask(con, "FROM source"))
    return sources


def counts(con: Connection) -> dict[str, int]:
    """How much stands in the store: sources, rejects, and records in each table."""
    return ask(
        con,
        """
        SELECT
            (SELECT count(*) FROM source) AS sources,
            (SELECT count(*) FROM reject) AS rejected,
            (SELECT count(*) FROM header_block) AS blocks,
            (SELECT count(*) FROM smtp_event) AS smtp,
            (SELECT count(*) FROM tracking_event) AS tracking,
            (SELECT count(*) FROM windows_event) AS windows
        """,
    )[0]


def everything(con: Connection) -> list[list[tuple[Any, ...]]]:
    return [con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES]


def statuses(sources: list[Source]) -> list[str]:
    return [source.status for source in sources]


# Each record once


def test_a_second_run_adds_nothing(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "ex.log").write_text(HEADER + w3c(5) + "half")
    (tmp_path / "copy of ex.log").write_text(HEADER + w3c(5) + "half")
    (tmp_path / "t.log").write_text(TRACKING + tracking(4))
    (tmp_path / "notes.txt").write_text("nothing that logpipe reads")
    (tmp_path / "empty.log").touch()
    (tmp_path / "broken.gz").write_bytes(b"\x1f\x8b\x08\0")
    write_evt(tmp_path / "SysEvent.Evt", [event(n) for n in range(1, 9)])
    run(con, tmp_path)
    before = everything(con)
    run(con, tmp_path)
    runs = TABLES.index("run")
    after = everything(con)
    assert [len(table) for table in after] == [len(t) + (i == runs) for i, t in enumerate(before)]
    assert ask(con, "SELECT fresh FROM run ORDER BY run_id") == [{"fresh": 3}, {"fresh": 0}]
    assert counts(con)["smtp"] == 5
    assert [t for i, t in enumerate(after) if i not in {0, runs}] == [
        t for i, t in enumerate(before) if i not in {0, runs}
    ]


@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "gzip"])
def test_a_copy_under_another_name_is_a_duplicate(
    wrap: bool,  # noqa: FBT001 - a parameter of the test
    con: Connection,
    tmp_path: Path,
) -> None:
    content = (HEADER + w3c(5)).encode()
    (tmp_path / "ex.log").write_bytes(content)
    run(con, tmp_path)
    (tmp_path / "b").write_bytes(gzip.compress(content) if wrap else content)
    (source,) = run(con, tmp_path / "b")
    assert (source.status, source.records, source.duplicates, source.rows) == ("duplicate", 5, 5, 0)
    assert counts(con)["smtp"] == 5


CUTS = {"at a line end": 0, "in the first character": 1, "in mid-line": 40, "before the end": -2}
TEXTS = {"w3c": (HEADER, w3c(9)), "tracking": (TRACKING, tracking(9))}


@pytest.mark.parametrize(("end", "wrap"), [("\r\n", False), ("\n", False), ("\r\n", True)])
@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_longer_copy_of_a_growing_log_adds_only_what_is_new(  # noqa: PLR0917
    kind: str,
    cut: str,
    end: str,
    wrap: bool,  # noqa: FBT001 - a parameter of the test
    con: Connection,
    tmp_path: Path,
) -> None:
    header, body = (text.replace("\n", end) for text in TEXTS[kind])
    lines = body.splitlines(keepends=True)
    shorter = header + "".join(lines[:5])
    if CUTS[cut]:
        shorter += lines[5][: CUTS[cut]]
    path = tmp_path / ("a.gz" if wrap else "a.log")
    for content in (shorter, header + body):
        raw = content.encode()
        path.write_bytes(gzip.compress(raw) if wrap else raw)
        run(con, tmp_path)
    found = everything(con)[-2:]
    for table in TABLES:
        con.execute(f"DELETE FROM {table}")
    run(con, tmp_path)
    expected = everything(con)[-2:]
    assert [[row[1:] for row in table] for table in found] == [
        [row[1:] for row in table] for table in expected
    ]


@pytest.mark.parametrize("cut", CUTS)
def test_an_older_copy_that_comes_later_adds_nothing(
    cut: str, con: Connection, tmp_path: Path
) -> None:
    body = w3c(9)
    (tmp_path / "a.log").write_text(HEADER + body)
    run(con, tmp_path)
    lines = body.splitlines(keepends=True)
    tail = lines[5][: CUTS[cut]] if CUTS[cut] else ""
    (tmp_path / "b.log").write_text(HEADER + "".join(lines[:5]) + tail)
    (source,) = run(con, tmp_path / "b.log")
    assert source.rows == 0
    assert "an older copy of" in (source.note or "")
    assert counts(con)["smtp"] == 9


@pytest.mark.parametrize("wrap", ["", "a.log", "b.log"])
def test_the_shorter_copy_beside_the_longer_one_in_one_run(
    wrap: str, con: Connection, tmp_path: Path
) -> None:
    for name, count in (("a.log", 5), ("b.log", 9), ("c.log", 7)):
        content = (HEADER + w3c(count)).encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name == wrap else content)
    run(con, tmp_path)
    assert counts(con)["smtp"] == 9
    assert sum(source["rows"] for source in ask(con, "FROM source")) == 9


def test_a_growing_log_in_utf16_adds_only_what_is_new(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for count in (5, 9):
        path.write_bytes(("\ufeff" + HEADER + w3c(count)).encode("utf-16-le"))
        run(con, tmp_path)
    assert counts(con)["smtp"] == 9


def test_a_growing_log_with_carriage_returns_only_adds_what_is_new(
    con: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "a.log"
    for count in (5, 9):
        path.write_bytes((HEADER + w3c(count)).replace("\n", "\r").encode())
        run(con, tmp_path)
    assert counts(con)["smtp"] == 9


def test_logs_that_only_begin_alike_are_both_read(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(HEADER + w3c(3) + w3c(2, host="GW2"))
    (tmp_path / "b.log").write_text(HEADER + w3c(3) + w3c(3, first=3))
    (tmp_path / "c.log").write_text(HEADER + w3c(1, host="GW3"))
    (tmp_path / "d.log").write_text(HEADER + w3c(1))
    run(con, tmp_path)
    assert counts(con)["smtp"] == 11  # d is where a and b begin, and is in once
    hosts = ask(con, "SELECT host, count(*) AS n FROM smtp_event GROUP BY ALL ORDER BY host")
    assert [(row["host"], row["n"]) for row in hosts] == [("GW1", 8), ("GW2", 2), ("GW3", 1)]


def test_a_half_line_taken_for_a_record_gives_way_to_the_whole_one(
    con: Connection, tmp_path: Path
) -> None:
    whole = HEADER + w3c(3)
    (tmp_path / "a.log").write_text(whole[:-2])  # sc-status 25 instead of 250
    run(con, tmp_path)
    (tmp_path / "b.log").write_text(whole)
    run(con, tmp_path)
    assert [row["reply_code"] for row in ask(con, "FROM smtp_event")] == [250] * 3
    first, second = ask(con, "SELECT * FROM source ORDER BY source_id")
    assert (first["rows"], first["duplicates"], second["rows"], second["duplicates"]) == (
        2,
        1,
        1,
        2,
    )
    assert "half written" in first["note"]


def event(number: int) -> EvtRecord:
    return EvtRecord(
        number=number,
        ts=datetime(2005, 3, 1, tzinfo=UTC) + timedelta(minutes=number),
        source="SMTPSVC",
        computer="MAIL01",
        event_id_full=0x40001B7C,
        event_type=4,
        category=0,
        sid=None,
        strings=(f"s{number}",),
        data=b"",
    )


def evtx_event(number: int) -> EvtxRecord:
    when = datetime(2017, 3, 6, tzinfo=UTC) + timedelta(minutes=number)
    return EvtxRecord(number, when, "Service Control Manager", "EX16", 7036, strings=("a", "b"))


@pytest.mark.parametrize("kind", ["evt", "evtx"])
def test_overlapping_exports_of_one_event_log_add_each_record_once(
    kind: str, con: Connection, tmp_path: Path
) -> None:
    for name, span in (("a", range(1, 31)), ("b", range(20, 61)), ("c", range(10, 71))):
        content = (
            write_evt(None, [event(n) for n in span])
            if kind == "evt"
            else write_evtx([evtx_event(n) for n in span], channel="System")
        )
        (tmp_path / f"{name}.{kind}").write_bytes(content)
    for name in "abc":
        run(con, tmp_path / f"{name}.{kind}")
    numbers = ask(con, "SELECT record FROM windows_event ORDER BY record")
    assert [row["record"] for row in numbers] == list(range(1, 71))
    assert [(s["rows"], s["duplicates"]) for s in ask(con, "FROM source ORDER BY source_id")] == [
        (30, 0), (30, 11), (10, 51),
    ]  # fmt: skip


# Books


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


# One file, one transaction


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


# What is no log, or no file


def test_what_is_no_log_is_listed_with_what_it_is(con: Connection, tmp_path: Path) -> None:
    files = {
        "picture.log": (b"\x89PNG\r\n\x1a\n" + bytes(60), "a picture"),
        "bundle.rar": (b"Rar!\x1a\x07\x00" + bytes(60), "unpack it"),
        "letter.txt": (b"Dear all,\nthe mail is late.\n", "no known log format"),
        "empty.log": (b"", "empty file"),
        "zeros.evt": (bytes(4096), "no known log format"),
        "hostile.log": (b"\x1b[2J\x1b]0;owned\x07", "no known log format"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    sources = {Path(source.path).name: source for source in run(con, tmp_path)}
    for name, (_, note) in files.items():
        assert sources[name].status == "unknown"
        assert note in (sources[name].note or "")
        assert (sources[name].note or "").isprintable()
    assert counts(con)["sources"] == len(files)


def test_extensions_are_not_believed(con: Connection, tmp_path: Path) -> None:
    for number, name in enumerate(["a.evtx", "b.log.gz", "c.log.zst", "d.parquet", "e.csv", "f"]):
        (tmp_path / name).write_text(HEADER + w3c(2, first=10 * number))
    (tmp_path / "really.txt").write_bytes(gzip.compress((TRACKING + tracking(2)).encode()))
    sources = run(con, tmp_path)
    assert statuses(sources) == ["loaded"] * 7
    assert (counts(con)["smtp"], counts(con)["tracking"]) == (12, 4)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_links_are_listed_and_never_followed_in_circles(con: Connection, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "inner").mkdir(parents=True)
    (logs / "inner" / "a.log").write_text(HEADER + w3c(2))
    (logs / "inner" / "up").symlink_to(logs, target_is_directory=True)
    (logs / "nothing.log").symlink_to(tmp_path / "missing")
    (logs / "self").symlink_to(logs / "self")
    (logs / "to a.log").symlink_to(logs / "inner" / "a.log")
    found = {Path(source.path).name: source for source in run(con, logs)}
    assert sorted(found) == ["a.log", "nothing.log", "self", "to a.log", "up"]
    assert found["nothing.log"].note == "a link to nothing: not read"
    assert found["up"].status == found["self"].status == "failed"
    assert {found["a.log"].status, found["to a.log"].status} == {"loaded", "duplicate"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such files on Windows")
def test_a_pipe_is_listed_and_not_waited_for(con: Connection, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    signal.alarm(20)
    (source,) = run(con, tmp_path)
    (again,) = run(con, tmp_path / "pipe.log")
    signal.alarm(0)
    assert (source.status, source.note) == ("failed", "not a regular file: not read")
    assert again.source_id == source.source_id


NAMES = ["a[1]*.log", "what?.log", "it's.log", "a{1,2}.log", "~.log", "%s $1.log", "ü 漢.log", "-x"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_only_a_name(name: str, con: Connection, tmp_path: Path) -> None:
    try:
        (tmp_path / name).write_text(HEADER + w3c(2))
    except OSError:
        pytest.skip("this system does not allow such a name")
    (tmp_path / "a1x.log").write_text(HEADER + w3c(3, first=10))
    sources = run(con, tmp_path)
    assert [(Path(s.path).name, s.rows) for s in sources] == [(name, 2), ("a1x.log", 3)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_names_that_are_not_utf8_are_read_and_shown_with_escapes(
    con: Connection, tmp_path: Path
) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9\n"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    Path(os.fsdecode(folder + b"/ex\xff.log")).write_text(HEADER + w3c(2))
    (source,) = run(con, Path(os.fsdecode(folder)))
    assert (source.status, source.rows) == ("loaded", 2)
    assert source.path.endswith("caf\\udce9\n/ex\\udcff.log")
    run(con, Path(os.fsdecode(folder)))
    assert counts(con)["sources"] == 1


def test_an_input_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LogpipeError, match="no such file or folder"):
        find_files([tmp_path / "missing"])
    with pytest.raises(LogpipeError, match="too long"):
        find_files([tmp_path / ("x" * 5000)])


def test_a_file_named_twice_is_offered_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x")
    assert len(find_files([tmp_path, tmp_path / "a.log", tmp_path / "." / "a.log"])) == 1


# Wrapped files


def test_what_a_damaged_gzip_still_gives_is_read_and_the_loss_said(
    con: Connection, tmp_path: Path
) -> None:
    whole = HEADER + w3c(3000)
    packed = gzip.compress(whole.encode())
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    (cut,) = run(con, tmp_path)
    assert cut.status == "partial"
    assert "gzip damaged" in (cut.note or "")
    assert 0 < cut.rows < 3000
    (tmp_path / "whole.gz").write_bytes(packed)
    run(con, tmp_path)
    assert counts(con)["smtp"] == 3000
    (tmp_path / "tail.gz").write_bytes(
        gzip.compress((HEADER + w3c(2, host="X")).encode()) + b"tail"
    )
    (tail,) = run(con, tmp_path / "tail.gz")
    assert (tail.rows, tail.status) == (2, "partial")
    (tmp_path / "head.gz").write_bytes(packed[:12])
    (head,) = run(con, tmp_path / "head.gz")
    assert head.status == "failed"


def test_a_bomb_is_refused(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives.bounds, "FREE", 1 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(64 << 20)))
    (source,) = run(con, tmp_path)
    assert source.status == "failed"
    assert "refused as a bomb" in (source.note or "")


# Hosts


def test_a_log_that_names_no_host_gets_the_only_one_of_its_folder(
    con: Connection, tmp_path: Path
) -> None:
    nameless = (
        "#Fields: time c-ip cs-method sc-status\n#Date: 2007-09-03 05:00:00\n"
        "05:00:01 192.0.2.1 EHLO 250\n"
    )
    for folder, hosts in (("one", ["GW1", "gw1.corp.example"]), ("two", ["GW1", "GW2"])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "nameless.log").write_text(nameless + "\n" * len(folder + hosts[1]))
        for n, host in enumerate(hosts):
            (tmp_path / folder / f"{n}.log").write_text(HEADER + w3c(2, first=100 * n, host=host))
    run(con, tmp_path)
    found = ask(con, "SELECT path, host, host_known_by FROM source WHERE path LIKE '%nameless%'")
    told = {Path(row["path"]).parent.name: (row["host"], row["host_known_by"]) for row in found}
    assert told["two"] == (None, None)
    assert told["one"] == ("GW1", "neighbours")
