"""Notes of collecting scripts: what was got and what was not, of both shells."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.collect_note import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("note") / "x.duckdb") as store:
        yield store


def test_each_thing_is_a_fact_of_the_host(con: Connection) -> None:
    path = SAMPLES / "collect_note" / "batch.txt"
    assert claims(path.read_bytes()) == ["collect_note"]
    source = load(con, path)
    assert (source.records, source.status, source.host) == (2, "loaded", "GW1")
    assert rows(con, "host_fact", "host, kind, subject, name, value, extra['for']") == [
        ("GW1", "collect", "System event log", "got", None, "relay2003"),
        ("GW1", "collect", "counter logs", "not got", None, "relay2003"),
    ]


def test_why_a_thing_is_missing_is_the_value(con: Connection) -> None:
    load(con, SAMPLES / "collect_note" / "powershell.txt")
    assert rows(con, "host_fact", "subject, value", "name = 'not got'") == [
        ("connectivity logs", "no folder of them"),
        ("queues; take them again some hours later  (The term 'Get-Queue' is not", None),
    ]


def test_a_line_that_says_neither_is_rejected(con: Connection, tmp_path: Path) -> None:
    text = "logpipe collect --for relay2003 --days 14 on GW1\ngot    logs\n\nperhaps\n"
    load_text(con, tmp_path / "a.txt", text)
    assert rejects(con) == [(4, "says neither got nor NOT GOT")]


def test_other_words_about_collecting_are_not_claimed() -> None:
    assert claims(b"logpipe collect --for relay2003 --out collect.cmd\r\n") == []
    assert claims(b"rem Made by: logpipe collect --for relay2003 --days 14\r\n") == []


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
