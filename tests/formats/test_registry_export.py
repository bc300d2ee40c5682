"""Registry: .reg of both versions and reg query; types, continued lines, deletions, hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats import registry_export
from logpipe.formats._inventory import document
from logpipe.formats.registry_export import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

FOLDER = SAMPLES / "registry_export"
TITLE = "Windows Registry Editor Version 5.00\n\n"
QUEUING = "hkey_local_machine\\system\\currentcontrolset\\services\\smtpsvc\\queuing"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("reg") / "x.duckdb") as store:
        yield store


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_every_form_is_claimed_and_read_whole(name: str, con: Connection) -> None:
    assert claims((FOLDER / name).read_bytes()) == ["registry_export"]
    assert load(con, FOLDER / name).status == "loaded"


@pytest.mark.parametrize("name", ["smtpsvc.reg", "query-2008.txt"])
def test_the_switch_of_910932_is_1000_in_both_forms(name: str, con: Connection) -> None:
    load(con, FOLDER / name)
    where = f"key_folded = '{QUEUING}' AND name_folded = 'zombiedomainentrythreshold'"
    assert rows(con, "registry_value", "type, value, number", where) == [
        ("REG_DWORD", "1000", 1000)
    ]


@pytest.mark.parametrize("name", ["smtpsvc.reg", "query-2003.txt"])
def test_biases_are_twos_complement(name: str, con: Connection) -> None:
    load(con, FOLDER / name)
    where = "key_folded LIKE '%\\control\\timezoneinformation' AND type <> 'KEY'"
    found = {n: (v, i) for n, v, i in rows(con, "registry_value", "name, value, number", where)}
    assert found["Bias"] == ("4294967236", -60)
    assert found["ActiveTimeBias"] == ("4294967176", -120)
    assert found["StandardName"] == ("W. Europe Standard Time", None)


def test_the_host_names_itself(con: Connection) -> None:
    assert load(con, FOLDER / "smtpsvc.reg").host == "GW1"
    assert load(con, FOLDER / "query-2008.txt").host is None


def test_types_are_decoded_and_continued_lines_joined(con: Connection) -> None:
    load(con, FOLDER / "smtpsvc.reg")
    found = {n: (t, v) for n, t, v in rows(con, "registry_value", "name, type, value")}
    assert found["DependOnService"] == ("REG_MULTI_SZ", "IISADMIN\nEventLog")
    assert found["DisplayName"] == ("REG_SZ", 'Simple Mail "SMTP"')
    assert found["@"] == ("REG_SZ", "the service")
    assert found["Started"] == ("REG_QWORD", "1000")


def test_ansi_data_of_nt_is_decoded_as_ansi(con: Connection) -> None:
    load(con, FOLDER / "nt4.reg")
    found = rows(con, "registry_value", "name, value, control_set", "type <> 'KEY'")
    assert found == [
        ("ImagePath", "%SystemRoot%\\inetinfo.exe", 1),
        ("DisplayName", "Dienst für Simple Mail Transfer", 1),
    ]


def test_what_a_file_deletes_is_marked(con: Connection) -> None:
    load(con, FOLDER / "smtpsvc.reg")
    assert rows(con, "registry_value", "name, type", "deleted") == [
        (None, "KEY"),
        ("Gone", "DELETED"),
    ]


def test_a_text_may_go_over_lines_and_an_open_one_swallows_nothing(
    con: Connection, tmp_path: Path
) -> None:
    text = '[HKEY_LOCAL_MACHINE\\A]\n"two"="first\nsecond"\n"open"="never closed\n"next"="there"\n'
    load_text(con, tmp_path / "a.reg", TITLE + text)
    assert rows(con, "registry_value", "name, value", "type = 'REG_SZ'") == [
        ("two", "first\nsecond"),
        ("next", "there"),
    ]
    assert rejects(con) == [(6, "data that cannot be read")]


def test_a_backslash_that_escapes_nothing_stays(con: Connection, tmp_path: Path) -> None:
    text = '[HKLM\\A]\n"path"="C:\\\\temp\\\\x"\n"raw"="C:\\temp"\n'
    load_text(con, tmp_path / "a.reg", TITLE + text)
    assert rows(con, "registry_value", "key_folded, value", "name IS NOT NULL") == [
        ("hkey_local_machine\\a", "C:\\temp\\x"),
        ("hkey_local_machine\\a", "C:\\temp"),
    ]


def test_values_without_a_key_and_unknown_lines_are_refused(
    con: Connection, tmp_path: Path
) -> None:
    load_text(con, tmp_path / "a.reg", TITLE + '"a"="b"\n[HKLM\\A]\nnonsense\n"c"=dword:xyz\n')
    assert rejects(con) == [
        (3, "a value without a key above it"),
        (5, "no key and no value"),
        (6, "data that cannot be read"),
    ]


def test_a_file_above_the_bound_is_not_read(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_export, "BOUND", 100)
    source = load_text(con, tmp_path / "a.reg", TITLE + "[HKLM\\A]\n" * 20)
    assert source.status == "failed"
    assert "is not read" in (source.note or "")


def test_more_records_than_a_host_has_are_not_read(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MOST_RECORDS", 10)
    source = load_text(con, tmp_path / "a.reg", TITLE + "[HKLM\\A]\n" * 20)
    assert (source.status, source.note) == (
        "failed",
        "more than 10 records: no inventory of a host",
    )


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
