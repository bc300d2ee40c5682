"""Times counter logs against DuckDB's own UNPIVOT: ``python -m benchmarks.perfmon 500 5760 3``.

Words: counters, lines, rounds. Product and raw engine run in turn, each run a process of its own.
The raw engine casts and unpivots a typed ``read_csv`` with an integer counter key into the columns
that the product fills, but for the books: it counts nothing and knows no line numbers.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks._paired import Cost, drop, row

POOL = 20_000  # cells to draw lines from: making each anew would take minutes


def generate(path: Path, counters: int, lines: int) -> None:
    """Write a wide log: gauges, percentages with 15 digits, zeros, and one blank in 200."""
    seeded = random.Random(1)  # the same log each time
    draws = (seeded.random() for _ in range(POOL))
    pool = [
        f'"{draw * 2e9:.6f}"' if draw < 0.5 else f'"{draw * 100:.15f}"' if draw < 0.8 else '"0"'  # noqa: PLR2004
        for draw in draws
    ]
    pool += ['" "'] * (POOL // 200)
    seeded.shuffle(pool)
    start = datetime(2007, 9, 3, 7)  # noqa: DTZ001 - wall time
    with path.open("w", encoding="ascii", newline="\r\n") as file:
        names = (rf'"\\GW1\Process(p#{number})\Private Bytes"' for number in range(counters))
        file.write('"(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)",' + ",".join(names) + "\n")
        for number in range(lines):
            wall = start + timedelta(seconds=15 * number)
            cells = ",".join(seeded.choices(pool, k=counters))
            file.write(f'"{wall:%m/%d/%Y %H:%M:%S}.{number % 1000:03}",{cells}\n')


def raw(path: Path, store: Path) -> None:
    """Unpivot with DuckDB alone into the columns that counter_sample has."""
    import duckdb  # noqa: PLC0415 - only this job needs it here

    with path.open(encoding="ascii") as file:
        counters = len(file.readline().split(",")) - 1
    names = [f"c{number}" for number in range(1, counters + 1)]
    typed = ", ".join(f"'{name}': 'DOUBLE'" for name in names)
    con = duckdb.connect()
    con.execute(f"ATTACH '{store}' AS store (STORAGE_VERSION 'v1.5.0')")
    con.execute("SET memory_limit = '900MB'; SET preserve_insertion_order = false")
    con.execute(
        "CREATE TABLE store.counter_sample AS SELECT 1 AS source_id, "
        "strptime(t, '%m/%d/%Y %H:%M:%S.%g') + INTERVAL (-120) MINUTE AS ts, "
        "CAST(NULL AS TIMESTAMP) AS local_ts, 'GW1' AS host, "
        "CAST(name[2:] AS INTEGER) AS counter_id, value "
        "FROM (UNPIVOT (FROM read_csv($path, auto_detect = false, header = true, delim = ',', "
        f"quote = '\"', escape = '\"', nullstr = ' ', columns = {{'t': 'VARCHAR', {typed}}})) "
        f"ON {', '.join(names)} INTO NAME name VALUE value)",
        {"path": str(path)},
    ).fetchall()
    sys.stdout.write(str(con.execute("SELECT count(*) FROM store.counter_sample").fetchall()[0][0]))
    con.close()


def product(path: Path, store: Path) -> None:
    """Load the log as ``logpipe ingest`` does; says how many values came in."""
    from logpipe.analyze import ingest  # noqa: PLC0415 - the raw job needs none of it
    from logpipe.store import ask, open_store  # noqa: PLC0415

    with open_store(store) as con:
        (source,) = ingest(con, [path])
        values = ask(con, "SELECT count(value) AS n FROM counter_sample")[0]["n"]
    if source.status != "loaded":
        raise SystemExit(f"{source.status}: {source.note}")
    sys.stdout.write(str(values))


def measure(job: str, path: Path, store: Path) -> Cost:
    """Run one job in a process of its own, on an empty store."""
    drop(store)
    command = [sys.executable, "-m", "benchmarks.perfmon", job, str(path), str(store)]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - ours
        said = child.stdout.read() if child.stdout else ""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    if child.returncode:
        raise SystemExit(f"{job} ended with {child.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said.strip())


def compare(counters: int, lines: int, rounds: int) -> None:
    """Print one line of a table: cpu s / wall s / peak MiB of both, ratio, values a second."""
    costs: dict[str, list[Cost]] = {"product": [], "raw": []}
    with tempfile.TemporaryDirectory() as folder:
        path, store = Path(folder) / "wide.csv", Path(folder) / "x.duckdb"
        generate(path, counters, lines)
        for turn in range(rounds):
            for job in sorted(costs, reverse=turn % 2 == 1):
                costs[job].append(measure(job, path, store))
    ours = costs["product"]
    if {cost.said for cost in ours} != {cost.said for cost in costs["raw"]}:
        raise SystemExit("the two do not give the same number of values")
    values = int(ours[0].said)
    cpu, wall = (min(getattr(cost, key) for cost in ours) for key in ("cpu", "wall"))
    note = f"{values:,} values; {values / cpu / 1e6:.2f} M/cpu-s, {values / wall / 1e6:.2f} M/s"
    sys.stdout.write(row(f"{counters} counters x {lines:,}", ours, costs["raw"], note) + "\n")


JOBS = {"raw": raw, "product": product}

if __name__ == "__main__":
    if sys.argv[1] in JOBS:
        JOBS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        compare(*map(int, sys.argv[1:4]))
