"""Exchange logs without a table of their own: every value by its name, times of several kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.exchange_log import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.exchange import CORPUS, SAMPLES, claims, empty, load, load_lines, rejects, rows

SOFTWARE = "#Software: Microsoft Exchange Server"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("others") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    return empty(store)


def test_a_row_has_its_time_host_type_and_every_value(con: Connection) -> None:
    source = load(con, SAMPLES / "exchange_log" / "Ews_2024050607-1.LOG")
    assert (source.host, source.rows) == ("EX1", 2)
    ((ts, host, log_type, data), _) = rows(con, "log_row", "ts::VARCHAR, host, log_type, data")
    assert (ts, host, log_type) == ("2024-05-06 07:00:00.1", "EX1", "ews logs")
    assert data == {
        "RequestId": "5399c497",
        "AuthenticatedUser": "grace@corp.example",
        "ServerHostName": "EX1",
        "SoapAction": "GetFolder",
        "HttpStatus": "200",
        "GenericInfo": 'SKU=Unknown;App="a, b"',
    }


@pytest.mark.parametrize(
    ("written", "ts", "kept"),
    [
        ("2024-05-06T07:00:00.100Z", "2024-05-06 07:00:00.1", None),
        ("2024-05-06T07:00:00.1234567Z", "2024-05-06 07:00:00.123456", None),
        ("2024-05-06 07:00:00", "2024-05-06 07:00:00", None),
        ("2024-05-06T07:00:00+02:00", "2024-05-06 05:00:00", None),
        ("2024-05-06T07:00:00-02:30", "2024-05-06 09:30:00", None),
        ("05/06/2024 07:00:00", None, "05/06/2024 07:00:00"),
        ("0001-01-01T00:00:00Z", None, "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_utc_and_what_is_no_iso_time_is_kept_as_written(
    written: str, ts: str | None, kept: str | None, con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "e.log", SOFTWARE, "#Fields: Timestamp,a", f"{written},1")
    assert rows(con, "log_row", "ts::VARCHAR, data['Timestamp'], data['a']") == [(ts, kept, "1")]


def test_a_log_without_times_is_read_all_the_same(con: Connection) -> None:
    source = load(con, SAMPLES / "exchange_log" / "processes.LOG")
    assert (source.rows, source.status, source.first_ts) == (2, "loaded", None)
    assert rows(con, "log_row", "ts, data['Name']") == [(None, "EdgeTransport"), (None, "a, b")]


def test_a_line_of_another_width_without_a_time_is_no_row(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "e.log", SOFTWARE, "#Fields: Timestamp,a,b", "   at Some.Frame()")
    assert rejects(con) == [(3, "no readable date and time")]


def test_each_block_has_its_own_log_type(con: Connection, tmp_path: Path) -> None:
    load_lines(
        con, tmp_path / "e.log", SOFTWARE, "#Log-type: One", "#Fields: Timestamp,a", "2024-05-06,1",
        "#Log-type: Two", "#Fields: Timestamp,b", "2024-05-07,2",
    )  # fmt: skip
    assert rows(con, "log_row", "log_type, data['a'], data['b']") == [
        ("one", "1", None),
        ("two", None, "2"),
    ]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")
def test_a_real_audit_row_keeps_its_json(con: Connection) -> None:
    load(con, next((CORPUS / "other").glob("*audit*")))
    query = "log_type, host, json_extract_string(data['Data'], '$.Operation')"
    assert rows(con, "log_row", query) == [("audit", "SERVER-HOSTNAME", "Set-Mailbox")]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([SOFTWARE, "#Log-type: Agent Log", "#Fields: Timestamp,a"], [FORMAT.name]),
        ([SOFTWARE, "#Fields: Timestamp,a"], [FORMAT.name]),
        (["DateTime,a", SOFTWARE, "#Log-type: EWS Logs"], [FORMAT.name]),
        ([SOFTWARE, "#Log-type: Agent Log"], []),
        (["#Software: another product", "#Fields: Timestamp,a"], []),
        (["#Fields: Timestamp,a", "2024-05-06T07:00:00Z,1"], []),
        ([SOFTWARE, "#Log-type: Message Tracking Log", "#Fields: date-time,a"], ["tracking_2007"]),
        ([SOFTWARE, "#Log-type: Transport Connectivity Log", "#Fields: a,b"], ["connectivity"]),
        ([SOFTWARE, "#Log-type: HttpProxy Logs", "#Fields: a,b"], ["http_proxy"]),
        ([SOFTWARE, "#Log-type: POP3 Log", "#Fields: a,b"], ["imap_pop"]),
        ([SOFTWARE, "#Log-type: SMTP Send Protocol Log", "#Fields: a,b"], ["smtp_protocol"]),
    ],
)
def test_what_another_format_claims_is_left_to_it(lines: list[str], names: list[str]) -> None:
    assert claims(*lines) == names
