"""Exported event logs: XML that equals the .evtx, CSV, text."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from evtx import PyEvtxParser

from logpipe.formats._export.xml_piece import pieces, tree
from logpipe.formats.event_export import FORMAT
from logpipe.store import Connection, open_store
from samples.generator.evtx import EvtxRecord, write_evtx
from samples.writers.event_export import NAMESPACE, event, strings
from tests.formats.export import (
    SAMPLES,
    claims,
    empty,
    load,
    load_text,
    rejects,
    rows,
    survives,
)

FOLDER = SAMPLES / "event_export"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("events") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    empty(store)
    return store


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_sample_is_claimed_by_this_format_alone(path: Path) -> None:
    assert claims(path) == ["event_export"]


def test_events_without_a_root_are_read_and_each_damaged_one_is_one_reject(
    con: Connection,
) -> None:
    source = load(con, FOLDER / "wevtutil.xml")
    assert (source.records, source.rows, source.rejects, source.zone) == (7, 5, 2, "UTC")
    assert [record for record, _ in rejects(con)] == [5, 6]
    found = con.execute(
        "SELECT ts::VARCHAR, host, provider, event_id, qualifiers, level, strings, names, decoded "
        "FROM windows_event WHERE record = 4001"
    ).fetchall()
    assert found == [
        ("2012-05-01 10:11:01.123456", "EX1", "Service Control Manager", 7036, 16384, 4,
         ["SMTP", "stopped"], ["param1", "param2"], "SMTPSVC/1")
    ]  # fmt: skip


def test_empty_strings_keep_their_place_and_rendered_text_is_data(con: Connection) -> None:
    load(con, FOLDER / "wevtutil.xml")
    found = con.execute(
        "SELECT strings, data FROM windows_event WHERE record IN (4002, 4003) ORDER BY record"
    ).fetchall()
    assert found[0][0] == ["a", "", "c <1>"]
    assert "entered the stopped state" in found[0][1]
    assert "alice" in found[1][1]
    assert "entered the stopped state" in found[1][1]


def test_control_characters_do_not_cost_an_event(con: Connection) -> None:
    load(con, FOLDER / "wevtutil.xml")
    found = con.execute("SELECT strings FROM windows_event WHERE record = 4004").fetchall()
    assert found == [(["a control \u2407 and \u2401 character", ""],)]


def test_text_between_events_is_a_reject(con: Connection) -> None:
    source = load(con, FOLDER / "viewer.xml")
    assert (source.records, source.rows) == (3, 2)
    assert rejects(con) == [(3, "text outside of any record")]


def test_an_xml_export_adds_nothing_to_the_evtx_of_the_same_log(
    con: Connection, tmp_path: Path
) -> None:
    start = datetime(2017, 3, 6, 1, 2, 3, 456789, tzinfo=UTC)
    records = [
        EvtxRecord(n, start + timedelta(seconds=n), "SMTPSVC", "EX16", 7036, strings=("a", "b"))
        for n in range(1, 9)
    ]
    log = tmp_path / "System.evtx"
    log.write_bytes(write_evtx(records, channel="System"))
    read: list[Any] = list(PyEvtxParser(str(log)).records())
    exported = "".join(record["data"] for record in read)
    assert load(con, log).rows == 8
    before = rows(con, "windows_event", "* EXCLUDE (source_id)")
    source = load_text(con, tmp_path, exported.replace('Z"', '9Z"'))
    assert (source.rows, source.duplicates, source.status) == (0, 8, "duplicate")
    empty(con)
    load_text(con, tmp_path, exported)
    assert rows(con, "windows_event", "* EXCLUDE (source_id)") == before


def test_a_record_that_is_refused_twice_alike_is_told_once(con: Connection, tmp_path: Path) -> None:
    head, first, *_ = (FOLDER / "get-winevent.csv").read_text("utf-8-sig").splitlines(keepends=True)
    spoiled = first.replace("01.05.2012", "01.00.2012")
    (tmp_path / "x.csv").write_text(head + spoiled + spoiled)
    source = load(con, tmp_path / "x.csv")
    assert (source.records, source.rows, source.duplicates, source.rejects) == (2, 0, 1, 1)


def test_entities_are_never_expanded(con: Connection, tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "boo"><!ENTITY c "&b;&b;&b;">]>'
    source = load_text(con, tmp_path, bomb + event(1, strings("&c;")) + event(2, strings("ok")))
    assert (source.rows, source.rejects) == (1, 2)
    with pytest.raises(ValueError, match="document type"):
        tree(f"{bomb}<a/>")


def test_elements_nested_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match="nested"):
        tree("<a>" * 100_000)


def test_elements_are_cut_wherever_a_block_ends() -> None:
    text = f"<Events>{event(1, strings('a'))}\n{event(2, strings('b'))}</Events>"
    whole = list(pieces([text], "Event", "Events"))
    assert [piece.fault for piece in whole] == [None, None]
    assert list(pieces(list(text), "Event", "Events")) == whole


def test_a_csv_of_event_viewer_has_messages_of_several_lines(con: Connection) -> None:
    source = load(con, FOLDER / "viewer.csv")
    assert (source.records, source.rows, source.zone) == (4, 3, None)
    assert rejects(con) == [(6, "a quote that is never closed")]
    assert rows(con, "windows_event", "record, ts::VARCHAR, provider, event_id, level") == [
        (2, "2007-09-03 07:00:15", "Service Control Manager", 7031, 2),
        (5, "2007-09-03 07:00:16", "Service Control Manager", 7036, 4),
        (7, "2007-09-13 18:00:18", "EventLog", 6013, 4),
    ]
    (message,) = con.execute("SELECT data FROM windows_event WHERE record = 2").fetchall()
    assert 'See \\"help\\", please.' in message[0]


def test_get_winevent_gives_numbers_and_local_times(con: Connection) -> None:
    load(con, FOLDER / "get-winevent.csv")
    columns = "record, local_ts::VARCHAR, host, channel, event_id, level, keywords, process_id"
    assert rows(con, "windows_event", columns) == [
        (4001, "2012-05-01 12:11:01", "EX1", "System", 7036, 4, "0x8080000000000000", 480)
    ]


def test_text_of_wevtutil_is_read_event_by_event(con: Connection) -> None:
    load(con, FOLDER / "wevtutil.txt")
    assert rows(con, "windows_event", "record, provider, event_id, host, channel") == [
        (1, "Service Control Manager", 7036, "EX1", "System")
    ]
    assert rejects(con) == [(16, "no event id")]


def test_other_xml_and_tables_are_not_claimed() -> None:
    assert FORMAT.sniff(f"<Events><Event xmlns='{NAMESPACE}'>".encode())
    assert not FORMAT.sniff(b"<Events><Event name='party'/></Events>")
    assert not FORMAT.sniff(b"Date and Time,Source,Amount\n1/2/2024,a,1\n")
    assert not FORMAT.sniff(b"date,source,eventid\n1/2/2024,a,1\n")


def test_damage_costs_records_and_never_the_books(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, tmp_path, FORMAT, 150, monkeypatch)
