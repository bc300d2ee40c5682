"""SMTP logs of the Internet Mail Service: who speaks, local times, text of no known shape."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.ims_log import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store

SAMPLE = Path(__file__).parents[2] / "samples" / "inputs" / "ims_log" / "L0000001.LOG"


def row(said: str, time: str = "9/14/99 5:00:15 AM") -> str:
    return f"{time} : {said}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("ims") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "smtp_event"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, folder: Path, lines: list[str]) -> Source:
    path = folder / "L0000001.LOG"
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "ims_log", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM smtp_event ORDER BY record").fetchall()


def test_who_speaks_tells_the_direction(con: Connection, tmp_path: Path) -> None:
    load(
        con,
        tmp_path,
        [
            row("<<< EHLO pc1.example"),
            row(">>> 250-srv1.example"),
            row("<<< 452 4.3.1 later"),
            row(">>> rcpt TO:<Bob@x.example>"),
            row("<<< 354"),
        ],
    )
    assert rows(con, "direction, kind, verb, argument, address, reply_code, peer_name") == [
        ("in", "command", "EHLO", "pc1.example", None, None, "pc1.example"),
        ("in", "reply", None, "250-srv1.example", None, 250, None),
        ("out", "reply", None, "452 4.3.1 later", None, 452, None),
        ("out", "command", "RCPT", "TO:<Bob@x.example>", "bob@x.example", None, None),
        ("out", "reply", None, "354", None, 354, None),
    ]
    assert rows(con, "enhanced")[2] == ("4.3.1",)


def test_text_of_no_known_shape_is_a_mark(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [row("<<< QUIT"), row("<<< Dear Bob,"), row("connected"), row("")])
    assert rows(con, "kind, direction, argument, extra")[1:] == [
        ("mark", None, "Dear Bob,", {"arrow": "<<<"}),
        ("mark", None, "connected", None),
        ("mark", None, None, None),
    ]


def test_times_are_local_with_and_without_halves_of_the_day(
    con: Connection, tmp_path: Path
) -> None:
    times = ["9/14/99 12:00:00 AM", "9/14/99 12:30:00 PM", "9/14/99 1:00:00 PM", "9/14/99 23:59:59"]
    source = load(con, tmp_path, [row("<<< NOOP", time) for time in times])
    assert source.zone is None
    assert [str(ts)[11:] for (ts,) in rows(con, "local_ts")] == [
        "00:00:00", "12:30:00", "13:00:00", "23:59:59",
    ]  # fmt: skip


def test_a_line_without_a_time_is_refused(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [row("<<< QUIT"), "text", row("<<< QUIT", "9/31/99 5:00:15 AM")])
    assert (source.rows, source.rejects) == (1, 2)


def test_other_texts_are_not_claimed() -> None:
    assert FORMAT.sniff(SAMPLE.read_bytes())
    assert not FORMAT.sniff(row("started").encode())
    assert not FORMAT.sniff(row("<<< merged").encode())
    assert not FORMAT.sniff(b"<<<<<<< HEAD\nMAIL\n>>>>>>> branch\n")
