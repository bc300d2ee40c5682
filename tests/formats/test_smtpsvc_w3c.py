"""SMTPSVC W3C logs: header blocks, days, rows of every kind, and what must not be claimed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.smtpsvc_w3c import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

FULL = (
    "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem "
    "cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken "  # ends with a space
)
DEFAULT = "time c-ip cs-method cs-uri-stem sc-status"
SITE = "SMTPSVC1 GW1 192.0.2.1 0"
IN = f"2007-09-03 05:00:15 192.0.2.10 pc1 {SITE}"
OUT = "2007-09-03 05:00:17 203.0.113.25 OutboundConnection{} SMTPSVC1 GW1 - 25"
SESSION = [
    f"{IN} EHLO - +pc1 250 0 275 8 0",
    f"{IN} MAIL - +FROM:<Alice@corp.example> 250 0 44 31 0",
    f"{IN} RCPT - +TO:<bob@partner.example> 250 0 35 32 0",
    f"{IN} xxxx - - 500 0 35 32 0",
    f"{IN} DATA - <GW1aBcDeFgHiJkL00001e05@gw1.corp.example> 250 0 132 2413 531",
    f"{IN} QUIT - pc1 240 1015 68 4 0",
    f"{OUT.format('Response')} - - 220+mx.partner.example+ESMTP 0 0 28 0 31",
    f"{OUT.format('Command')} EHLO - gw1.corp.example 0 0 4 0 31",
    f"{OUT.format('Command')} MAIL - FROM:<> 0 0 4 0 62",
    f"{OUT.format('Response')} - - 451+4.7.1+Greylisted 0 0 19 0 62",
]


def utc(year: int, month: int, day: int, *clock: int) -> datetime:
    """A time as the store gives it."""
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC).replace(tzinfo=None)


def header(fields: str = FULL, date: str = "2007-09-03 05:00:15") -> list[str]:
    return [
        "#Software: Microsoft Internet Information Services 6.0",
        "#Version: 1.0",
        f"#Date: {date}",
        f"#Fields: {fields}",
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("w3c") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "header_block", "smtp_event"):
        store.execute(f"DELETE FROM {table}")
    return store


def load(con: Connection, folder: Path, lines: list[str], *, end: str = "\r\n") -> Source:
    path = folder / "ex070903.log"
    path.write_bytes((end.join(lines) + end).encode())
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "smtpsvc_w3c", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM smtp_event ORDER BY record").fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


def test_inbound_and_outbound_rows_are_told_apart_and_read(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, header() + SESSION)
    assert (source.status, source.records, source.rows, source.host) == ("loaded", 10, 10, "GW1")
    assert source.generation == "Microsoft Internet Information Services 6.0"
    assert source.first_ts == utc(2007, 9, 3, 5, 0, 15)
    assert rows(con, "record, direction, kind, verb, peer_name, address, reply_code, enhanced") == [
        (5, "in", "command", "EHLO", "pc1", None, 250, None),
        (6, "in", "command", "MAIL", "pc1", "alice@corp.example", 250, None),
        (7, "in", "command", "RCPT", "pc1", "bob@partner.example", 250, None),
        (8, "in", "mark", "XXXX", "pc1", None, 500, None),
        (9, "in", "command", "DATA", "pc1", None, 250, None),
        (10, "in", "command", "QUIT", "pc1", None, 240, None),
        (11, "out", "reply", None, None, None, 220, None),
        (12, "out", "command", "EHLO", None, None, None, None),
        (13, "out", "command", "MAIL", None, "<>", None, None),
        (14, "out", "reply", None, None, None, 451, "4.7.1"),
    ]
    data = ask(con, "SELECT * FROM smtp_event WHERE verb = 'DATA'")[0]
    assert data["message_id"] == "GW1aBcDeFgHiJkL00001e05@gw1.corp.example"
    assert (data["bytes_in"], data["bytes_out"], data["duration_ms"]) == (2413, 132, 531)
    assert (data["host"], data["site"], data["peer"]) == ("GW1", "SMTPSVC1", "192.0.2.10")
    assert (data["local_ip"], data["local_port"], data["extra"]) == ("192.0.2.1", 0, None)
    assert rows(con, "win32")[5] == (1015,)


def test_without_a_date_column_the_day_comes_from_the_header_and_rolls_at_midnight(
    con: Connection, tmp_path: Path
) -> None:
    times = ["22:00:00", "23:59:58", "00:00:03", "00:00:01", "12:00:00", "11:59:59", "00:10:00"]
    load(
        con,
        tmp_path,
        header(DEFAULT, "2007-09-30 22:00:00")
        + [f"{time} 192.0.2.10 EHLO - 250" for time in times],
    )
    assert [f"{ts:%m-%d %H:%M:%S}" for (ts,) in rows(con, "ts")] == [
        "09-30 22:00:00",
        "09-30 23:59:58",
        "10-01 00:00:03",
        "10-01 00:00:01",  # two seconds back are disorder, no new day
        "10-01 12:00:00",
        "10-01 11:59:59",
        "10-02 00:10:00",
    ]


def test_a_late_row_after_midnight_does_not_make_two_days_of_one(
    con: Connection, tmp_path: Path
) -> None:
    times = ["23:59:58", "00:00:01", "23:59:59", "00:00:02", "06:00:00"]
    load(
        con,
        tmp_path,
        header(DEFAULT, "2007-09-03 23:59:50")
        + [f"{time} 192.0.2.10 EHLO - 250" for time in times],
    )
    assert [ts.day for (ts,) in rows(con, "ts")] == [3, 4, 3, 4, 4]


def test_midnight_between_the_header_and_its_first_row_counts(
    con: Connection, tmp_path: Path
) -> None:
    load(
        con,
        tmp_path,
        [*header(DEFAULT, "2007-09-03 23:59:58"), "00:00:02 192.0.2.10 EHLO - 250"],
    )
    assert rows(con, "ts") == [(utc(2007, 9, 4, 0, 0, 2),)]


def test_each_header_block_starts_its_own_day_and_is_written_down(
    con: Connection, tmp_path: Path
) -> None:
    row = "05:00:15 192.0.2.10 EHLO - 250"
    load(
        con,
        tmp_path,
        [*header(DEFAULT), row, *header(DEFAULT, "2007-09-07 04:00:00"), row, row],
    )
    assert rows(con, "record, ts") == [
        (5, utc(2007, 9, 3, 5, 0, 15)),
        (10, utc(2007, 9, 7, 5, 0, 15)),
        (11, utc(2007, 9, 7, 5, 0, 15)),
    ]
    assert con.execute("SELECT record, ts FROM header_block ORDER BY record").fetchall() == [
        (1, utc(2007, 9, 3, 5, 0, 15)),
        (6, utc(2007, 9, 7, 4, 0)),
    ]


def test_a_field_list_that_changes_in_mid_file_governs_what_follows(
    con: Connection, tmp_path: Path
) -> None:
    lines = [*header(), SESSION[0], *header(DEFAULT), "06:00:00 192.0.2.77 HELO - 250"]
    load(con, tmp_path, [*lines, *header(), SESSION[1]])
    assert rows(con, "record, peer, verb") == [
        (5, "192.0.2.10", "EHLO"),
        (10, "192.0.2.77", "HELO"),
        (15, "192.0.2.10", "MAIL"),
    ]


def test_a_header_block_without_fields_keeps_those_before_it(
    con: Connection, tmp_path: Path
) -> None:
    block = ["#Software: Microsoft Internet Information Services 6.0", "#Date: 2007-09-04 01:00:00"]
    load(con, tmp_path, [*header(DEFAULT), "05:00:15 192.0.2.1 HELO - 250", *block,
                         "06:00:00 192.0.2.2 HELO - 250"])  # fmt: skip
    assert rows(con, "record, ts, peer")[1] == (8, utc(2007, 9, 4, 6), "192.0.2.2")


def test_with_neither_date_nor_time_the_header_gives_the_moment(
    con: Connection, tmp_path: Path
) -> None:
    load(con, tmp_path, [*header("c-ip cs-method sc-status"), "192.0.2.10 EHLO 250"])
    assert rows(con, "ts, verb") == [(utc(2007, 9, 3), "EHLO")]


def test_a_copy_without_header_is_read_with_the_full_field_set(
    con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, [f"{row} SMTP - - - -" for row in SESSION])
    assert (source.rows, source.rejects) == (10, 0)
    assert source.note is not None
    assert "the full field set is assumed" in source.note
    assert rows(con, "record, verb")[0] == (1, "EHLO")


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_lines_are_counted_as_an_editor_counts_them(
    end: str, con: Connection, tmp_path: Path
) -> None:
    lines = ["", *header(), "", SESSION[0], "", "", *header(), SESSION[1], ""]
    source = load(con, tmp_path, lines, end=end)
    assert source.records == 2
    assert rows(con, "record") == [(7,), (14,)]


def test_a_half_written_last_line_is_refused_with_its_number(
    con: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "ex.log"
    path.write_text("\n".join([*header(), *SESSION])[:-30])
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert (source.records, source.rows, source.rejects, source.status) == (10, 9, 1, "partial")
    assert rejects(con) == [(14, "cut short: 11 of 16 fields")]


def test_surplus_values_are_kept_and_rows_without_time_refused(
    con: Connection, tmp_path: Path
) -> None:
    lines = [*header(), SESSION[0] + " more", SESSION[0].replace("05:00:15", "five"), "text", "   "]
    source = load(con, tmp_path, lines)
    assert (source.records, source.rows, source.rejects) == (4, 1, 3)
    assert rows(con, "extra['+1']") == [("more",)]
    assert rejects(con) == [
        (6, "no readable date and time"),
        (7, "cut short: 1 of 16 fields"),
        (8, "cut short: 1 of 16 fields"),
    ]


def test_field_names_that_repeat_keep_all_their_values(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [*header(f"{DEFAULT} x x"), "05:00:15 192.0.2.10 EHLO - 250 one two"])
    assert rows(con, "extra") == [({"x": "one", "x (field 7)": "two"},)]


WEB = (
    "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status"
)
CLAIMS = {
    "web": (WEB, "2007-09-03 05:00:15 W3SVC1 192.0.2.1 GET /MAIL - 80 - 192.0.2.9 200", False),
    "web user called MAIL": (
        WEB,
        "2007-09-03 05:00:15 W3SVC1 192.0.2.1 POST /x DATA 80 MAIL 192.0.2.9 200",
        False,
    ),
    "web, default fields": (DEFAULT, "05:00:15 192.0.2.9 GET /index.html 200", False),
    "WebDAV search for mail": (DEFAULT, "05:00:15 192.0.2.9 SEARCH /exchange/MAIL/ 207", False),
    "FTP": (DEFAULT, "05:00:15 192.0.2.9 QUIT - 221", False),
    "FTP with site": (
        WEB,
        "2007-09-03 05:00:15 FTPSVC2 192.0.2.1 USER bob - 21 - 192.0.2.9 331",
        0,
    ),
    "mail, default fields": (DEFAULT, "05:00:15 192.0.2.9 RCPT - 250", True),
    "mail, a probe only": (DEFAULT, "05:00:15 192.0.2.9 QUIT - 240", True),
    "mail, no verbs": ("time c-ip cs-uri-query", "05:00:15 192.0.2.9 +FROM:<a@b.example>", True),
    "mail, outbound": (
        "time cs-username cs-method",
        "05:00:15 OutboundConnectionCommand RCPT",
        True,
    ),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_only_the_smtp_service_is_claimed(kind: str) -> None:
    fields, row, claimed = CLAIMS[kind]
    assert FORMAT.sniff("\r\n".join([*header(fields), row, row, ""]).encode()) == claimed


def test_a_header_alone_is_claimed_unless_it_is_the_web_services() -> None:
    assert FORMAT.sniff("\r\n".join(header()).encode())
    assert not FORMAT.sniff("\r\n".join(header(f"{WEB} sc-substatus")).encode())
    assert not FORMAT.sniff(b"#Software: Microsoft Exchange Server\n#Fields: date-time,c-ip\n")


def test_the_site_decides_even_where_verbs_are_common(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [*header(), SESSION[5]])
    assert source.rows == 1
