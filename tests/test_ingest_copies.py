"""Ingest: each record is in once, whatever copy of it comes."""

import gzip
from pathlib import Path

import pytest

from logpipe.store import Connection, ask
from samples.generator.evt import write_evt
from samples.generator.evtx import write_evtx
from tests.ingested import (
    HEADER,
    TABLES,
    TRACKING,
    counts,
    event,
    everything,
    evtx_event,
    run,
    tracking,
    w3c,
)


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
