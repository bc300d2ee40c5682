"""systeminfo: fields by label, place and shape; hotfixes; times in the language of the host."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from logpipe.formats.systeminfo import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

FOLDER = SAMPLES / "systeminfo"

at = datetime.fromisoformat


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("si") / "x.duckdb") as store:
        yield store


def facts(con: Connection) -> dict[str, str]:
    return dict(rows(con, "host_fact", "name, value", "extra['item'] IS NULL"))


@pytest.mark.parametrize("name", ["systeminfo.txt", "systeminfo.csv"])
def test_text_and_csv_tell_the_same(name: str, con: Connection) -> None:
    assert claims((FOLDER / name).read_bytes()) == ["systeminfo"]
    source = load(con, FOLDER / name)
    assert (source.status, source.host) == ("loaded", "GW1")
    found = facts(con)
    assert found["os_version"] == "5.2.3790 Service Pack 2 Build 3790"
    assert found["time_zone"] == "(GMT+01:00) Amsterdam, Berlin, Bern, Rome"
    assert found["uptime"] == "41 Days, 7 Hours, 3 Minutes, 9 Seconds"
    assert found["Virtual Memory: In Use"] == "1,030 MB"
    assert found["domain"] == "corp.example"


@pytest.mark.parametrize("name", ["systeminfo.txt", "systeminfo.csv", "systeminfo-de.txt"])
def test_hotfixes_are_facts_of_their_own(name: str, con: Connection) -> None:
    load(con, FOLDER / name)
    found = rows(con, "host_fact", "subject, record", "kind = 'hotfix'")
    assert sorted(subject for subject, _ in found) == ["KB147222", "KB925902", "KB934709"]


def test_another_language_is_known_by_place_and_shape(con: Connection) -> None:
    path = FOLDER / "systeminfo-de.txt"
    assert claims(path.read_bytes()) == ["systeminfo"]
    assert load(con, path).host == "GW2"
    found = facts(con)
    assert found["os_version"] == "6.0.6001 Service Pack 1 Build 6001"
    assert found["time_zone"].startswith("(GMT+01:00)")
    assert rows(con, "host_fact", "local_ts, extra['label']", "name = 'boot_time'") == [
        (at("2007-08-29T06:00:15"), "Systembetriebszeit")
    ]
    assert "Gesamter physischer Speicher" in found


def test_code_page_850_gives_letters_beyond_ascii(con: Connection) -> None:
    load(con, FOLDER / "systeminfo-de.txt")
    assert rows(con, "host_fact", "extra['label']", "name = 'install_date'") == [
        ("Ursprüngliches Installationsdatum",)
    ]


def test_a_line_without_label_is_refused_and_the_rest_is_read(
    con: Connection, tmp_path: Path
) -> None:
    text = (FOLDER / "systeminfo.txt").read_text()
    load_text(con, tmp_path / "a.txt", text + "the end\n")
    assert [reason for _, reason in rejects(con)] == ["no label with a colon"]
    assert facts(con)["host_name"] == "GW1"


def test_two_reports_in_one_file_are_of_two_hosts(con: Connection, tmp_path: Path) -> None:
    text = (FOLDER / "systeminfo.txt").read_text()
    load_text(con, tmp_path / "a.txt", text + text.replace("GW1", "GW2"))
    assert rows(con, "host_fact", "host, value", "name = 'os_name'") == [
        ("GW1", "Microsoft(R) Windows(R) Server 2003, Standard Edition"),
        ("GW2", "Microsoft(R) Windows(R) Server 2003, Standard Edition"),
    ]


def test_other_labelled_texts_are_not_claimed() -> None:
    assert claims(b"From: a@x.example\r\nTo: b@x.example\r\nDate: 2007\r\n\r\nText\r\n") in (
        [], ["mail"],
    )  # fmt: skip
    assert "systeminfo" not in claims(b"Host:   a\r\nUser:   b\r\nVersion:   5.2\r\n")


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
