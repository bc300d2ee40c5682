"""What holds for all CSV logs of Exchange 2007 and later, whatever their columns."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe import ingest
from logpipe.formats import connectivity, exchange_log, http_proxy, imap_pop, smtp_protocol
from logpipe.formats._text.exchange_csv import product
from logpipe.model import Format
from logpipe.store import Connection, ask, open_store
from tests.formats.exchange import CORPUS, SAMPLES, claims, empty, load, load_lines, rejects, rows
from tests.formats.inventory import damaged

FORMATS = [
    module.FORMAT for module in (connectivity, exchange_log, http_proxy, imap_pop, smtp_protocol)
]
FILES = [
    (format_, path)
    for format_ in FORMATS
    for path in sorted((SAMPLES / format_.name).rglob("*"))
    if path.is_file()
]
REAL = [
    *[("http_proxy", path) for path in sorted((CORPUS / "httpproxy").glob("*"))],
    *[("smtp_protocol", path) for path in sorted((CORPUS / "smtp").glob("*"))],
    *[
        ("connectivity" if "CONNECTLOG" in path.name else "exchange_log", path)
        for path in sorted((CORPUS / "other").glob("*"))
    ],
]
PREAMBLE = "#Software: Microsoft Exchange Server", "#Log-type: EWS Logs"
FIELDS = "#Fields: DateTime,RequestId,GenericInfo"
ROW = "2024-05-06T07:00:00.100Z,{},x"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("exchange") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    return empty(store)


def lines_of(path: Path) -> list[str]:
    return path.read_text("utf-8-sig").splitlines()


def data_lines(lines: list[str]) -> int:
    return sum(re.match(r"[\d\"]", line) is not None for line in lines)


@pytest.mark.parametrize(("format_", "path"), FILES, ids=lambda value: getattr(value, "name", ""))
def test_each_sample_is_claimed_by_its_format_alone_and_read_whole(
    format_: Format, path: Path, con: Connection
) -> None:
    assert claims(*lines_of(path)) == [format_.name]
    source = load(con, path)
    assert (source.format, source.status) == (format_.name, "loaded")
    assert source.rows == source.records == data_lines(lines_of(path))


@pytest.mark.skipif(not REAL, reason="the corpus of real logs is not here")
@pytest.mark.parametrize(("name", "path"), REAL, ids=lambda value: getattr(value, "name", ""))
def test_each_real_log_is_read_whole(name: str, path: Path, con: Connection) -> None:
    source = load(con, path)
    assert (source.format, source.status) == (name, "loaded")
    assert source.rows == data_lines(lines_of(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_every_encoding_gives_the_same_rows(encoding: str, con: Connection, tmp_path: Path) -> None:
    rest = [*PREAMBLE, FIELDS, ROW.format(1), "2024-05-06T07:00:00.200Z,2,Grüße"]
    source = load_lines(con, tmp_path / "x.log", *rest, encoding=encoding)
    assert source.records == 2
    assert rows(con, "log_row", "record, data['GenericInfo']") == [(4, "x"), (5, "Grüße")]


@pytest.mark.parametrize("ends", ["\n \r\n", "\r\n \n"])
def test_mixed_line_ends_shift_no_line(ends: str, con: Connection, tmp_path: Path) -> None:
    first, rest = ends.split(" ")
    lines = [PREAMBLE[1], FIELDS, ROW.format(1), "", ROW.format(2), ""]
    (tmp_path / "x.log").write_bytes((PREAMBLE[0] + first + rest.join(lines)).encode())
    assert load(con, tmp_path / "x.log").status == "loaded"
    assert rows(con, "log_row", "record, data['RequestId']") == [(4, "1"), (6, "2")]


def test_a_header_in_mid_file_governs_what_follows(con: Connection, tmp_path: Path) -> None:
    again = [*PREAMBLE, "#Fields: DateTime,GenericInfo,RequestId"]
    load_lines(
        con, tmp_path / "x.log", *PREAMBLE, FIELDS, ROW.format(1), *again, ROW.format(2), "", *again
    )
    assert rows(con, "log_row", "record, data['RequestId']") == [(4, "1"), (8, "x")]


def test_rows_above_the_first_header_have_its_fields(con: Connection, tmp_path: Path) -> None:
    source = load_lines(
        con, tmp_path / "x.log", ROW.format(1), *PREAMBLE, FIELDS, ROW.format(2), ROW.format(3)
    )
    assert source.note == "no #Fields above the first lines: 3 fields assumed"
    assert rows(con, "log_row", "record, data['RequestId']") == [(1, "1"), (5, "2"), (6, "3")]


def test_a_plain_header_is_no_record_wherever_it_stands(con: Connection, tmp_path: Path) -> None:
    plain = FIELDS.removeprefix("#Fields: ")
    source = load_lines(
        con,
        tmp_path / "x.log",
        plain,
        *PREAMBLE,
        FIELDS,
        plain,
        ROW.format(1),
        plain,
        ROW.format(2),
    )
    assert (source.records, source.rows) == (2, 2)


def test_short_rows_are_filled_and_surplus_values_kept(con: Connection, tmp_path: Path) -> None:
    load_lines(
        con, tmp_path / "x.log", *PREAMBLE, FIELDS, "2024-05-06T07:00:00Z,1", ROW.format(2) + ",,y"
    )
    assert rows(con, "log_row", "data::VARCHAR") == [
        ("{RequestId=1}",),
        ("{RequestId=2, GenericInfo=x, +2=y}",),
    ]


def test_a_last_line_without_its_end_is_refused(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("\r\n".join([*PREAMBLE, FIELDS, ROW.format(1), ROW.format(2)[:-2]]))
    assert load(con, path).rows == 1
    assert rejects(con) == [(5, "cut short: 2 of 3 fields")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a, ""b"""', 'a, "b"'),
        ('""', None),
        ('""""', '"'),
        ('R="a2 NO LOGIN failed."', 'R="a2 NO LOGIN failed."'),
        ('5" disk', '5" disk'),
        ('"a"b', '"a"b'),
    ],
)
def test_quotes_are_undone_where_they_quote_and_kept_where_they_do_not(
    text: str, value: str | None, con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "x.log", *PREAMBLE, FIELDS, f"2024-05-06T07:00:00Z,1,{text}")
    assert rows(con, "log_row", "data['GenericInfo'], data['RequestId']") == [(value, "1")]


def test_a_quote_that_is_never_closed_costs_its_own_line_only(
    con: Connection, tmp_path: Path
) -> None:
    bad = '2024-05-06T07:00:00Z,1,"never closed'
    load_lines(con, tmp_path / "x.log", *PREAMBLE, FIELDS, bad, ROW.format(2))
    assert rejects(con) == [(4, "a quote is never closed")]
    assert rows(con, "log_row", "record") == [(5,)]


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("8.0.0.0", "Exchange 2007 (8.0.0.0)"),
        ("14.0.0.0", "Exchange 2010 (14.0.0.0)"),
        ("15.0.0.0", "Exchange 2013 or later (15.0.0.0)"),
        ("15.01.2375.007", "Exchange 2016 (15.01.2375.007)"),
        ("15.02.1544.004", "Exchange 2019 or Subscription Edition (15.02.1544.004)"),
        ("16.0.1.2", "Exchange (16.0.1.2)"),
        ("", None),
        ("x", None),
    ],
)
def test_the_build_names_the_product(version: str, name: str | None) -> None:
    assert product(version) == name


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_damage_costs_records_and_never_the_books(
    format_: Format, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "identify", lambda _: [format_])
    copy = tmp_path / "damaged"
    for seed, (_, path) in enumerate(pair for pair in FILES if pair[0] is format_):
        for data in damaged(path.read_bytes(), 8, seed):
            format_.sniff(data)
            copy.write_bytes(data)
            empty(con)
            source = load(con, copy)
            assert source.status in {"loaded", "partial", "failed"}
            assert "do not balance" not in (source.note or "")
            assert ask(con, "SELECT count(*) AS n FROM reject")[0]["n"] == source.rejects
