"""IMAP4 and POP3 logs: both layouts, which protocol a row is of, and how a command ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.imap_pop import FORMAT
from logpipe.store import Connection, ask, open_store
from tests.formats.exchange import SAMPLES, claims, empty, load, load_lines, rejects, rows

LATER = (
    "#Fields: dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,"
    "context,puid"
)
FOLDER = SAMPLES / "imap_pop"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("imap") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    return empty(store)


def row(context: str, *, port: int = 993, duration: str = "205") -> str:
    ends = f"192.0.2.1:{port},[2001:db8::70]:50001"
    return (
        f"2026-10-01T08:20:00.001Z,0000000000000002,7,{ends},frank,{duration},48,24,login,"
        f"frank *****,{context},0003"
    )


def test_every_field_of_the_later_layout_is_read(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "i.log", "#Log-type: IMAP4 Log", LATER, row("R=OK;Rows=1"))
    (event,) = ask(con, "FROM client_event")
    assert event["ts"].isoformat() == "2026-10-01T08:20:00.001000"
    assert (event["protocol"], event["session"], event["sequence"]) == ("imap4", "0" * 15 + "2", 7)
    assert (event["client"], event["client_port"]) == ("2001:db8::70", 50001)
    assert (event["server"], event["server_port"]) == ("192.0.2.1", 993)
    assert (event["username"], event["command"]) == ("frank", "login")
    assert (event["parameters"], event["reply"]) == ("frank *****", "R=OK;Rows=1")
    assert (event["status"], event["error"]) == ("OK", None)
    assert (event["duration_ms"], event["bytes_in"], event["bytes_out"]) == (205, 48, 24)
    assert event["extra"] == {"puid": "0003"}


@pytest.mark.parametrize(
    ("context", "status", "error"),
    [
        ("R=OK", "OK", None),
        ('"R=""a2 NO LOGIN failed."""', "NO", "a2 NO LOGIN failed."),
        ('R="a2 NO LOGIN failed."', "NO", "a2 NO LOGIN failed."),
        ('"R=""a4 BAD Command, unknown."";Rows=0"', "BAD", "a4 BAD Command, unknown."),
        ('"R=""-ERR Logon failure."";ErrMsg=LogonDenied"', "-ERR", "LogonDenied"),
        ("R=OK;Msg=NO way", "OK", None),
        ("", None, None),
    ],
)
def test_how_a_command_ended_stands_in_its_context(
    context: str, status: str | None, error: str | None, con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "i.log", LATER, row(context))
    assert rows(con, "client_event", "status, error") == [(status, error)]


def test_without_a_log_type_the_port_tells_the_protocol(con: Connection, tmp_path: Path) -> None:
    ports = (143, 993, 1993, 9143, 110, 995, 1995, 25)
    load_lines(con, tmp_path / "i.log", LATER, *(row("R=OK", port=port) for port in ports))
    assert [protocol for (protocol,) in rows(con, "client_event", "protocol")] == [
        *["imap4"] * 4,
        *["pop3"] * 3,
        None,
    ]


@pytest.mark.parametrize(("log_type", "protocol"), [("POP3 Log", "pop3"), ("IMAP Log", "imap4")])
def test_a_log_type_goes_before_the_port(
    log_type: str, protocol: str, con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "i.log", f"#Log-type: {log_type}", LATER, row("R=OK", port=25))
    assert rows(con, "client_event", "protocol") == [(protocol,)]


def test_a_duration_that_is_no_whole_number_is_kept_as_written(
    con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "i.log", LATER, row("R=OK", duration="long"))
    assert rows(con, "client_event", "duration_ms, extra['duration']") == [(None, "long")]


def test_the_older_layout_is_one_row_per_line_of_the_talk(con: Connection) -> None:
    load(con, FOLDER / "IMAP420101001-1.LOG")
    assert rows(con, "client_event", "protocol, command, parameters, status, error") == [
        ("imap4", "OpenSession", None, None, None),
        ("imap4", None, None, "OK", None),
        ("imap4", "login", '"frank, the elder" *****', None, None),
        ("imap4", None, None, "NO", "a1 NO LOGIN failed."),
        ("imap4", "CloseSession", None, None, None),
        ("pop3", "user", "frank", None, None),
        ("pop3", None, None, "+OK", None),
    ]
    (said,) = rows(con, "client_event", "extra::VARCHAR", "command = 'login'")
    assert said[0].replace("'", "") == '{event=<, data=a1 LOGIN "frank, the elder" *****}'


def test_a_back_end_log_without_sizes_is_read(con: Connection) -> None:
    load(con, FOLDER / "POP3BE20261001-1.LOG")
    assert rows(con, "client_event", "command, duration_ms, bytes_in, error", "error <> ''") == [
        ("retr", 12, None, "NotFound")
    ]


def test_rows_without_time_or_command_are_refused(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "i.log", LATER, "x" + row(""), row("")[:60])
    assert rejects(con) == [(2, "no readable date and time"), (3, "cut short: 5 of 13 fields")]


def test_what_looks_alike_is_not_claimed() -> None:
    assert claims(LATER) == [FORMAT.name]
    assert claims(row("R=OK")) == [FORMAT.name]
    assert claims("#Log-type: IMAP4 Log", "#Fields: a,b") == [FORMAT.name]
    assert claims(row("R=OK", port=25)) == []
    assert claims("#Log-type: Important Log", LATER) == []
