"""Runs logpipe and the raw engine in turn: ``python -m benchmarks.speed [job ...] [--size 1GB]``.

Prints a table in Markdown: CPU seconds, seconds by the clock, peak MiB of memory, and the ratio of
CPU seconds, the least and the median of all rounds. Inputs are generated into a scratch folder.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks._paired import Cost, measure, pair, row
from benchmarks.generate import evt, evtx, size_of, small, tracking, w3c
from benchmarks.perfmon import compare as perfmon

Write = Callable[[Path, int], None]
# job: writer, the raw job, its share of --size, what is compared with, goal
PAIRS: dict[str, tuple[Write, str, float, str]] = {
    "tracking": (tracking, "raw_tracking_event", 1, "CREATE TABLE AS, same columns; goal 1.15"),
    "tracking-fields": (tracking, "raw_tracking", 1, "CREATE TABLE AS, the file's columns"),
    "w3c": (w3c, "raw_smtp_event", 1, "CREATE TABLE AS, same columns; goal 1.15"),
    "w3c-fields": (w3c, "raw_w3c", 1, "CREATE TABLE AS, the file's columns"),
    "evtx": (evtx, "raw_evtx", 0.4, "bare records_json(); goal 2.5"),
    "evt": (evt, "raw_evt", 0.1, "pyevt; goal 0.2"),
}
JOBS = (*PAIRS, "perfmon", "files", "members", "start")
HEAD = (
    "| job | logpipe: CPU s / wall s / peak MiB | raw: CPU s / wall s / peak MiB "
    "| CPU ratio, least / median | against |\n|---|---|---|---|---|"
)


def compare(job: str, size: int, rounds: int, scratch: Path) -> str:
    """Return the line of one job against its raw engine."""
    write, raw, share, note = PAIRS[job]
    log, store = scratch / f"{job}.log", str(scratch / "store.duckdb")
    write(log, int(size * share))
    megabytes = log.stat().st_size / 1_000_000
    ours, other = pair(["ingest", str(log), store], [raw, str(log), store], rounds)
    log.unlink()
    return row(f"{job} {megabytes:,.0f} MB, {ours[0].said}", ours, other, note)


def small_files(job: str, count: int, rounds: int, scratch: Path) -> str:
    """Return the line of many small files: milliseconds of CPU for the first and last hundred."""
    given = scratch / "small"
    small(given, count)
    if job == "members":
        given = Path(shutil.make_archive(str(scratch / "small"), "zip", given))
    costs: list[Cost] = [
        measure(job, str(given), str(scratch / "store.duckdb")) for _ in range(rounds)
    ]
    times = [tuple(map(float, cost.said.split())) for cost in costs]
    first, last = (statistics.median(one[i] for one in times) for i in (0, 1))
    growth = statistics.median(one[1] / one[0] for one in times)
    cpu, wall = (statistics.median(getattr(c, key) for c in costs) for key in ("cpu", "wall"))
    peak = max(cost.peak for cost in costs)
    return (
        f"| {job} {count:,} of 20 KB | {cpu:.2f} / {wall:.2f} / {peak:.0f} | "
        f"first 100: {first:.1f} ms each, last 100: {last:.1f} ms | {growth:.2f} | "
        "goal 25 ms, growth 1.2 |"
    )


def start(rounds: int, scratch: Path) -> str:
    """Return the line of two commands that do next to nothing: the least CPU seconds of each."""
    store, log = str(scratch / "start.duckdb"), scratch / "start.log"
    tracking(log, 20_000)
    measure("ingest", str(log), store)
    words = {"--help": ["--help"], "query 'SELECT 1'": ["query", "SELECT 1", "--db", store]}
    least = {
        name: min(measure(*said, module="logpipe").cpu for _ in range(max(3, rounds)))
        for name, said in words.items()
    }
    told = ", ".join(f"`logpipe {name}` {cpu:.2f} CPU s" for name, cpu in least.items())
    return f"| start | {told} | | | goals 0.25 and 0.5 |"


def main() -> None:
    """Run the jobs of the command line, all of them where none is named."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("jobs", nargs="*", choices=[*JOBS, []], help="default: all")
    words.add_argument("--size", default="1GB", help="of the text logs; event logs are smaller")
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--files", type=int, default=1000, help="how many small files")
    asked = words.parse_args()
    print(HEAD)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="logpipe-speed-") as folder:
        for job in asked.jobs or JOBS:
            if job in {"files", "members"}:
                line = small_files(job, asked.files, asked.rounds, Path(folder))
            elif job == "start":
                line = start(asked.rounds, Path(folder))
            elif job == "perfmon":
                perfmon(500, 5760, asked.rounds)  # prints its own line
                continue
            else:
                line = compare(job, size_of(asked.size), asked.rounds, Path(folder))
            print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
