"""Local times become UTC, by zones that users, registries and event logs tell."""

# ruff: noqa: DTZ001 - the store keeps naive UTC, and local times are naive by nature
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from logpipe.clocks import apply_zone, periods, zone_name
from logpipe.errors import LogpipeError
from logpipe.settle import read_zones, settle
from logpipe.store import Connection, ask, insert, open_store

BERLIN = "Europe/Berlin"
LAST_SUNDAY = datetime(2007, 10, 28)  # 03:00 summer time is 02:00 again


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        yield con


def add_local_log(con: Connection, times: list[datetime], *, host: str, source_id: int = 1) -> None:
    """A loaded log of local times whose zone its file does not tell."""
    con.execute(
        "INSERT INTO source BY NAME SELECT $id AS source_id, $path AS path, "
        "'smtpsvc_w3c' AS format, $host AS host, 'content' AS host_known_by, "
        "$n AS records, $n AS rows, 0 AS duplicates, "
        "0 AS rejects, 0 AS recovered, 'loaded' AS status, 1 AS run_id",
        {"id": source_id, "path": f"in{source_id}.log", "host": host, "n": len(times)},
    ).fetchall()
    rows = pl.DataFrame({"ts": times}).with_columns(
        local_ts="ts", record=pl.int_range(1, len(times) + 1), source_id=source_id,
        host=pl.lit(host), kind=pl.lit("command"),
    )  # fmt: skip
    insert(con, "smtp_event", rows)


def add_event(con: Connection, event_id: int, strings: list[str], *, host: str) -> None:
    rows = pl.DataFrame({"strings": [strings]}).with_columns(
        source_id=99, record=1, ts=pl.lit(datetime(2007, 9, 3)), host=pl.lit(host),
        provider=pl.lit("EventLog"), event_id=event_id, recovered=False,
    )  # fmt: skip
    insert(con, "windows_event", rows)
    con.execute(
        "INSERT INTO source BY NAME SELECT 99 AS source_id, 'sys.evt' AS path, "
        "'evt' AS format, $host AS host, 'content' AS host_known_by, "
        "'UTC' AS zone, 'format' AS zone_known_by, "
        "1 AS records, 1 AS rows, 0 AS duplicates, 0 AS rejects, 0 AS recovered, "
        "'loaded' AS status, 1 AS run_id",
        {"host": host},
    ).fetchall()


def utc(con: Connection, source_id: int = 1) -> list[datetime]:
    sql = "SELECT ts FROM smtp_event WHERE source_id = $id ORDER BY record"
    return [row["ts"] for row in ask(con, sql, {"id": source_id})]


def zone_of(con: Connection, source_id: int = 1) -> tuple[str | None, str | None]:
    (row,) = ask(con, "FROM source WHERE source_id = $id", {"id": source_id})
    return row["zone"], row["zone_known_by"]


@pytest.mark.parametrize(
    ("told", "zone"),
    [
        ("-60 W. Europe Standard Time", BERLIN),
        ("W. Europe Daylight Time", BERLIN),
        ("480 Pacific Standard Time", "America/Los_Angeles"),
        ("0 Coordinated Universal Time", "UTC"),
        ("Europe/Berlin", BERLIN),
        ("UTC+05:30", "UTC+05:30"),
        ("+02:00", "UTC+02:00"),
        ("GMT-3", "UTC-03:00"),
        ("-60 Mitteleuropäische Zeit", "UTC+01:00"),
        ("utc", "UTC"),
        ("nowhere", None),
        ("../../etc/passwd", None),
        ("-9999 far away", None),
        ("", None),
    ],
)
def test_a_zone_is_known_by_its_iana_or_windows_name_or_its_bias(
    told: str, zone: str | None
) -> None:
    assert zone_name(told) == zone


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC-03:00"])
def test_periods_cover_every_local_time_once_and_agree_with_the_zone_database(zone: str) -> None:
    found = periods(zone)
    assert found["local_from"][1:].to_list() == found["local_until"][:-1].to_list()
    rules = None if zone.startswith("UTC") else ZoneInfo(zone)
    if rules is None:
        return
    for day in range(0, 7000, 13):
        wall = datetime(2000, 1, 1, 12) + timedelta(days=day)
        (east,) = found.filter((pl.col("local_from") <= wall) & (wall < pl.col("local_until")))[
            "east_s"
        ].to_list()
        expected = wall.replace(tzinfo=rules).astimezone(UTC).replace(tzinfo=None)
        assert wall - timedelta(seconds=east) == expected


def test_the_hour_that_comes_twice_is_told_apart_by_the_step_back(con: Connection) -> None:
    minutes = [-20, 125, 150, 175, 121, 140, 170, 185]  # after midnight; the clock goes back at 180
    add_local_log(con, [LAST_SUNDAY + timedelta(minutes=m) for m in minutes], host="GW1")
    apply_zone(con, "smtp_event", 1, BERLIN)
    assert [(ts - (LAST_SUNDAY - timedelta(hours=2))).total_seconds() / 60 for ts in utc(con)] == [
        -20, 125, 150, 175, 181, 200, 230, 245,
    ]  # fmt: skip


def test_a_file_that_begins_with_the_newest_record_is_read_backwards(con: Connection) -> None:
    minutes = [185, 170, 140, 121, 175, 150, 125, -20]
    add_local_log(con, [LAST_SUNDAY + timedelta(minutes=m) for m in minutes], host="GW1")
    apply_zone(con, "smtp_event", 1, BERLIN)
    assert [(ts - (LAST_SUNDAY - timedelta(hours=2))).total_seconds() / 60 for ts in utc(con)] == [
        245, 230, 200, 181, 175, 150, 125, -20,
    ]  # fmt: skip


def test_the_hour_that_is_left_out_goes_with_the_time_before(con: Connection) -> None:
    spring = datetime(2007, 3, 25, 2, 30)
    add_local_log(con, [spring], host="GW1")
    apply_zone(con, "smtp_event", 1, BERLIN)
    assert utc(con) == [datetime(2007, 3, 25, 1, 30)]


def test_a_host_tells_its_zone_by_event_6013(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW1")
    add_event(con, 6013, ["", "", "", "", "86400", "60", "-60 W. Europe Standard Time"], host="GW1")
    settle(con, {})
    assert utc(con) == [datetime(2007, 9, 3, 5)]
    assert zone_of(con) == (BERLIN, "event 6013")


def test_what_the_user_declares_goes_first_and_is_remembered(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW1")
    add_event(con, 6013, ["", "", "", "", "86400", "60", "-60 W. Europe Standard Time"], host="GW1")
    settle(con, {"GW1": "America/New_York"})
    settle(con, {})
    assert utc(con) == [datetime(2007, 9, 3, 11)]
    assert zone_of(con) == ("America/New_York", "--tz")


def test_a_zone_that_was_told_is_not_written_to_logs_whose_lines_tell_theirs(
    con: Connection,
) -> None:
    told = {"source_id": 1, "path": "nc.log", "format": "smtpsvc_ncsa", "host": "GW1", "run_id": 1}
    told |= {"zone": "UTC", "zone_known_by": "offset", "status": "loaded", "records": 1, "rows": 1}
    told |= {"duplicates": 0, "rejects": 0, "recovered": 0}
    insert(con, "source", pl.DataFrame([told]))
    settle(con, {"GW1": "America/New_York"})
    assert zone_of(con) == ("UTC", "offset")


def test_a_star_stands_for_hosts_that_are_not_named(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW1")
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW2", source_id=2)
    settle(con, {"*": "UTC+03:00", "GW2": BERLIN})
    assert (utc(con), utc(con, 2)) == ([datetime(2007, 9, 3, 4)], [datetime(2007, 9, 3, 5)])


def test_the_only_known_zone_is_a_guess_for_all_others(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW9")
    add_event(con, 6013, ["", "", "", "", "86400", "60", "-60 W. Europe Standard Time"], host="GW1")
    settle(con, {})
    assert zone_of(con) == (BERLIN, "guess")


def test_a_declared_host_that_no_log_names_is_no_guess_for_others(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW9")
    settle(con, {"NOSUCH": BERLIN})
    assert zone_of(con) == (None, None)


def test_without_any_witness_the_zone_stays_unknown_and_times_as_written(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 3, 7)], host="GW9")
    settle(con, {})
    assert zone_of(con) == (None, None)
    assert utc(con) == [datetime(2007, 9, 3, 7)]


def test_a_renamed_host_keeps_one_name(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 2, 7)], host="OLDNAME")
    add_event(con, 6011, ["OLDNAME", "NEWNAME"], host="NEWNAME")
    settle(con, {})
    assert {row["host"] for row in ask(con, "FROM source")} == {"NEWNAME"}
    assert {row["host"] for row in ask(con, "FROM smtp_event")} == {"NEWNAME"}


def test_an_old_name_that_another_machine_took_over_stays_its_own(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 12, 1, 7)], host="OLDNAME")
    con.execute("UPDATE source SET last_ts = TIMESTAMP '2007-12-01 07:00:00'").fetchall()
    add_event(con, 6011, ["OLDNAME", "NEWNAME"], host="NEWNAME")
    settle(con, {})
    assert {row["host"] for row in ask(con, "FROM smtp_event")} == {"OLDNAME"}


def test_a_netbios_name_cut_after_15_characters_is_the_whole_name(con: Connection) -> None:
    add_local_log(con, [datetime(2007, 9, 2, 7)], host="EXCHANGE-SERVER")
    add_local_log(con, [datetime(2007, 9, 2, 8)], host="EXCHANGE-SERVER-01", source_id=2)
    settle(con, {})
    assert {row["host"] for row in ask(con, "FROM smtp_event")} == {"EXCHANGE-SERVER-01"}


def test_a_cut_name_of_two_hosts_names_neither(con: Connection) -> None:
    names = ["EXCHANGE-SERVER", "EXCHANGE-SERVER-01", "EXCHANGE-SERVER-02"]
    for number, host in enumerate(names, 1):
        add_local_log(con, [datetime(2007, 9, 2, 7)], host=host, source_id=number)
    settle(con, {})
    assert {row["host"] for row in ask(con, "FROM smtp_event")} == set(names)


@pytest.mark.parametrize(
    "told",
    [
        "GW1",
        "GW1=",
        "=",
        "GW1=Mars/Base",
        "Europe/Berlin",
        "=UTC",
        "a=b=UTC",
        "GW1=UTC+02:75",
        "GW1=localtime",
    ],
)
def test_a_zone_that_is_none_is_the_users_mistake(told: str) -> None:
    with pytest.raises(LogpipeError, match="give HOST=ZONE"):
        read_zones([told])


def test_declared_hosts_are_short_and_upper_case() -> None:
    assert read_zones(["gw1.corp.example=W. Europe Standard Time"]) == {"GW1": BERLIN}
