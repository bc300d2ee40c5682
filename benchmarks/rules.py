"""Times the derived tables and all rules over tracking rows: ``python -m benchmarks.rules 2 20``.

Words: millions of rows. Prints a line in Markdown for each: CPU seconds, seconds by the clock and
peak MiB of memory of detection alone, and CPU microseconds a row, which stay the same where the
cost is linear. The logs are one server's of 22 hours each, 250 MB, and are removed once loaded.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from benchmarks._paired import measure
from benchmarks.generate import DAY, START, tracking

ROWS = 440_000  # of one day, the least
HEAD = (
    "| tracking rows | loaded: CPU s | detected: CPU s / wall s / peak MiB | CPU \u00b5s a row "
    "| incidents |\n|---|---|---|---|---|"
)


def days(folder: Path, rows: int) -> None:
    """Write so many days that they hold these rows."""
    folder.mkdir()
    for day in range(-(-rows // ROWS)):
        tracking(folder / f"MSGTRK{START.toordinal() + day}-1.LOG", DAY, 1 + 24 * day)


def line(rows: int, scratch: Path) -> str:
    """Return the line of one number of rows."""
    store, logs = str(scratch / "store.duckdb"), scratch / "logs"
    days(logs, rows)
    loaded = measure("ingest", str(logs), store)
    shutil.rmtree(logs)
    cost = measure("detect", store)
    found, incidents = map(int, cost.said.split())
    return (
        f"| {found:,} | {loaded.cpu:,.0f} | {cost.cpu:,.1f} / {cost.wall:,.1f} / {cost.peak:,.0f} "
        f"| {cost.cpu / found * 1e6:.2f} | {incidents} |"
    )


def main() -> None:
    """Run detection for each number of rows of the command line."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("millions", nargs="*", type=float, default=[2, 20])
    print(HEAD)  # noqa: T201
    for millions in words.parse_args().millions:
        with tempfile.TemporaryDirectory(prefix="logpipe-rules-") as scratch:
            print(line(int(millions * 1e6), Path(scratch)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
