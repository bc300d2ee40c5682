"""Versions of files: VersionInfo and wmic, four numbers, sizes and times."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from logpipe.formats.file_version import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

NUMBERS = "name, major, minor, build, private"

at = datetime.fromisoformat


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("fv") / "x.duckdb") as store:
        yield store


@pytest.mark.parametrize("name", ["fv.csv", "wmic.csv", "wmic.txt", "wmic-list.txt"])
def test_every_shape_gives_the_four_numbers(name: str, con: Connection) -> None:
    path = SAMPLES / "file_version" / name
    assert claims(path.read_bytes()) == ["file_version"]
    assert load(con, path).status == "loaded"
    assert rows(con, "file_version", NUMBERS) == [
        ("aqueue.dll", 6, 0, 3790, 3959),
        ("smtpsvc.dll", 6, 0, 3790, 4094),
    ]


def test_wmic_tells_host_size_and_the_last_write_in_utc(con: Connection) -> None:
    assert load(con, SAMPLES / "file_version" / "wmic.csv").host == "GW1"
    assert rows(con, "file_version", "record, host, bytes, modified_ts") == [
        (3, "GW1", 501_760, at("2007-02-17T05:00:02")),
        (4, "GW1", 468_992, at("2007-06-06T16:32:00.250000")),
    ]


def test_the_text_of_a_version_is_kept_with_its_branch(con: Connection) -> None:
    load(con, SAMPLES / "file_version" / "fv.csv")
    assert rows(con, "file_version", "version, extra['Language']")[0] == (
        "6.0.3790.3959 (srv03_sp2_rtm.070216-1710)",
        "English (United States)",
    )


def test_numbers_come_from_the_text_where_there_are_no_parts(
    con: Connection, tmp_path: Path
) -> None:
    text = '"ProductVersion","FileVersion","FileName"\n"1","6, 5, 7653, 20","C:\\bin\\exmime.dll"\n'
    load_text(con, tmp_path / "a.csv", text)
    assert rows(con, "file_version", NUMBERS) == [("exmime.dll", 6, 5, 7653, 20)]


def test_a_comma_in_a_path_of_wmic_shifts_nothing(con: Connection, tmp_path: Path) -> None:
    text = "\nNode,FileSize,Name,Version\nGW1,12,c:\\a, b\\x.dll,1.2.3.4\n"
    load_text(con, tmp_path / "a.csv", text)
    assert rows(con, "file_version", "path, version, bytes") == [("c:\\a, b\\x.dll", "1.2.3.4", 12)]


def test_values_that_cannot_be_read_stay_in_extra(con: Connection, tmp_path: Path) -> None:
    text = "Node,FileSize,LastModified,Name,Version\nGW1,big,soon,c:\\x.dll,\n"
    load_text(con, tmp_path / "a.csv", text)
    assert rows(con, "file_version", "bytes, modified_ts, extra") == [
        (None, None, {"FileSize": "big", "LastModified": "soon"})
    ]


def test_a_half_line_and_a_line_without_name_are_refused(con: Connection, tmp_path: Path) -> None:
    head = '"FileName","FileVersion"\n'
    source = load_text(con, tmp_path / "a.csv", head + '"","1.2"\n"C:\\x.dll","1.\n"C:\\y.dll"\n')
    assert source.status == "partial"
    assert rejects(con) == [
        (2, "no file name"),
        (3, "a quote that is never closed"),
        (4, "cut short: 1 of 2 values"),
    ]


def test_other_lists_are_not_claimed() -> None:
    assert "file_version" not in claims(b"Node,HotFixID,Name,Version\r\nGW1,KB1,,\r\n")
    assert "file_version" not in claims(b'"Name","Version"\r\n"a","1"\r\n')
    assert "file_version" not in claims(b'"Name","Length","CreationTimeUtc"\r\n"a","1","x"\r\n')


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
