"""Exports of NT 4's Performance Monitor: dates of several locales, header rows, damage."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.nt4_perfmon import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store
from samples.writers.nt4_perfmon import write

TOP = ["Reported on \\\\MTA1", "Date: 3/9/98", "Time: 1:00:00 PM", "Data: log", "Interval: 1 s", ""]
NAMES = [
    ",,Private Bytes,Pages/sec,",
    ",,store,,",
    ",,,,",
    ",,Process,Memory,",
    ",,\\\\MTA1,\\\\MTA1,",
]


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        yield con


def load(con: Connection, path: Path) -> Source:
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.records == source.rows + source.duplicates + source.rejects, source.note
    return source


def export(con: Connection, folder: Path, *rows: str) -> Source:
    path = folder / "chart.csv"
    path.write_text("\r\n".join([*TOP, *NAMES, *rows, ""]), newline="")
    return load(con, path)


def ask(con: Connection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def moments(con: Connection) -> list[str]:
    return [
        str(ts) for _, ts in ask(con, "SELECT DISTINCT record, ts FROM counter_sample ORDER BY 1")
    ]


def test_american_and_german_exports_give_the_same_values(con: Connection, tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("store.csv", "store.tsv"):
        source = load(con, tmp_path / name)
        assert (source.format, source.rows, source.status) == ("nt4_perfmon", 8, "loaded")
        assert (source.host, source.zone) == ("EXCH50", None)
    assert ask(con, "SELECT path FROM counter ORDER BY counter_id") == [
        (r"\\EXCH50\Process(store)\Private Bytes",),
        (r"\\EXCH50\Process(emsmta)\Private Bytes",),
        (r"\\EXCH50\Thread(store/0)\% Processor Time",),
        (r"\\EXCH50\Memory\Available Bytes",),
    ]
    columns = "record, ts, local_ts, counter_id, value"
    first, second = (
        ask(con, f"SELECT {columns} FROM counter_sample WHERE source_id = {n} ORDER BY ALL")
        for n in (1, 2)
    )
    assert first == second
    assert [str(cell) for cell in first[0][1:3]] == ["1998-03-09 23:30:00"] * 2


@pytest.mark.parametrize(
    ("rows", "moment"),
    [
        (["3/9/98,12:05:07 AM,1,2", "3/31/98,1:05:07 PM,1,2"], "1998-03-09 00:05:07"),
        (["9/3/98,12:05:07 PM,1,2", "31/3/98,13:05:07,1,2"], "1998-03-09 12:05:07"),
        (["09.03.1998,00.05.07,1,2", "31.03.1998,13.05.07,1,2"], "1998-03-09 00:05:07"),
        (["1998-03-09,0:05:07.250,1,2"], "1998-03-09 00:05:07.250000"),
    ],
)
def test_dates_are_read_in_the_order_that_the_file_itself_proves(
    rows: list[str], moment: str, con: Connection, tmp_path: Path
) -> None:
    assert export(con, tmp_path, *rows).rejects == 0
    assert moments(con)[0] == moment


def test_dates_that_prove_no_order_are_said_to_be_a_guess(con: Connection, tmp_path: Path) -> None:
    source = export(con, tmp_path, "3/9/98,1:00:00 AM,1,2")
    assert "taken for month/day/year" in (source.note or "")
    assert moments(con) == ["1998-03-09 01:00:00"]


def test_short_rows_and_rows_without_time_are_refused(con: Connection, tmp_path: Path) -> None:
    rows = [
        "3/29/98,1:00:00 AM,1,2,,",
        "3/29/98,1:00:01 AM,1",
        "end of log",
        "",
        "3/29/98,1:00:02 AM,,x",
    ]
    source = export(con, tmp_path, *rows)
    assert (source.records, source.rows) == (4, 2)
    assert ask(con, "SELECT record, reason FROM reject ORDER BY 1") == [
        (13, "2 cells, 3 in the header line"), (14, "no readable date and time"),
    ]  # fmt: skip
    assert ask(con, "SELECT value, text FROM counter_sample WHERE record = 16") == [(None, "x")]


def test_a_line_of_one_control_character_is_a_record(con: Connection, tmp_path: Path) -> None:
    source = export(con, tmp_path, "\x0c", "3/9/98,1:00:00 AM,1,2", "\x1d", " \t")
    assert (source.records, source.rows, source.rejects) == (3, 1, 2)


def test_an_export_without_computers_is_unreadable(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "chart.csv"
    for computers in ("", "\\\\MTA1,,", "x,\\\\MTA1"):
        path.write_text("\n".join([*TOP, *NAMES[:4], computers, "3/9/98,1:00:00 AM,1,2"]))
        source = load(con, path)
        assert (source.status, "no row of computers" in (source.note or "")) == ("failed", True)


def test_other_texts_are_not_claimed() -> None:
    assert FORMAT.sniff("\r\n".join(TOP).encode())
    assert not FORMAT.sniff(b"Reported on Monday\n")
    assert not FORMAT.sniff(b"Date: 3/9/98\n")


def test_damaged_exports_keep_their_books(con: Connection, tmp_path: Path) -> None:
    write(tmp_path)
    whole = (tmp_path / "store.csv").read_bytes()
    seeded = random.Random(7)  # noqa: S311 - damage, no secret
    path = tmp_path / "hurt.csv"
    for _ in range(60):
        hurt = bytearray(whole)
        for _ in range(seeded.randrange(1, 6)):
            at = seeded.randrange(30, len(hurt))
            piece = seeded.choice([b"\0", b"\n", b'"', b",", b"\xff", b"\r", b"9" * 400, b""])
            hurt[at : at + seeded.choice([0, 1, 40])] = piece
        path.write_bytes(hurt[: seeded.randrange(80, len(hurt))])
        for table in ("source", "counter_sample", "reject"):
            con.execute(f"DELETE FROM {table}")
        assert load(con, path).status in {"loaded", "partial", "failed"}
