"""Metabase: elements of the XML, lines of adsutil, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.metabase import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

FOLDER = SAMPLES / "metabase"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("mb") / "x.duckdb") as store:
        yield store


def xml(body: str) -> str:
    return f"<configuration>\n<MBProperty>\n{body}\n</MBProperty>\n</configuration>\n"


@pytest.mark.parametrize(("name", "records"), [("MetaBase.xml", 4), ("adsutil.txt", 7)])
def test_both_forms_tell_the_retry_intervals(name: str, records: int, con: Connection) -> None:
    assert claims((FOLDER / name).read_bytes()) == ["metabase"]
    source = load(con, FOLDER / name)
    assert (source.status, source.records) == ("loaded", records)
    where = "name = 'SmtpRemoteProgressiveRetry'"
    section = "/LM/SmtpSvc" if name.endswith("xml") else "/SMTPSVC/1"
    assert rows(con, "host_setting", "section, value", where) == [(section, "15,30,60,240")]


def test_a_console_may_greet_before_adsutil_speaks() -> None:
    text = (FOLDER / "adsutil.txt").read_bytes()
    greeting = b"Windows [Version 5.2.3790]\r\n\r\nC:\\>cscript adsutil.vbs enum SMTPSVC/1\r\n"
    assert claims(greeting + text) == ["metabase"]


@pytest.mark.parametrize("name", ["MetaBase.xml", "adsutil.txt"])
def test_a_program_that_quotes_a_metabase_is_none(name: str) -> None:
    quoted = b'"""Writes a metabase."""\n\nimport sys\n\nLINES = 1\nCOUNT = 2\nTEXT = """\\\n'
    assert claims(quoted + (FOLDER / name).read_bytes()) == []


def test_lists_have_one_string_a_line_in_both_forms(con: Connection) -> None:
    for name in ("MetaBase.xml", "adsutil.txt"):
        load(con, FOLDER / name)
        found = rows(con, "host_setting", "value", "name = 'ServerBindings'")
        assert found == [(":25:\n192.0.2.1:2525:",)]


def test_a_custom_property_has_its_type_and_the_rest_in_extra(con: Connection) -> None:
    load(con, FOLDER / "MetaBase.xml")
    where = "name = 'UnknownName_61537'"
    assert rows(con, "host_setting", "section, type, number, extra", where) == [
        (
            "/LM/SmtpSvc",
            "DWORD",
            0,
            {"ID": "61537", "UserType": "IIS_MD_UT_SERVER", "Attributes": "NO_ATTRIBUTES"},
        )
    ]


def test_truth_and_entities_are_read(con: Connection) -> None:
    load(con, FOLDER / "MetaBase.xml")
    found = dict(rows(con, "host_setting", "name, coalesce(CAST(number AS VARCHAR), value)"))
    assert found["ServerAutoStart"] == "1"
    assert found["ServerComment"] == "Gateway <out>"


def test_a_document_type_is_refused_as_a_whole(con: Connection, tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "x">]>\n' + xml('<IIsSmtpServer Location="/LM" A="&b;"/>')
    source = load_text(con, tmp_path / "a.xml", bomb)
    assert source.status == "failed"
    assert "document type" in (source.note or "")


def test_damage_costs_the_element_and_not_those_after_it(con: Connection, tmp_path: Path) -> None:
    body = (
        '<IIsSmtpServer Location="/LM/SmtpSvc/1" A="1">\n<Custom Name="B" Value="&no;"/>\n'
        '<Custom Name="C" Value="3"\n<Custom Name="D" Value="4" Type="DWORD"/>\n</IIsSmtpServer>'
    )
    load_text(con, tmp_path / "a.xml", xml(body))
    assert rows(con, "host_setting", "name, number", "number IS NOT NULL") == [("A", 1), ("D", 4)]
    assert rejects(con) == [
        (4, "not XML: undefined entity"),
        (5, "an element that is cut or damaged"),
    ]


def test_the_command_above_tells_where_an_enumeration_begins(
    con: Connection, tmp_path: Path
) -> None:
    text = 'C:\\>cscript adsutil.vbs enum SMTPSVC/1\nKeyType : (STRING) "IIsSmtpServer"\n'
    text += "SmtpRetry : (INTEGER) 15\nnonsense\n"
    load_text(con, tmp_path / "a.txt", text)
    assert rows(con, "host_setting", "section, name, number") == [
        ("SMTPSVC/1", "KeyType", None),
        ("SMTPSVC/1", "SmtpRetry", 15),
    ]
    assert rejects(con) == [(4, "no property and no key")]


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
