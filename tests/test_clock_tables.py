"""Clocks that were set, and clocks that differ, are found in the logs."""

# ruff: noqa: DTZ001 - the store keeps naive UTC
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask, insert, open_store

START = datetime(2009, 2, 3)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        for number, host in enumerate(["HUB1", "HUB2"], 1):
            con.execute(
                "INSERT INTO source BY NAME SELECT $n AS source_id, $host AS path, $host AS host, "
                "'content' AS host_known_by, 1 AS records, 1 AS rows, 0 AS duplicates, "
                "0 AS rejects, 0 AS recovered, 'loaded' AS status, 1 AS run_id",
                {"n": number, "host": host},
            ).fetchall()
        yield con


def events(con: Connection, seconds: list[float], provider: str = "SMTPSVC") -> None:
    """Events of one log, in record order, at these seconds."""
    rows = [
        {"source_id": 1, "record": n, "ts": START + timedelta(seconds=at), "host": "HUB1",
         "provider": provider, "event_id": 6005 if provider == "EventLog" else 1,
         "recovered": False}
        for n, at in enumerate(seconds, 1)
    ]  # fmt: skip
    insert(con, "windows_event", pl.DataFrame(rows))


def derive(con: Connection, name: str) -> list[dict[str, Any]]:
    con.execute(
        "CREATE OR REPLACE TABLE smtp_session "
        "(host VARCHAR, direction VARCHAR, session VARCHAR, helo VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE message_touch (host VARCHAR, log VARCHAR, what VARCHAR, "
        "message_id VARCHAR, ts TIMESTAMP, source_id INTEGER, record UBIGINT)"
    )
    con.execute(sql_text("derived", name))
    return ask(con, f"FROM {name.partition('_')[2]} ORDER BY ALL")


def handed_over(con: Connection, distances: list[float]) -> None:
    """Messages that HUB1 sends and HUB2 receives, each this many seconds later by HUB2's clock."""
    rows = []
    for number, distance in enumerate(distances):
        sent = START + timedelta(minutes=number)
        common = {"message_id": f"m{number}@x", "recipient_no": 1, "class": "ok"}
        rows.append(common | {
            "source_id": 1, "record": number + 1, "ts": sent, "host": "HUB1", "event": "SEND",
            "server_host": "hub2.corp.example", "client_host": "HUB1",
        })  # fmt: skip
        rows.append(common | {
            "source_id": 2, "record": number + 1, "ts": sent + timedelta(seconds=distance),
            "host": "HUB2", "event": "RECEIVE", "server_host": "HUB2", "client_host": "HUB1",
        })  # fmt: skip
    insert(con, "tracking_event", pl.DataFrame(rows))


def test_a_clock_set_back_is_seen_where_times_fall_as_record_numbers_rise(con: Connection) -> None:
    events(con, [0, 60, 120, -3480, -3420])
    (step,) = derive(con, "130_clock_step")
    assert (step["host"], step["record"], step["step_s"]) == ("HUB1", 4, -3600.0)
    assert not step["at_boot"]


def test_events_of_one_moment_in_another_order_are_no_step(con: Connection) -> None:
    events(con, [0, 60, 58, 61, 61, 60])
    assert derive(con, "130_clock_step") == []


def test_a_step_at_a_boot_is_marked(con: Connection) -> None:
    events(con, [0, 60, -200], provider="EventLog")
    (step,) = derive(con, "130_clock_step")
    assert step["at_boot"]


def test_the_distance_of_two_clocks_is_the_middle_of_what_messages_show(con: Connection) -> None:
    handed_over(con, [-91.0, -90.0, -90.0, -89.0, 30.0])
    (pair,) = derive(con, "135_clock_offset")
    assert (pair["from_host"], pair["to_host"], pair["messages"]) == ("HUB1", "HUB2", 5)
    assert (pair["offset_s"], pair["spread_s"], pair["tolerance_s"]) == (-90.0, 1.0, 5.0)


def test_a_wide_spread_widens_the_tolerance(con: Connection) -> None:
    handed_over(con, [0.0, 10.0, 20.0, 30.0, 40.0])
    (pair,) = derive(con, "135_clock_offset")
    assert (pair["spread_s"], pair["tolerance_s"]) == (10.0, 30.0)


def test_a_message_that_came_by_another_way_tells_nothing(con: Connection) -> None:
    handed_over(con, [1.0] * 3)
    con.execute("UPDATE tracking_event SET server_host = 'HUB9', client_host = 'HUB9'").fetchall()
    assert derive(con, "135_clock_offset") == []
