"""Folders of damaged files through all of analyze: ``python -m benchmarks.fuzz_analyze``.

Each round is a folder with some mutants of every reader, as ``logpipe analyze`` would be given it:
recognised by content, loaded beside each other, clocks and names settled, derived, ruled, reported.
No exception may come out, and all books must balance. A folder that breaks this is kept.
"""

import argparse
import shutil
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from benchmarks._trial import MEMORY
from benchmarks.mutate import mutants
from benchmarks.seeds import seeds
from logpipe.analyze import analyze
from logpipe.formats import all_formats
from logpipe.rules import load_rules


def analyze_round(folder: Path, seed: int, files: int) -> str | None:
    """Fill a folder with mutants, analyze it, and say what was wrong, if anything."""
    inputs = folder / "in"
    for format_ in all_formats():
        own = inputs / format_.name
        own.mkdir(parents=True)
        word = f"{format_.name} analyze {seed}"
        for number, data in enumerate(mutants(seeds(format_), word, files)):
            (own / f"{number}.log").write_bytes(data)
    try:
        report = analyze([inputs], folder / "out", load_rules(), force=True)
    except Exception:  # noqa: BLE001 - whatever comes out is a finding
        return traceback.format_exc(limit=-6)
    uneven = [
        source["path"]
        for source in report["sources"]
        if source["records"] != source["rows"] + source["duplicates"] + source["rejects"]
    ]
    return f"books: {uneven}" if uneven else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run rounds; exits with 1 where one of them broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--files", type=int, default=5, help="files of each reader in a round")
    parser.add_argument("--seed", type=int, default=7, help="of the first round")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"), help="where finds go")
    told = parser.parse_args(arguments)
    broke = 0
    for seed in range(told.seed, told.seed + told.rounds):
        began = monotonic()
        with tempfile.TemporaryDirectory(
            prefix="fuzz-", dir=MEMORY if MEMORY.is_dir() else None
        ) as folder:
            words = analyze_round(Path(folder), seed, told.files)
            if words:
                broke += 1
                shutil.copytree(Path(folder, "in"), told.keep / f"analyze-{seed}")
        print(f"seed {seed}: {words or 'whole'}, {monotonic() - began:.0f} s", flush=True)  # noqa: T201
    sys.exit(1 if broke else 0)


if __name__ == "__main__":
    main()
