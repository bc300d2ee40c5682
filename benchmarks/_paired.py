"""Costs of two programs that do the same work, run in turn, each run a process of its own.

In turn, because a machine that others use is slower in one minute than in the next; processor time,
because the ratio of it holds on such a machine while that of wall time does not.
"""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds of processor and of clock, MiB of memory at most, its words."""

    cpu: float
    wall: float
    peak: float
    said: str


def measure(*words: str, module: str = "benchmarks._job") -> Cost:
    """Run ``python -m`` a module with these words."""
    command = [sys.executable, "-m", module, *words]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=compiled()) as child:  # noqa: S603 - ours
        said = child.stdout.read() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    if child.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said.strip())


def compiled() -> dict[str, str]:
    """Return the environment, with the modules' bytecode kept as an installed program has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def pair(ours: list[str], raw: list[str], rounds: int) -> tuple[list[Cost], list[Cost]]:
    """Run both in turn, ours first in one round, the raw engine first in the next."""
    mine: list[Cost] = []
    other: list[Cost] = []
    for number in range(rounds):
        turns = [(ours, mine), (raw, other)]
        for words, costs in turns if number % 2 == 0 else reversed(turns):
            costs.append(measure(*words))
    return mine, other


def row(name: str, ours: list[Cost], raw: list[Cost], note: str) -> str:
    """Return one line of the table: medians, and the ratio of processor time (least and median)."""
    cells = [name]
    for costs in (ours, raw):
        cpu, wall = (statistics.median(getattr(c, key) for c in costs) for key in ("cpu", "wall"))
        cells.append(f"{cpu:.2f} / {wall:.2f} / {max(cost.peak for cost in costs):.0f}")
    ratios = [one.cpu / other.cpu for one, other in zip(ours, raw, strict=True)]
    cells += [f"{min(ratios):.2f} / {statistics.median(ratios):.2f}", note]
    return "| " + " | ".join(cells) + " |"


def drop(path: Path) -> None:
    """Remove a store and what DuckDB keeps beside it."""
    for name in (path, Path(f"{path}.wal")):
        name.unlink(missing_ok=True)
