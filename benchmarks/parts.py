"""Says what the load of one log costs part by part: ``python -m benchmarks.parts evt --size 25MB``.

CPU seconds by Python's profiler, which makes parts that are Python (decoding of EVT) look dearer
than they are; those inside DuckDB, polars or hashlib it leaves as they are. One process for each
log, so that its start and imports are a part too.
"""

import argparse
import cProfile
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType

from benchmarks.generate import size_of

# words, the module's file, its function; parts do not contain each other
PARTS = (
    ("readers imported, first look", "logpipe/ingest.py", "identify"),
    ("SHA-256", "logpipe/overlap.py", "digests"),
    ("look whether it is plain", "_text/plain.py", "plain"),
    ("EVT: records found", "_event_log/evt_survey.py", "survey"),
    ("EVT: records decoded", "formats/evt.py", "decode"),
    ("EVTX: chunks and sums", "_event_log/evtx_chunks.py", "chunks"),
    ("EVTX: records decoded", "_event_log/evtx_decode.py", "decode"),
    ("load in DuckDB", "logpipe/load.py", "load_batch"),
    ("books counted", "logpipe/store.py", "count_books"),
    ("names and zones settled", "logpipe/settle.py", "settle"),
)


def costs(path: Path, store: Path) -> list[tuple[str, float]]:
    """Load one log and return what each part took, the start of Python left out."""
    from logpipe.analyze import ingest  # noqa: PLC0415 - its import is the first part
    from logpipe.store import open_store  # noqa: PLC0415

    found = [("start, imports", time.process_time())]
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    with open_store(store) as con:
        ingest(con, [path])
    profile.disable()
    taken: defaultdict[tuple[str, str], float] = defaultdict(float)
    for entry in profile.getstats():
        if isinstance(entry.code, CodeType):
            taken[entry.code.co_filename, entry.code.co_name] += entry.totaltime
    for words, file, function in PARTS:
        seconds = sum(t for (f, n), t in taken.items() if n == function and f.endswith(file))
        if seconds:
            found.append((words, seconds))
    return [*found, ("the rest", time.process_time() - sum(t for _, t in found))]


def main() -> None:
    """Print a table for each job of the command line."""
    from benchmarks._paired import compiled  # noqa: PLC0415 - a run of its own needs neither
    from benchmarks.speed import PAIRS  # noqa: PLC0415

    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("jobs", nargs="+", choices=[job for job in PAIRS if "-" not in job])
    words.add_argument("--size", default="250MB")
    asked = words.parse_args()
    for job in asked.jobs:
        with tempfile.TemporaryDirectory(prefix="logpipe-parts-") as folder:
            log = Path(folder) / f"{job}.log"
            PAIRS[job][0](log, size_of(asked.size))
            print(f"\n| {job} {asked.size} | CPU s |\n|---|---|", flush=True)  # noqa: T201
            command = [sys.executable, "-m", "benchmarks.parts", str(log)]
            subprocess.run(command, check=True, env=compiled())  # noqa: S603 - ours


if __name__ == "__main__":
    if Path(sys.argv[-1]).is_file():
        log = Path(sys.argv[1])
        for part, seconds in costs(log, log.with_suffix(".duckdb")):
            print(f"| {part} | {seconds:.2f} |")  # noqa: T201
    else:
        main()
