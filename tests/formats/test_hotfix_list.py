"""Hotfixes: every shape of wmic, article numbers, dates and FILETIMEs."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from logpipe.formats.hotfix_list import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

ALL = ["KB925902", "KB934709", "KB944653", "KB147222"]

at = datetime.fromisoformat


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("qfe") / "x.duckdb") as store:
        yield store


@pytest.mark.parametrize("name", ["qfe.csv", "qfe.txt", "qfe-list.txt", "get-hotfix.csv"])
def test_every_shape_gives_article_numbers_and_the_host(name: str, con: Connection) -> None:
    path = SAMPLES / "hotfix_list" / name
    assert claims(path.read_bytes()) == ["hotfix_list"]
    source = load(con, path)
    assert (source.status, source.host) == ("loaded", "GW1")
    found = [subject for (subject,) in rows(con, "host_fact", "subject", "kind = 'hotfix'")]
    assert found == (ALL if name.startswith("qfe") else ALL[:2])


def test_a_date_is_local_and_a_filetime_is_utc(con: Connection) -> None:
    load(con, SAMPLES / "hotfix_list" / "qfe.csv")
    assert rows(con, "host_fact", "value, local_ts, ts")[1:] == [
        ("8/23/2007", at("2007-08-23"), at("2007-08-23")),
        ("01c83ef42cf9f000", None, at("2007-12-15T08:26:22.757888")),
        (None, None, None),
    ]


def test_a_comma_in_a_description_shifts_nothing(con: Connection) -> None:
    load(con, SAMPLES / "hotfix_list" / "qfe.csv")
    assert rows(con, "host_fact", "extra['Description']")[1] == (
        "Hotfix for Windows Server 2003, all editions (KB934709)",
    )


def test_old_numbers_are_shown_as_articles_and_kept_as_written(con: Connection) -> None:
    load(con, SAMPLES / "hotfix_list" / "qfe.csv")
    assert rows(con, "host_fact", "extra['HotFixID']", "subject = 'KB147222'") == [("Q147222",)]


def test_an_entry_without_article_is_kept_and_one_without_id_refused(
    con: Connection, tmp_path: Path
) -> None:
    load_text(con, tmp_path / "a.csv", "Node,HotFixID,InstalledOn\nGW1,File 1,\nGW1,,\n")
    assert rows(con, "host_fact", "subject, name, value") == [("File 1", "installed", None)]
    assert rejects(con) == [(3, "no HotFixID")]


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
