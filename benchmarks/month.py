"""A month of nights over a simulated fleet, and whether they tell each incident as it was.

``python -m benchmarks.month --seed 901`` simulates five servers over four weeks, lets their logs
grow night by night, and runs ``logpipe nightly`` over them: one night is missed, one run is killed
again and again, one file comes late, old logs are packed, a clock is set back. Prints what each
night read, told and cost; exit code 1 where something was counted twice, books do not balance,
an incident is new twice, or the store is not the one that a single analysis makes.
"""

import gzip
import os
import signal
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._fleet import Fleet, TextLog, build_fleet, set_back
from logpipe.analyze import analyze, build_report, detect
from logpipe.config import Config, read_config
from logpipe.nightly import run_night
from logpipe.nights import TIMED
from logpipe.report.nights import counted_words
from logpipe.rules import load_rules
from logpipe.store import Connection, ask, open_store

START = datetime.fromisoformat("2017-03-06")  # UTC, a Monday
DAYS = 28
AFTER = 2  # nights after the last log
RUN_AT = timedelta(hours=1, minutes=30)
LATE, LATE_DAY, COMES = "MSGTRK20170311-1.LOG", 5, 9
MISSED, KILLED, PACKED = 11, 14, 18  # nights
SET_BACK = START + timedelta(days=11, hours=12)
BACK_BY = timedelta(minutes=25)
KILLS = (0.5, 1, 2, 3)  # seconds after which the run of one night is killed
SCENARIOS: dict[str, dict[str, Any]] = {
    "gateway2003": {"start": START, "days": DAYS, "healthy_days": 6.4, "restart_day": 13.26},
    "exchange2003": {"start": START, "days": DAYS, "healthy_days": 10.5, "restart_day": 19.2},
    "healthy": {"start": START, "days": DAYS, "transport_restart_day": 16},
}
UNBALANCED = "SELECT count(*) AS n FROM source WHERE records <> rows + duplicates + rejects"


class Told(NamedTuple):
    """What one night cost and told."""

    number: int
    files: int
    records: int
    cpu: float
    words: str
    unbalanced: int


def fleet_of(seed: int) -> Fleet:
    """Simulate the five servers; the clock of one is set back on the way."""
    fleet = build_fleet(SCENARIOS, seed)
    for path, log in fleet.logs.items():
        if "RELAY1" in path and isinstance(log, TextLog):
            fleet.logs[path] = set_back(log, SET_BACK, BACK_BY)
    return fleet


def run_month(fleet: Fleet, config: Config, folder: Path) -> Iterator[Told]:
    """Run the nights, one after the other, and say how each went."""
    rules = load_rules(None)
    late = {path: _night(COMES) for path in fleet.logs if path.endswith(LATE)}
    for number in range(1, DAYS + AFTER + 1):
        if number == MISSED:
            continue
        at = _night(number)
        fleet.write(folder, at, late)
        if number >= PACKED:
            _pack(folder, before=at - timedelta(days=10))
        if number == KILLED:
            _kill(config, at)
        began = time.process_time()
        night = run_night(config, rules, {}, at)
        cpu = time.process_time() - began
        told = night.report["night"]
        with open_store(Path(config.store), read_only=True) as con:
            (books,) = ask(con, UNBALANCED)
        words = counted_words(told["incidents"])
        yield Told(number, told["files"], told["records"], cpu, words, books["n"])


def _night(number: int) -> datetime:
    """Return when the run of a night begins; the first is that after the first day."""
    return START + timedelta(days=number) + RUN_AT


def _pack(folder: Path, before: datetime) -> None:
    """Pack the logs of days before, as administrators' tasks do."""
    for path in sorted(folder.rglob("ex??????.log")):
        if path.stem[2:] < f"{before:%y%m%d}":
            packed = path.with_name(f"{path.name}.gz")
            packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            path.unlink()


def _kill(config: Config, at: datetime) -> None:
    """Begin the run of a night and kill it, later each time."""
    for seconds in KILLS:
        run = get_context("spawn").Process(target=_run, args=(config, at))
        run.start()
        run.join(seconds + 1)  # a second to begin
        if run.is_alive() and run.pid:
            os.kill(run.pid, signal.SIGKILL)
        run.join()


def _run(config: Config, at: datetime) -> None:
    run_night(config, load_rules(None), {}, at)


def faults(con: Connection, whole: Connection) -> Iterator[str]:
    """Say where the store of the nights is not that of one analysis of all."""
    for table in TIMED:
        rows, alone = (
            ask(one, f"SELECT count(*) AS n FROM {table}")[0]["n"] for one in (con, whole)
        )
        if rows != alone:
            yield f"{table}: {rows:,} rows after the nights, {alone:,} in one analysis"
    again = ask(
        con,
        "SELECT known_as, count(*) AS n FROM night_incident WHERE state = 'new' "
        "GROUP BY known_as HAVING count(*) > 1",
    )
    yield from (f"{row['known_as']} was new {row['n']} times" for row in again)
    detect(con, load_rules(None))
    found, alone = ({one["id"] for one in build_report(one)["incidents"]} for one in (con, whole))
    if found != alone:
        yield f"{len(found - alone)} incidents more, {len(alone - found)} less than one analysis"


def stories(con: Connection) -> Iterator[str]:
    """Yield a line for each incident: what each night said of it."""
    rows = ask(
        con,
        "SELECT known_as, any_value(rule) AS rule, any_value(host) AS host, "
        "max(severity) AS severity, string_agg(night_id || ' ' || state, ', ' ORDER BY night_id) "
        "AS states FROM night_incident GROUP BY known_as ORDER BY min(night_id), known_as",
    )
    for row in rows:
        yield f"{row['rule']:20} {row['host'] or '-':8} {row['severity']:8} {row['states']}"


def main() -> int:
    """Print the month; exit code 1 where it is not what it must be."""
    parser = ArgumentParser(prog="python -m benchmarks.month", description=__doc__)
    parser.add_argument("--seed", type=int, default=901)
    asked = parser.parse_args()
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "in").mkdir()
        (root / "logpipe.toml").write_text('folders = ["in"]\n', encoding="utf-8")
        config = read_config(root / "logpipe.toml")
        fleet = fleet_of(asked.seed)
        wrong = []
        say("night files  records   CPU s  told\n")
        for told in run_month(fleet, config, root / "in"):
            say(f"{told.number:5} {told.files:5} {told.records:8,} {told.cpu:7.1f}  {told.words}\n")
            if told.unbalanced:
                wrong.append(f"night {told.number}: {told.unbalanced} books do not balance")
        analyze([root / "in"], root / "out", load_rules(None), force=False)
        with (
            open_store(Path(config.store)) as con,
            open_store(root / "out/logpipe.duckdb", read_only=True) as whole,
        ):
            for line in stories(con):
                say(f"{line}\n")
            wrong += faults(con, whole)
    for line in wrong:
        say(f"wrong: {line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
