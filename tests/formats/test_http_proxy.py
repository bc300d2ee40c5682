"""HttpProxy logs: columns, the two forms of header, and the 74 fields of real ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.http_proxy import FORMAT
from logpipe.store import Connection, ask, open_store
from tests.formats.exchange import CORPUS, SAMPLES, claims, empty, load, load_lines, rejects, rows

FIELDS = (
    "DateTime,RequestId,Protocol,UrlStem,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,"
    "TotalRequestTime,GenericErrors"
)
HEADER = ("#Log-type: HttpProxy Logs", f"#Fields: {FIELDS}")
ROW = "2024-05-06T07:00:00.100Z,r1,Ews,/ews/,{status},{status},{code},GET,Proxy,{time},{errors}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("proxy") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    return empty(store)


def row(status: str = "200", code: str = "", time: str = "12", errors: str = "") -> str:
    return ROW.format(status=status, code=code, time=time, errors=errors)


def test_every_field_is_in_a_column_or_in_extra(con: Connection) -> None:
    source = load(con, SAMPLES / "http_proxy" / "HttpProxy_2024050607-1.LOG")
    assert (source.host, source.rows) == ("EX1", 4)
    event = ask(con, "FROM client_event ORDER BY record")[1]
    assert event["ts"].isoformat() == "2024-05-06T07:00:00.200000"
    assert (event["protocol"], event["session"], event["host"]) == ("ews", "5e58f5e5-0002", "EX1")
    assert (event["client"], event["server"]) == ("203.0.113.71", "ex2.corp.example")
    assert (event["username"], event["command"]) == (r"CORP\grace", "POST")
    assert (event["target"], event["parameters"]) == ("/ews/exchange.asmx", None)
    assert (event["status"], event["error"]) == ("503", "ServerNotFound; WebException=timed out")
    assert (event["bytes_in"], event["bytes_out"]) == (900, 0)
    assert event["extra"] == {
        "UrlHost": "mail.corp.example",
        "AuthenticationType": "NTLM",
        "UserAgent": 'OC "beta", 16',
        "BackEndStatus": "503",
        "ProxyAction": "Proxy",
        "TotalRequestTime": "30000.5",
        "GenericInfo": "BeginRequest=07:00",
    }


def test_a_field_list_that_changes_in_mid_file_is_followed(con: Connection) -> None:
    load(con, SAMPLES / "http_proxy" / "HttpProxy_2024050607-1.LOG")
    assert rows(con, "client_event", "record, protocol, duration_ms")[-1] == (11, "owa", 12)


@pytest.mark.parametrize(
    ("code", "errors", "error"),
    [("", "", None), ("E1", "", "E1"), ("", "x=y", "x=y"), ("E1", "x=y", "E1; x=y")],
)
def test_code_and_text_of_an_error_are_joined(
    code: str, errors: str, error: str | None, con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "h.log", *HEADER, row(code=code, errors=errors))
    assert rows(con, "client_event", "error") == [(error,)]


def test_rows_without_time_or_method_are_refused(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "h.log", *HEADER, "x" + row(), row()[:40])
    assert rejects(con) == [(3, "no readable date and time"), (4, "cut short: 5 of 11 fields")]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")
def test_a_field_list_that_names_its_mark_twice_is_one_line(
    con: Connection, tmp_path: Path
) -> None:
    lines = [FIELDS, HEADER[0], f"#Fields: {HEADER[1]}", row()]
    source = load_lines(con, tmp_path / "x.log", *lines)
    assert (source.records, source.rows + source.rejects) == (2, 2)


def test_real_logs_keep_each_value_of_their_74_fields(con: Connection) -> None:
    for path in sorted((CORPUS / "httpproxy").glob("*")):
        empty(con)
        load(con, path)
        *_, last = path.read_text("utf-8").splitlines()
        values = sum(value != "" for value in last.split(","))
        (event,) = ask(con, "FROM client_event ORDER BY record DESC LIMIT 1")
        named = {"source_id", "record", "extra"}
        kept = sum(value is not None for name, value in event.items() if name not in named)
        assert kept + len(event["extra"]) == values


def test_what_looks_alike_is_not_claimed() -> None:
    ews = "DateTime,RequestId,SoapAction,HttpStatus"
    with_urls = FIELDS.replace("Protocol,UrlStem", "Protocol,UrlHost,UrlStem")
    assert claims(*HEADER, row()) == [FORMAT.name]
    assert claims(f"#Fields: {with_urls}") == [FORMAT.name]
    assert claims(FIELDS, "#Software: Microsoft Exchange Server", *HEADER) == [FORMAT.name]
    assert claims(f"#Fields: {ews}") == []
    assert claims("#Software: Microsoft Exchange Server", f"#Fields: {ews}") == ["exchange_log"]
