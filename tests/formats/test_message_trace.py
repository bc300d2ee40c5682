"""Message traces of Exchange Online: reports, admin center, JSON in three shapes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.message_trace import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.export import (
    SAMPLES,
    claims,
    empty,
    load,
    load_text,
    rejects,
    rows,
    survives,
)

FOLDER = SAMPLES / "message_trace"
NAMES = "Received,SenderAddress,RecipientAddress,Subject,Status,Size,MessageTraceId\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("trace") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    empty(store)
    return store


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_sample_is_claimed_by_this_format_alone(path: Path) -> None:
    assert claims(path) == ["message_trace"]


def test_a_summary_report_gives_one_row_per_recipient(con: Connection) -> None:
    source = load(con, FOLDER / "summary.csv")
    assert (source.records, source.rows, source.zone) == (5, 3, "UTC")
    assert rows(con, "tracking_event", "record, recipient_no, recipient, event, class, status")[
        :2
    ] == [
        (2, 1, "bob@partner.example", "Send", "ok", "Receive, Send"),
        (2, 2, "eve@other.example", "Fail", "fail", "Receive, Fail"),
    ]
    first = rows(
        con, "tracking_event", "record, ts::VARCHAR, subject, sender, bytes, recipients, host"
    )[0]
    assert first == (
        2, "2024-05-06 07:00:01.123", 'Offer, "final"\nsecond line', "alice@corp.example", 20480, 2,
        "EXCHANGE-ONLINE",
    )  # fmt: skip


def test_a_broken_quote_costs_one_record(con: Connection) -> None:
    load(con, FOLDER / "summary.csv")
    assert rejects(con) == [(5, "a quote that is never closed"), (7, "cut short: 2 of 11 columns")]
    assert (6, "t4@partner.example") in rows(con, "tracking_event", "record, message_id")


def test_an_extended_report_has_the_servers_events(con: Connection) -> None:
    source = load(con, FOLDER / "extended.csv")
    assert (source.rows, source.rejects) == (3, 0)
    assert rows(con, "tracking_event", "event, class, recipient, status_code") == [
        ("DELIVER", "ok", "alice@corp.example", "2.0.0"),
        ("FAIL", "fail", "bob@corp.example", "4.4.7"),
        ("RECEIVE", "enter", "alice@corp.example", None),
        ("RECEIVE", "enter", "bob@corp.example", None),
    ]


def test_dates_of_the_admin_center_are_read_in_the_order_that_the_file_shows(
    con: Connection,
) -> None:
    source = load(con, FOLDER / "admin-center.csv")
    assert "month/day/year: a number above 12 shows it" in (source.note or "")
    assert rows(con, "tracking_event", "ts::VARCHAR, event, class") == [
        ("2024-05-06 07:00:01", "Delivered", "ok"),
        ("2024-05-16 19:00:02", "Failed", "fail"),
        ("2024-05-16 19:00:03", "Filtered as spam", "fail"),
    ]


@pytest.mark.parametrize(
    ("name", "count"), [("powershell.json", 3), ("rest.json", 2), ("lines.json", 2)]
)
def test_json_is_read_as_array_inside_an_answer_and_line_by_line(
    name: str, count: int, con: Connection
) -> None:
    source = load(con, FOLDER / name)
    assert source.rows == count
    assert source.rejects == (name == "lines.json")


def test_dates_in_json_are_text_objects_and_milliseconds(con: Connection) -> None:
    load(con, FOLDER / "powershell.json")
    assert rows(con, "tracking_event", "record, ts::VARCHAR, event, class, subject") == [
        (1, "2024-05-06 07:00:01.423771", "Delivered", "ok", 'Braces },{"1'),
        (2, "2024-05-06 07:00:02", "Pending", "wait", 'Braces },{"2'),
        (3, "2024-05-06 07:00:03", "GettingStatus", "other", 'Braces },{"3'),
    ]


def test_a_large_array_in_one_line_is_read_whole(con: Connection, tmp_path: Path) -> None:
    one = (
        '{"Received":"2024-05-06T07:00:01","SenderAddress":"a@x.example","RecipientAddress":'
        '"b@x.example","Status":"Delivered","Subject":"%s"}'
    )
    text = "[" + ",".join(one % ("é" * 900) for _ in range(2000)) + "]"
    assert load_text(con, tmp_path, text).rows == 2000


def test_values_that_no_column_takes_are_kept(con: Connection, tmp_path: Path) -> None:
    row = "2024-05-06T07:00:01Z,a@x.example,b@x.example,Hi,Delivered,large,g1,more\n"
    load_text(con, tmp_path, NAMES + row)
    assert rows(con, "tracking_event", "bytes, extra") == [(None, {"Size": "large", "+1": "more"})]


def test_other_tables_are_not_claimed() -> None:
    assert FORMAT.sniff(NAMES.encode())
    assert not FORMAT.sniff(b"Date,Sender,Amount\n2024-05-06,a,1\n")
    assert not FORMAT.sniff(b'[{"Received": "2024-05-06", "Amount": 1}]')
    assert not FORMAT.sniff(b"{")


def test_damage_costs_records_and_never_the_books(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, tmp_path, FORMAT, 120, monkeypatch)
