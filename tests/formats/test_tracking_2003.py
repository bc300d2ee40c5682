"""Tracking of Exchange 2000/2003: columns, times in two forms, code pages, headers in mid-file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.tracking_2003 import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

COLUMNS = (
    "Date Time client-ip Client-hostname Partner-Name Server-hostname server-IP Recipient-Address "
    "Event-ID MSGID Priority Recipient-Report-Status total-bytes Number-Recipients "
    "Origination-Time Encryption service-Version Linked-MSGID Message-Subject Sender-Address"
).split()
HEADER = [
    "# Message Tracking Log File",
    "# Exchange System Attendant Version 6.5.7638.1",
    "# " + "\t".join(COLUMNS),
]
PLAIN = {
    "Date": "2007-9-3",
    "Time": "0:0:5 GMT",
    "client-ip": "192.0.2.10",
    "Client-hostname": "PC1",
    "Server-hostname": "MAIL01",
    "server-IP": "192.0.2.1",
    "Recipient-Address": "Bob@partner.example",
    "Event-ID": "1019",
    "MSGID": "MAIL01aBcDeFgHiJkL0000004b@mail01.corp.example",
    "Priority": "0",
    "Recipient-Report-Status": "0",
    "total-bytes": "3552",
    "Number-Recipients": "2",
    "Origination-Time": "2007-9-3 0:0:4 GMT",
    "Encryption": "0",
    "service-Version": "Version: 6.0.3790.3959",
    "Message-Subject": "Offer",
    "Sender-Address": "Alice@corp.example",
}


def row(**changed: str) -> str:
    """A line with these values and the 21st that real lines have; - in names is given as _."""
    values = PLAIN | {name.replace("_", "-"): value for name, value in changed.items()}
    return "\t".join([*(values.get(name, "-") for name in COLUMNS), "-"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("t2003") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "tracking_event"):
        store.execute(f"DELETE FROM {table}")
    return store


def load(
    con: Connection, folder: Path, lines: list[str], *, end: str = "\r\n", encoding: str = "utf-8"
) -> Source:
    path = folder / "20070903.log"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "tracking_2003", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(f"SELECT {columns} FROM tracking_event ORDER BY record").fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_every_column_is_read_and_the_21st_value_does_no_harm(
    end: str, con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, [*HEADER, row()], end=end)
    assert source.generation == "Exchange 2003 (6.5.7638.1)"
    assert (source.rows, source.status, source.host) == (1, "loaded", "MAIL01")
    (event,) = ask(con, "SELECT * FROM tracking_event")
    assert event["record"] == 4
    assert event["ts"].isoformat() == "2007-09-03T00:00:05"
    assert event["origin_ts"].isoformat() == "2007-09-03T00:00:04"
    assert (event["event"], event["class"], event["host"]) == ("1019", "enter", "MAIL01")
    assert event["message_id"] == "MAIL01aBcDeFgHiJkL0000004b@mail01.corp.example"
    assert (event["sender"], event["recipient"]) == ("alice@corp.example", "bob@partner.example")
    assert (event["recipients"], event["bytes"], event["status"]) == (2, 3552, "0")
    assert (event["version"], event["partner"], event["linked_id"]) == ("6.0.3790.3959", None, None)
    assert (event["client_ip"], event["client_host"]) == ("192.0.2.10", "PC1")
    assert event["extra"] == {"priority": "0", "encryption": "0"}


def test_dates_and_times_need_no_leading_zeros(con: Connection, tmp_path: Path) -> None:
    times = [("2003-8-12", "0:58:14 GMT"), ("2003-08-12", "00:58:14 GMT"), ("2007-12-31", "23:0:9")]
    load(con, tmp_path, [*HEADER, *(row(Date=date, Time=time) for date, time in times)])
    assert [str(ts) for (ts,) in rows(con, "ts")] == [
        "2003-08-12 00:58:14",
        "2003-08-12 00:58:14",
        "2007-12-31 23:00:09",
    ]


def test_an_origination_time_in_seconds_is_no_moment(con: Connection, tmp_path: Path) -> None:
    forms = ["12", "2002-2-6 16:50:23", "-"]
    source = load(con, tmp_path, [*HEADER, *(row(Origination_Time=form) for form in forms)])
    assert source.rejects == 0
    assert [str(ts) for (ts,) in rows(con, "origin_ts")] == ["None", "2002-02-06 16:50:23", "None"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_subjects_are_read_in_unicode_and_in_the_ansi_code_page(
    encoding: str, con: Connection, tmp_path: Path
) -> None:
    lines = [*HEADER, row(), "", row(Message_Subject="Grüße für 5 €"), row()]
    source = load(con, tmp_path, lines, encoding=encoding)
    assert (source.rows, source.rejects) == (3, 0)
    assert rows(con, "record, subject") == [(4, "Offer"), (6, "Grüße für 5 €"), (7, "Offer")]


def test_one_ansi_line_does_not_change_how_the_others_are_read(
    con: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "20070903.log"
    lines = [*(line.encode() for line in HEADER), row(Message_Subject="für").encode("cp1252")]
    path.write_bytes(b"\r\n".join([*lines, row(Message_Subject="für").encode(), b""]))
    ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert rows(con, "record, subject") == [(4, "für"), (5, "für")]


def test_spaces_around_a_subject_shift_no_column(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [*HEADER, row(Message_Subject="  Re: a 'b\" c"), row(Message_Subject="")])
    assert rows(con, "subject, sender") == [
        ("Re: a 'b\" c", "alice@corp.example"),
        (None, "alice@corp.example"),
    ]


def test_a_header_in_mid_file_governs_what_follows(con: Connection, tmp_path: Path) -> None:
    other = ["# Message Tracking Log File", "# Date\tTime\tEvent-ID\tServer-hostname"]
    short = "2007-9-4\t1:2:3 GMT\t1031\tMAIL02"
    source = load(con, tmp_path, [*HEADER, row(), *other, short, "", *HEADER, row()])
    assert source.records == 3
    assert rows(con, "record, event, host") == [
        (4, "1019", "MAIL01"),
        (7, "1031", "MAIL02"),
        (12, "1019", "MAIL01"),
    ]


def test_rows_above_the_first_header_are_read(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, [row(), row(), *HEADER, row()])
    assert (source.rows, source.rejects) == (3, 0)
    assert "no column line above the first lines" in (source.note or "")
    assert rows(con, "record, host") == [(1, "MAIL01"), (2, "MAIL01"), (6, "MAIL01")]


def test_a_copy_without_header_is_read_by_the_known_columns(
    con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, ["", row(), row()])
    assert (source.rows, source.generation) == (2, "Exchange 2000 or 2003")
    assert rows(con, "record, sender")[0] == (2, "alice@corp.example")


def test_a_column_line_without_its_mark_is_a_header_too(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, ["\t".join(COLUMNS), row()])
    assert (source.records, source.rows) == (1, 1)


def test_half_written_and_unreadable_lines_are_refused_with_their_numbers(
    con: Connection, tmp_path: Path
) -> None:
    lines = [*HEADER, row(), row(Date="yesterday"), row(Event_ID="-"), "text", row()[:40]]
    source = load(con, tmp_path, lines)
    assert (source.records, source.rows, source.status) == (5, 1, "partial")
    assert rejects(con) == [
        (5, "no readable date and time"),
        (6, "no event id"),
        (7, "cut short: 1 of 20 columns"),
        (8, "cut short: 6 of 20 columns"),
    ]


def test_surplus_values_and_unknown_events_are_data(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, [*HEADER, row(Event_ID="9999") + "\tmore"])
    assert rows(con, "event, class, extra['+2']") == [("9999", "other", "more")]


def test_a_service_pack_is_told_by_the_first_header(con: Connection, tmp_path: Path) -> None:
    older = "# Exchange System Attendant Version 6.0.6249.0"
    assert load(con, tmp_path, [HEADER[0], older, HEADER[2], row()]).generation == (
        "Exchange 2000 (6.0.6249.0)"
    )


def test_other_tables_of_tabs_are_not_claimed() -> None:
    assert FORMAT.sniff("\n".join([*HEADER, row()]).encode())
    assert FORMAT.sniff(row().encode())
    assert not FORMAT.sniff(b"Date\tAmount\n2007-9-3\t12\n")
    assert not FORMAT.sniff(b"2007-9-3\t0:0:5 GMT\tstarted\n")
