"""Processes: columns by their place in every language, services that share a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.tasklist import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

TOGETHER = ["IISADMIN", "POP3Svc", "RESvc", "SMTPSVC"]


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("tl") / "x.duckdb") as store:
        yield store


@pytest.mark.parametrize("name", ["tasklist-svc.txt", "tasklist-svc.csv"])
def test_services_of_one_process_share_its_number(name: str, con: Connection) -> None:
    path = SAMPLES / "tasklist" / name
    assert claims(path.read_bytes()) == ["tasklist"]
    assert load(con, path).status == "loaded"
    shared = rows(con, "host_fact", "subject", "kind = 'process_service' AND pid = 1512")
    assert [service for (service,) in shared] == TOGETHER
    assert rows(con, "host_fact", "subject, value, number", "pid = 2204") == [("cmd.exe", "N/A", 0)]


@pytest.mark.parametrize("name", ["tasklist.txt", "tasklist-de.csv"])
def test_memory_is_told_in_bytes_whatever_the_language(name: str, con: Connection) -> None:
    path = SAMPLES / "tasklist" / name
    assert claims(path.read_bytes()) == ["tasklist"]
    load(con, path)
    assert rows(con, "host_fact", "pid, name, number", "subject = 'inetinfo.exe'") == [
        (1512, "memory", 734_208 * 1024)
    ]


def test_other_columns_are_kept_by_their_names(con: Connection) -> None:
    load(con, SAMPLES / "tasklist" / "tasklist-de.csv")
    assert rows(con, "host_fact", "extra")[2] == ({"Sitzungsname": "Console", "Sitz.-Nr.": "0"},)


def test_modules_of_a_process_are_no_services(con: Connection, tmp_path: Path) -> None:
    text = '"Image Name","PID","Modules"\n"inetinfo.exe","1512","ntdll.dll,aqueue.dll"\n'
    load_text(con, tmp_path / "a.csv", text)
    assert rows(con, "host_fact", "kind, subject, name") == [
        ("process_module", "ntdll.dll", "inetinfo.exe"),
        ("process_module", "aqueue.dll", "inetinfo.exe"),
    ]


def test_a_line_without_process_id_is_refused(con: Connection, tmp_path: Path) -> None:
    text = (SAMPLES / "tasklist" / "tasklist.txt").read_text() + "no such line\n"
    load_text(con, tmp_path / "a.txt", text)
    assert rejects(con) == [(8, "no image with a process id")]


def test_other_tables_with_a_number_in_the_second_column_are_not_claimed() -> None:
    version = b'"FileName","FileMajorPart","FileMinorPart","FileBuildPart","FilePrivatePart"\r\n'
    assert claims(version + b'"C:\\x.dll","6","0","3790","3959"\r\n') == ["file_version"]
    assert claims(b'"Name","Count","Group"\r\n"a","1","b"\r\n') == []


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
