"""SMTP service logs in Microsoft IIS format: the order of dates, commas, whose lines they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.smtpsvc_iis import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store

SAMPLES = Path(__file__).parents[2] / "samples" / "inputs" / "smtpsvc_iis"


def row(
    day: str = "9/14/07", time: str = "5:00:15", user: str = "pc1", rest: str = "EHLO, -, +pc1,"
) -> str:
    return (
        f"192.0.2.10, {user}, {day}, {time}, SMTPSVC1, GW1, 192.0.2.1, 16, 8, 275, 250, 0, {rest}"
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("iis") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "smtp_event"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, folder: Path, lines: list[str]) -> Source:
    path = folder / "in070914.log"
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "smtpsvc_iis", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM smtp_event ORDER BY record").fetchall()


def test_every_field_is_read_and_the_time_stays_local(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [row()])
    assert (source.host, source.zone, source.rows) == ("GW1", None, 1)
    assert rows(
        con,
        "ts::VARCHAR, local_ts::VARCHAR, host, site, direction, kind, peer, peer_name, verb,"
        "argument, reply_code, win32, bytes_in, bytes_out, duration_ms, local_ip, extra",
    ) == [
        ("2007-09-14 05:00:15", "2007-09-14 05:00:15", "GW1", "SMTPSVC1", "in", "command",
         "192.0.2.10", "pc1", "EHLO", "+pc1", 250, 0, 8, 275, 16, "192.0.2.1", None),
    ]  # fmt: skip


def test_outbound_rows_name_themselves(con: Connection, tmp_path: Path) -> None:
    reply = row(user="OutboundConnectionResponse", rest="-, -, 452+4.3.1+later,")
    load(con, tmp_path, [row(), reply, row(user="OutboundConnectionCommand")])
    assert rows(con, "direction, kind, verb, peer_name, reply_code, enhanced") == [
        ("in", "command", "EHLO", "pc1", 250, None),
        ("out", "reply", None, None, 452, "4.3.1"),
        ("out", "command", "EHLO", None, None, None),
    ]
    assert rows(con, "extra['status']")[1:] == [("250",), ("250",)]


def test_commas_in_names_and_arguments_move_no_field(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [row(user="a, b,c", rest="MAIL, -, +FROM:<x,y@z.example>,")])
    assert rows(con, "peer_name, host, verb, address") == [
        ("a, b,c", "GW1", "MAIL", "x,y@z.example")
    ]


DATES = {
    "month first": (["9/14/07", "9/15/07"], "2007-09-14", None),
    "day first": (["14/9/07", "15/9/07"], "2007-09-14", None),
    "a later line decides": (["3/9/07", "13/9/07"], "2007-09-03", None),
    "four digits": (["14/9/2007"], "2007-09-14", None),
    "dots": (["3.9.07"], "2007-09-03", None),
    "dashes": (["3-9-2007"], "2007-09-03", None),
    "year first": (["2007/09/03", "2007/09/04"], "2007-09-03", None),
    "short year first": (["98-09-03"], "1998-09-03", None),
    "the last century": (["9/14/99"], "1999-09-14", None),
    "days in a row": (["3/9/07", "4/9/07"], "2007-09-03", "order of the lines: dmy"),
    "lines that go back": (["12/1/07", "1/2/08"], "2007-12-01", "order of the lines: mdy"),
    "nothing tells": (["3/9/07"], "2007-03-09", "is a guess: month first"),
}


@pytest.mark.parametrize("case", DATES)
def test_the_order_of_the_date_is_told_by_the_file(
    case: str, con: Connection, tmp_path: Path
) -> None:
    days, first, note = DATES[case]
    source = load(con, tmp_path, [row(day) for day in days])
    assert rows(con, "CAST(ts AS DATE)::VARCHAR")[0] == (first,)
    assert (note in (source.note or "")) if note else source.note is None


def test_a_date_of_the_other_order_is_refused(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [row("14/9/07"), row("15/9/07"), row("9/14/07")])
    assert (source.rows, source.rejects) == (2, 1)
    assert "more than one order" in (source.note or "")


def test_cut_and_foreign_lines_are_refused(con: Connection, tmp_path: Path) -> None:
    web = row().replace("SMTPSVC1", "W3SVC1")
    source = load(con, tmp_path, [row(), web, row()[:50], "text", "", row("14/14/07")])
    assert (source.records, source.rows) == (5, 1)
    assert con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall() == [
        (2, "no SMTPSVC site in its place"),
        (3, "cut short: 7 of 15 fields"),
        (4, "cut short: 1 of 15 fields"),
        (6, "no readable date and time"),
    ]


def test_numbers_that_are_none_are_kept(con: Connection, tmp_path: Path) -> None:
    odd = row().replace(" 275,", " many,").replace("GW1", "gw1.corp.example")
    load(con, tmp_path, [row(), odd.replace(" -, +pc1", " /x, +pc1")])
    assert rows(con, "host, bytes_out, extra")[1] == (
        "GW1", None, {"bytes sent": "many", "server": "gw1.corp.example", "target": "/x"},
    )  # fmt: skip


@pytest.mark.parametrize("site", ["W3SVC1", "MSFTPSVC1", "NNTPSVC1"])
def test_other_services_are_not_claimed(site: str) -> None:
    assert all(FORMAT.sniff(path.read_bytes()) for path in SAMPLES.iterdir())
    assert not FORMAT.sniff(row().replace("SMTPSVC1", site).encode())
    assert not FORMAT.sniff(b"date, user, SMTPSVC1, 5:00:15\n")
