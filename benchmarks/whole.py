"""Analyses one large folder: ``python -m benchmarks.whole 20GB --folder DIR``.

Prints a line in Markdown: records, CPU seconds, seconds by the clock, peak MiB of memory, the size
of the store, and whether the books of every file balance. A folder that is there already is used as
it is; without ``--folder`` it is generated into a scratch folder, which needs twice its size.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks._paired import measure
from benchmarks.generate import folder, size_of

HEAD = (
    "| input | files | records | CPU s / wall s / peak MiB | store | books |\n"
    "|---|---|---|---|---|---|"
)


def whole(logs: Path, out: Path) -> str:
    """Return the line of one folder."""
    size = sum(path.stat().st_size for path in logs.rglob("*"))
    cost = measure("analyze", str(logs), str(out))
    store = (out / "logpipe.duckdb").stat().st_size
    files, records, odd = cost.said.splitlines()[-1].split()
    balanced = "all balance" if odd == "0" else f"{odd} do not balance"
    return (
        f"| {size / 1e9:.1f} GB | {files} | {int(records):,} | "
        f"{cost.cpu:,.0f} / {cost.wall:,.0f} / {cost.peak:,.0f} | {store / 1e9:.1f} GB | "
        f"{balanced} |"
    )


def main() -> None:
    """Generate the folder where it is not there, and analyse it."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("size", nargs="?", default="20GB")
    words.add_argument("--folder", type=Path, help="where the input is, or goes, and is kept")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="logpipe-whole-") as scratch:
        logs = asked.folder or Path(scratch) / "logs"
        if not logs.exists():
            folder(logs, size_of(asked.size))
        print(f"{HEAD}\n{whole(logs, Path(scratch) / 'out')}")  # noqa: T201


if __name__ == "__main__":
    main()
