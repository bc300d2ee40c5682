"""Ingest: what is no log, odd names, wrapped files, and logs that name no host."""

import gzip
import os
import signal
import sys
from pathlib import Path

import duckdb
import pytest

from logpipe import archives, ingest
from logpipe.errors import LogpipeError
from logpipe.offers import find_files
from logpipe.store import Connection, ask
from tests.ingested import (
    HEADER,
    TRACKING,
    counts,
    run,
    statuses,
    tracking,
    w3c,
)

VERSIONS = '"FileName","FileVersion"\n"C:\\inetsrv\\aqueue.dll","6.0.3790.3959"\n'


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


def test_a_date_beyond_all_times_costs_its_line_and_no_more(
    con: Connection, tmp_path: Path
) -> None:
    rows = w3c(2) + "294248-01-10 04:00:54 192.0.2.10 pc1 GW1 RCPT +TO:<bob@x.example> 250\n"
    (tmp_path / "far.log").write_text(HEADER + rows)
    (source,) = run(con, tmp_path)
    assert (source.status, source.rows, source.rejects) == ("partial", 2, 1)


def test_a_value_that_no_table_takes_is_the_fault_of_its_file_alone(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise duckdb.OutOfRangeException("too far")

    (tmp_path / "a.log").write_text(HEADER + w3c(2))
    (tmp_path / "b.log").write_text(TRACKING + tracking(4))
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "count_books", fails)
        sources = run(con, tmp_path)
    assert statuses(sources) == ["failed", "failed"]
    assert "please report it (too far)" in (sources[0].note or "")
    assert counts(con)["smtp"] == 0


def test_an_inventory_that_is_alike_on_two_hosts_is_of_both(
    con: Connection, tmp_path: Path
) -> None:
    for host in ("GWA", "GWB"):
        (tmp_path / host).mkdir()
        (tmp_path / host / "ex.log").write_text(HEADER + w3c(3, host=host))
        (tmp_path / host / "versions.csv").write_text(VERSIONS)
    (tmp_path / "GWB" / "copy.csv").write_text(VERSIONS)
    run(con, tmp_path)
    sql = "SELECT host, status, rows FROM source WHERE format = 'file_version' ORDER BY ALL"
    assert con.execute(sql).fetchall() == [
        ("GWA", "loaded", 1), ("GWB", "duplicate", 0), ("GWB", "loaded", 1),
    ]  # fmt: skip
    assert statuses(run(con, tmp_path)) == ["known"] * 5
    con.execute("DELETE FROM file_version")


def test_a_field_list_without_end_takes_no_time(con: Connection, tmp_path: Path) -> None:
    names = " ".join(f"f{number}" for number in range(30_000))
    row = "2007-09-03 05:00:00" + " x" * 29_999
    (tmp_path / "wide.log").write_text(f"{HEADER.strip()} {names}\n{row}\n")
    (source,) = run(con, tmp_path)
    assert source.records == 1


def test_a_line_of_thousands_of_values_keeps_them_all(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "long.log").write_text(HEADER + w3c(1).strip() + " x" * 20_000 + "\n")
    (source,) = run(con, tmp_path)
    ((extra,),) = con.execute("SELECT extra FROM smtp_event").fetchall()
    assert (source.rows, len(extra), extra["+1"]) == (1, 100, "x")
    assert extra["+100"].split("\t") == ["x"] * (20_000 - 99)
