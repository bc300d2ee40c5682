"""Folder listings: PowerShell and dir, which time, order of day and month, languages."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from logpipe.formats.folder_listing import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

FOLDER = SAMPLES / "folder_listing"
QUEUE = "C:\\inetpub\\mailroot\\Queue"

at = datetime.fromisoformat


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("dir") / "x.duckdb") as store:
        yield store


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_every_form_gives_names_and_sizes(name: str, con: Connection) -> None:
    assert claims((FOLDER / name).read_bytes()) == ["folder_listing"]
    assert load(con, FOLDER / name).status == "loaded"
    found = rows(con, "queue_entry", "kind, right(name, 6), bytes, ts")
    assert found == [
        ("file", "01.EML", 2_413, None),
        ("file", "02.EML", 5_209_325, None),
        ("file", "03.EML", 812, None),
    ]


def test_iso_times_are_utc(con: Connection) -> None:
    source = load(con, FOLDER / "queue.csv")
    assert (source.zone, source.zone_known_by) == ("UTC", "format")
    assert rows(con, "queue_entry", "arrived_ts, arrived_local_ts, written_ts")[2] == (
        at("2007-09-14T21:30:00.125000"),
        None,
        at("2007-09-15T01:30:00.125000"),
    )


def test_times_without_zone_stay_as_written(con: Connection) -> None:
    source = load(con, FOLDER / "whole.csv")
    assert source.zone is None
    assert "month/day/year" in (source.note or "")
    assert rows(con, "queue_entry", "queue, arrived_local_ts, written_local_ts")[2] == (
        QUEUE,
        at("2007-09-14T23:30"),
        at("2007-09-15T03:30"),
    )


def test_the_command_line_tells_which_time_dir_shows(con: Connection) -> None:
    source = load(con, FOLDER / "dir-tc-en.txt")
    assert "does not say" not in (source.note or "")
    assert rows(con, "queue_entry", "queue, arrived_local_ts, written_local_ts")[0] == (
        QUEUE,
        at("2007-09-03T07:00"),
        None,
    )


def test_without_a_command_line_it_is_taken_for_the_last_write(con: Connection) -> None:
    source = load(con, FOLDER / "dir-de.txt")
    assert "taken for the last write" in (source.note or "")
    assert rows(con, "queue_entry", "queue, arrived_local_ts, written_local_ts, extra")[0] == (
        QUEUE,
        None,
        at("2007-09-03T07:00"),
        {"time": "kind not told"},
    )


DIRS = {
    " Répertoire de C:\\q\n\n03/09/2007  07:00             2 413 a b.eml\n": (2413, "a b.eml"),
    " C:\\q のディレクトリ\n\n2007/09/03  07:00             2,413 a.eml\n": (2413, "a.eml"),
    " Directory of C:\\q\n\n09/03/07  07:00a                2,413 a.eml\n": (2413, "a.eml"),
    " Katalog von \\\\gw1\\q\n\n2007-09-03  07:00             2413 12 a.eml\n": (2413, "12 a.eml"),
}


@pytest.mark.parametrize("text", sorted(DIRS))
def test_dir_is_read_in_every_language(text: str, con: Connection, tmp_path: Path) -> None:
    assert claims(text.encode()) == ["folder_listing"]
    load_text(con, tmp_path / "a.txt", text)
    ((folder, size, name, moment),) = rows(
        con, "queue_entry", "queue, bytes, name, written_local_ts"
    )
    assert (size, name) == DIRS[text]
    assert folder in ("C:\\q", "\\\\gw1\\q")
    assert moment.year == 2007
    assert moment.hour == 7


def test_subfolders_are_rows_and_the_folder_itself_is_none(con: Connection, tmp_path: Path) -> None:
    text = (
        " Directory of C:\\q\n\n03.09.2007  07:00    <DIR>          .\n"
        "03.09.2007  07:00    <DIR>          ..\n03.09.2007  07:00    <DIR>          old\n"
    )
    load_text(con, tmp_path / "a.txt", text + "03.09.2007  07:00                12 a.eml\nwhat\n")
    assert rows(con, "queue_entry", "name, bytes, extra['type']") == [
        ("old", None, "<DIR>"),
        ("a.eml", 12, None),
    ]
    assert rejects(con) == [(7, "no line with date, time, size and name")]


def test_other_tables_of_names_are_not_claimed() -> None:
    assert claims(b'"Name","Length"\r\n"a","1"\r\n') == []
    assert "folder_listing" not in claims(b'"Identity","Status","CreationTime"\r\n"a","b","c"\r\n')
    assert claims(b"Files in C:\\x are 2007-09-03  07:00    12 a\r\n") == []


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
