"""Leaks, caches, loads and restarts in generated series are told apart, whatever the seed."""

# ruff: noqa: DTZ001 - the store keeps naive UTC
import math
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from logpipe.analyze import detect, ingest, queue_at
from logpipe.derived import rebuild_derived
from logpipe.rules import load_rules
from logpipe.store import Connection, ask, insert, open_store

MIB = 1048576
MONDAY = datetime(2007, 9, 3)
SEEDS = range(6)
COUNTERS = {"private": "Private Bytes", "working": "Working Set", "id": "ID Process"}

# the memory of a process in MiB after so many hours, at a time of day and week
Shape = Callable[[float, datetime], float | None]


def load(at: datetime, peak: float) -> float:
    """What office hours add: nothing at night, a fifth on weekends."""
    if not 7 <= at.hour < 19:
        return 0.0
    share = 0.2 if at.weekday() >= 5 else 1.0
    return peak * share * math.sin((at.hour + at.minute / 60 - 7) / 12 * math.pi)


def worked(hours: float) -> float:
    """Office hours from Monday on, weekends without any."""
    week, rest = divmod(hours, 168)
    day, hour = divmod(rest, 24)
    return (week * 5 + min(day, 5)) * 12 + (min(max(hour - 7, 0), 12) if day < 5 else 0)


SHAPES: dict[str, Shape] = {
    "leak": lambda h, _: 120 + 1.5 * h,
    "leak under load": lambda h, at: 120 + 1.5 * h + load(at, 40),
    "leak in office hours": lambda h, _: 120 + 2.0 * worked(h),
    "plateau": lambda h, _: 120 + 2.5 * min(h, 60),
    "warm-up": lambda h, _: 120 + 150 * (1 - math.exp(-h / 6)),
    "cache filled in a day": lambda h, at: 120 + 5 * min(h, 24) + load(at, 20),
    "load": lambda _, at: 120 + load(at, 80),
    "flat": lambda _h, _at: 120,
    "falling": lambda h, _: 220 - 0.7 * h,
    "gap": lambda h, _: None if 60 <= h < 64 else 120 + 1.5 * h,
    "saw-tooth": lambda h, _: 120 + 2 * (h % 48),
    "night of Sunday": lambda h, at: 120 + load(at, 60) + 0.02 * h,
}


class Series:
    """Counters of hosts, one host a series, that go into one store."""

    def __init__(self) -> None:
        self.counters: list[dict[str, Any]] = []
        self.samples: list[dict[str, Any]] = []

    def add(
        self, host: str, shape: Shape, *, days: float, seed: int = 0, measure: str = "private",
        noise: float = 2.0, start: datetime = MONDAY, step_min: int = 30,
        instance: str = "inetinfo",
    ) -> None:  # fmt: skip
        number = len(self.counters) + 1
        rng = random.Random(f"{host}{seed}")  # noqa: S311 - a repeatable series
        self.counters.append({
            "counter_id": number, "path": f"{host}{instance}{measure}", "host": host,
            "object": "Process", "instance": instance, "counter": COUNTERS[measure],
        })  # fmt: skip
        for n in range(int(days * 1440 / step_min)):
            at = start + timedelta(minutes=n * step_min)
            value = shape(n * step_min / 60, at)
            if value is None:
                continue
            size = value if measure == "id" else (value + rng.gauss(0, noise)) * MIB
            self.samples.append({
                "source_id": 1, "record": n + 1, "ts": at, "host": host, "counter_id": number,
                "value": float(size),
            })  # fmt: skip

    def store(self, con: Connection) -> None:
        con.execute(
            "INSERT INTO source BY NAME SELECT 1 AS source_id, 'p.csv' AS path, "
            "'pdh_csv' AS format, 1 AS records, 1 AS rows, 0 AS duplicates, 0 AS rejects, "
            "0 AS recovered, 'loaded' AS status, 1 AS run_id"
        ).fetchall()
        insert(con, "counter", pl.DataFrame(self.counters))
        insert(con, "counter_sample", pl.DataFrame(self.samples))


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        yield con


def trends(con: Connection, host: str) -> list[dict[str, Any]]:
    return ask(
        con, "FROM memory_trend WHERE host = $host ORDER BY measure, seg_from", {"host": host}
    )


def kinds(con: Connection, host: str) -> list[str]:
    return [row["kind"] for row in trends(con, host)]


def test_kinds_hold_for_every_seed(con: Connection) -> None:
    series = Series()
    wanted: dict[str, list[str]] = {}
    for seed in SEEDS:
        for name, days, expected in (
            ("leak", 2, ["leak"]),
            ("leak", 6, ["leak"]),
            ("leak", 12, ["leak"]),
            ("leak under load", 3, ["leak"]),
            ("leak under load", 8, ["leak"]),
            ("leak in office hours", 5, ["leak"]),
            ("leak in office hours", 7, ["leak"]),
            ("plateau", 6, ["plateau"]),
            ("plateau", 9, ["plateau"]),
            ("warm-up", 3, ["warm-up"]),
            ("cache filled in a day", 2.5, ["warm-up"]),
            ("cache filled in a day", 4, ["warm-up"]),
            ("load", 1.5, ["flat"]),
            ("load", 3, ["flat"]),
            ("load", 9, ["flat"]),
            ("flat", 6, ["flat"]),
            ("falling", 5, ["falling"]),
            ("gap", 6, ["leak", "leak"]),
            ("saw-tooth", 6, ["leak", "leak", "leak"]),
            ("leak", 0.9, ["short"]),
        ):
            host = f"{name} {days} {seed}".upper()
            series.add(host, SHAPES[name], days=days, seed=seed)
            wanted[host] = expected
        host = f"SUNDAY {seed}"  # a log that begins on a weekend sees more load every day
        sunday = MONDAY - timedelta(days=1)
        series.add(host, SHAPES["night of Sunday"], days=3.5, seed=seed, start=sunday)
        wanted[host] = ["flat"]
    series.store(con)
    rebuild_derived(con)
    assert {host: kinds(con, host) for host in wanted} == wanted


def test_slope_and_growth_are_those_of_the_series(con: Connection) -> None:
    series = Series()
    series.add("GW1", SHAPES["leak under load"], days=6)
    series.store(con)
    rebuild_derived(con)
    (row,) = trends(con, "GW1")
    assert row["slope_per_h"] / MIB == pytest.approx(1.5, rel=0.03)
    assert row["growth"] / MIB == pytest.approx(215, rel=0.03)
    assert (row["ended_by"], row["seg_from"]) == ("end", MONDAY)
    assert row["source_id"] == 1
    assert row["record"] == 1


def test_a_working_set_that_is_trimmed_is_no_restart(con: Connection) -> None:
    series = Series()
    series.add("GW1", SHAPES["leak"], days=4)
    series.add("GW1", lambda h, _: 110 + 1.5 * h if h < 80 else 40, days=4, measure="working")
    series.store(con)
    rebuild_derived(con)
    assert [(row["measure"], row["kind"], row["ended_by"]) for row in trends(con, "GW1")] == [
        ("private", "leak", "end"),
        ("working", "flat", "end"),
    ]


def test_another_process_id_is_a_restart_and_the_same_one_bridges_a_gap(con: Connection) -> None:
    series = Series()
    series.add("CUT", SHAPES["flat"], days=4)
    series.add("CUT", lambda h, _: 1500 if h < 50 else 1720, days=4, measure="id")
    series.add("SAME", SHAPES["gap"], days=4)
    series.add("SAME", lambda h, _: None if 60 <= h < 64 else 1500, days=4, measure="id")
    series.store(con)
    rebuild_derived(con)
    assert [(row["kind"], row["ended_by"]) for row in trends(con, "CUT")] == [
        ("flat", "restart"),
        ("flat", "end"),
    ]
    assert [(row["kind"], row["ended_by"]) for row in trends(con, "SAME")] == [("leak", "end")]


def test_the_same_process_written_otherwise_and_its_restart_in_the_event_log(
    con: Connection,
) -> None:
    series = Series()
    series.add("EX50", SHAPES["leak"], days=4, instance="STORE")
    series.store(con)
    at = MONDAY + timedelta(hours=50)
    for record, (word, ts) in enumerate(
        (("stopped", at), ("running", at + timedelta(minutes=1))), 1
    ):
        con.execute(
            "INSERT INTO windows_event BY NAME SELECT 1 AS source_id, $record AS record, "
            "$ts AS ts, 'EX50' AS host, 'Service Control Manager' AS provider, 7036 AS event_id, "
            "['Microsoft Exchange Information Store', $word] AS strings, false AS recovered",
            {"record": record, "ts": ts, "word": word},
        ).fetchall()
    rebuild_derived(con)
    first, second = trends(con, "EX50")
    assert (first["process"], first["ended_by"], first["cut_at"]) == ("store", "restart", at)
    assert (first["kind"], second["kind"]) == ("leak", "leak")


def test_growth_goes_with_new_domains_and_not_with_messages(con: Connection) -> None:
    rng = random.Random(7)  # noqa: S311 - a repeatable series
    hours = 72
    new = [rng.randrange(0, 30) for _ in range(hours)]
    mail = [rng.randrange(30, 60) for _ in range(hours)]

    def grown(h: float) -> float:
        return sum(new[: int(h)]) + new[int(h)] * (h % 1)

    series = Series()
    series.add("GW1", lambda h, _: 100 + 0.2 * grown(h), days=3, noise=0.1)
    series.store(con)
    rows: list[dict[str, Any]] = []
    domain = 0
    for hour in range(hours):
        for n in range(mail[hour]):
            at = MONDAY + timedelta(hours=hour, minutes=n)
            domain += n < new[hour]
            name = f"d{domain}" if n < new[hour] else "d1"
            common = {
                "source_id": 1, "recipient_no": 1, "host": "GW1",
                "message_id": f"{hour}.{n}@gw1", "recipient": f"x@{name}.example",
            }  # fmt: skip
            rows += [
                common | {"record": 2 * len(rows) + 1, "ts": at, "event": "1019", "class": "enter"},
                common | {"record": 2 * len(rows) + 2, "ts": at, "event": "1031", "class": "ok"},
            ]
    insert(con, "tracking_event", pl.DataFrame(rows))
    con.execute(
        "UPDATE source SET format = 'tracking_2003', host = 'GW1', first_ts = $a, last_ts = $b",
        {"a": MONDAY, "b": MONDAY + timedelta(hours=hours)},
    ).fetchall()
    rebuild_derived(con)
    (row,) = ask(con, "FROM leak_covariate")
    assert (row["process"], row["new_domains"], row["messages"]) == ("inetinfo", domain, sum(mail))
    assert row["outbound_share"] == pytest.approx(1)
    assert row["corr_new_domains"] > 0.6
    assert abs(row["corr_messages"]) < 0.3
    assert row["imap_sessions"] is None
    assert row["auth_failures"] is None
    assert row["corr_auth_failures"] is None


def test_values_that_no_counter_can_have_are_no_process_no_memory_and_no_queue(
    con: Connection, tmp_path: Path
) -> None:
    names = (
        r"Process(inetinfo)\ID Process", r"Process(inetinfo)\Private Bytes",
        r"Memory\Available MBytes", r"SMTP Server(_Total)\Remote Queue Length",
        r"MSExchangeImap4\Current Connections",
    )  # fmt: skip
    lines = ['"(PDH-CSV 4.0) (UTC)(0)",' + ",".join(rf'"\\H1\{name}"' for name in names)]
    for hour in range(24):
        process = "1e308" if hour % 2 else "1432"
        values = (process, f"{hour + 1}e306", "1e308", f"{hour + 1}e305", "1e308")
        stamp = f'"09/03/2007 {hour:02}:00:00.000"'
        lines.append(stamp + "," + ",".join(f'"{value}"' for value in values))
    (tmp_path / "odd.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    ingest(con, [tmp_path / "odd.csv"])
    detect(con, load_rules())
    assert ask(con, "FROM memory_cut") == ask(con, "FROM memory_hour") == []
    assert ask(con, "FROM finding WHERE rule <> 'log-gap'") == []
    seen = queue_at(con, datetime(2007, 9, 3, 5), None)
    assert [row for row in seen.rows if row[seen.names.index("seen")] is not None] == []
