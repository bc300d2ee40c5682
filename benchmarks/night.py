"""What a night costs on a year of history, beside the same night on stores that hold less.

``python -m benchmarks.night --days 365`` simulates two servers for so long, loads all but the last
day and runs the night after it: on the store of all days, on one of the days that a night looks
back on, and on an empty one. Prints CPU seconds, records read and the ratios; the goal of
design section 6 is at most 1.2 beside the same night without the history.
"""

import sys
import tempfile
import time
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path

from benchmarks._fleet import Fleet, build_fleet
from benchmarks.month import RUN_AT, START
from logpipe.config import read_config
from logpipe.nightly import Night, run_night
from logpipe.rules import load_rules

LOOK_BACK = 14  # days
ROUNDS = 3


def cost(fleet: Fleet, root: Path, days: int, history: int) -> tuple[list[float], Night]:
    """Return the CPU seconds of the last nights on a store with so many days of history.

    Each night reads one day more; the first is the one after ``days`` less the rounds.
    """
    (root / "in").mkdir(parents=True)
    (root / "logpipe.toml").write_text(
        f'folders = ["in"]\nlook_back_days = {LOOK_BACK}\n', encoding="utf-8"
    )
    config, rules = read_config(root / "logpipe.toml"), load_rules(None)
    first = days - ROUNDS - history
    kept = fleet.since(START + timedelta(days=first))
    seconds = []
    for day in range(days - ROUNDS, days + 1):
        at = START + timedelta(days=day) + RUN_AT
        kept.write(root / "in", at, {})
        began = time.process_time()
        night = run_night(config, rules, {}, at)
        seconds.append(time.process_time() - began)
    return seconds[1:], night


def main() -> int:
    """Print the costs and their ratios."""
    parser = ArgumentParser(prog="python -m benchmarks.night", description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=902)
    asked = parser.parse_args()
    fleet = build_fleet({"healthy": {"start": START, "days": asked.days + 1}}, asked.seed)
    best = {}
    for name, history in (
        (f"{asked.days} days of history", asked.days - ROUNDS),
        (f"the {LOOK_BACK} days it looks back on", LOOK_BACK),
        ("one day of history", 1),
    ):
        with tempfile.TemporaryDirectory() as folder:
            seconds, night = cost(fleet, Path(folder), asked.days, history)
        best[name] = min(seconds)
        told = ", ".join(f"{one:.1f}" for one in seconds)
        read = f"{night.report['night']['files']} files, {night.report['night']['records']:,}"
        sys.stdout.write(f"{name:30} CPU s {told}; the last read {read} records\n")
    whole, *others = best.items()
    for name, seconds_least in others:
        sys.stdout.write(f"{whole[0]} beside {name}: {whole[1] / seconds_least:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
