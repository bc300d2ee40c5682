"""Clock offsets: both forms, the day from the header, midnight, failures."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from logpipe.formats.w32tm import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

at = datetime.fromisoformat


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("w32") / "x.duckdb") as store:
        yield store


def test_samples_are_offsets_in_seconds_with_their_local_time(con: Connection) -> None:
    path = SAMPLES / "w32tm" / "dataonly.txt"
    assert claims(path.read_bytes()) == ["w32tm"]
    source = load(con, path)
    assert (source.records, source.status, source.zone) == (3, "loaded", None)
    assert rows(con, "host_fact", "subject, name, number, local_ts") == [
        ("dc1.corp.example", "offset", 0.0123456, at("2007-09-13T23:59:58")),
        ("dc1.corp.example", "offset", 0.012312, at("2007-09-14T00:00:00")),
        ("dc1.corp.example", "error", None, at("2007-09-14T00:00:02")),
    ]


def test_the_chart_tells_the_round_trip_too(con: Connection) -> None:
    path = SAMPLES / "w32tm" / "chart.txt"
    assert claims(path.read_bytes()) == ["w32tm"]
    load(con, path)
    assert rows(con, "host_fact", "name, number", "record = 3") == [
        ("offset", -3.4820119),
        ("delay", 0.015625),
    ]


def test_without_a_date_samples_have_no_moment(con: Connection, tmp_path: Path) -> None:
    text = "07:00:15, +00.0123456s\n07:00:17, -1,5000000s\n07:00:19 what\n"
    assert claims(text.encode()) == ["w32tm"]
    load_text(con, tmp_path / "a.txt", text)
    assert rows(con, "host_fact", "number, local_ts, extra['time']") == [
        (0.0123456, None, "07:00:15"),
        (-1.5, None, "07:00:17"),
    ]
    assert rejects(con) == [(3, "no offset in seconds")]


def test_other_lines_with_times_are_not_claimed() -> None:
    assert claims(b"05:00:15 192.0.2.10 EHLO - 250\r\n") == []
    assert claims(b"07:00:15, started\r\n") == []


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
