"""Connectivity logs: what a step's description says, and copies without a header."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.connectivity import FORMAT
from logpipe.store import Connection, ask, open_store
from tests.formats.exchange import CORPUS, claims, empty, load, load_lines, rejects, rows

FIELDS = "#Fields: date-time,session,source,Destination,direction,description"
HEADER = ("#Log-Type: Transport Connectivity Log", FIELDS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("connectivity") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    return empty(store)


def row(direction: str, description: str, *, source: str = "SMTP") -> str:
    return f"2024-05-06T07:00:00.123Z,08DC6D0000000200,{source},b.example,{direction},{description}"


def test_every_field_is_read(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "c.log", *HEADER, row("+", "Undefined;QueueLength=7") + ",more")
    (event,) = ask(con, "FROM connection_event")
    assert event["ts"].isoformat() == "2024-05-06T07:00:00.123000"
    assert (event["session"], event["component"]) == ("08DC6D0000000200", "SMTP")
    assert (event["destination"], event["direction"]) == ("b.example", "+")
    assert (event["description"], event["queued"]) == ("Undefined;QueueLength=7", 7)
    assert (event["host"], event["extra"]) == (None, {"+1": "more"})


@pytest.mark.parametrize(
    ("direction", "description", "told"),
    [
        ("-", "Messages: 3 Bytes: 900", (3, 900, None)),
        ("-", "Messages: 3 Bytes: 900 Recipients: 4", (3, 900, None)),
        ("-", "Messages: 0 Bytes: 0 (Retry : not active)", (0, 0, "Retry : not active")),
        ("-", '"Messages: 1 Bytes: 5 (Retry : a, (b))"', (1, 5, "Retry : a, (b)")),
        ("-", "Messages: 2", (2, None, None)),
        ("-", "RegularSubmissions: 2 ShadowSubmissions: 0 Bytes: 70 Failures: 0", (2, 70, None)),
        (">", "Established connection to 192.0.2.9", (None, None, None)),
        (">", "DNS server returned ErrorRetry", (None, None, "DNS server returned ErrorRetry")),
        (">", "Failed connection to 192.0.2.9", (None, None, "Failed connection to 192.0.2.9")),
        (">", "mx.failover.example[192.0.2.9]", (None, None, None)),
    ],
)  # fmt: skip
def test_a_description_tells_counts_and_reasons(
    direction: str, description: str, told: tuple[object, ...], con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "c.log", *HEADER, row(direction, description))
    assert rows(con, "connection_event", "messages, bytes, reason") == [told]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")
def test_the_real_log_of_a_service_that_is_off_is_read_without_its_header(con: Connection) -> None:
    source = load(con, next((CORPUS / "other").glob("*CONNECTLOG*")))
    assert (source.rows, source.note) == (5, "no #Fields above the first lines: 6 fields assumed")
    assert rows(con, "connection_event", "messages, reason", "direction = '-'") == [
        (0, "Retry : Service not active")
    ]


def test_rows_without_time_or_direction_are_refused(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "c.log", *HEADER, "now" + row("+", ""), row("+", "")[:45])
    assert rejects(con) == [(3, "no readable date and time"), (4, "cut short: 3 of 6 fields")]


def test_what_looks_alike_is_not_claimed() -> None:
    assert claims(*HEADER) == [FORMAT.name]
    assert claims(row(">", "x")) == [FORMAT.name]
    assert claims(FIELDS) == [FORMAT.name]
    assert claims(row("x", "x")) == []
    assert claims("#Log-Type: Message Tracking Log", FIELDS) == ["tracking_2007"]
