"""Mutated files for every reader: ``python -m benchmarks.fuzz [reader…] --count 10000 --seed 7``.

Each file is loaded by the reader it is made for, whatever it has become, as ingest loads it. What
must hold: no exception, nothing that takes longer than ``SLOWEST``, books that balance and agree
with the tables. A file that breaks this is kept, and its path printed. With ``--log FILE`` each
finished portion is a line there, and a run that is begun again goes on behind them.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import starmap
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from benchmarks._trial import Trial, try_files
from benchmarks.mutate import mutants
from benchmarks.seeds import seeds
from logpipe.formats import all_formats

PORTION = 500  # files to one line of the log
LINE = re.compile(r"(\w+) +seed (\d+) +files +(\d+)- *(\d+): (\d+) broke")


class Portion(NamedTuple):
    """Some of the files of one reader, of which the seed and the first one's number tell all."""

    reader: str
    seed: int
    first: int
    files: int

    def words(self) -> str:
        """Return how the log names it."""
        last = self.first + self.files - 1
        return f"{self.reader:16} seed {self.seed}  files {self.first:5}-{last:5}"


class Result(NamedTuple):
    """What one portion gave: a line for each find, seconds, and the CPU seconds of the worst."""

    finds: list[str]
    seconds: float
    slowest: float


def fuzz(portion: Portion, keep: Path, corpus: Path | None = None) -> Result:
    """Load one portion; files that break something go to ``keep``."""
    began = monotonic()
    (format_,) = (each for each in all_formats() if each.name == portion.reader)
    word = f"{portion.reader} {portion.seed} {portion.first}"
    files = mutants(seeds(format_, corpus), word, portion.files)
    finds, slowest = list[str](), 0.0
    for trial in try_files(format_, files):
        slowest = max(slowest, trial.seconds)
        if trial.words:
            finds.append(_kept(trial, portion, keep))
    return Result(finds, monotonic() - began, slowest)


def _kept(trial: Trial, portion: Portion, keep: Path) -> str:
    """Keep the file of a find; returns its path and what was wrong."""
    keep.mkdir(exist_ok=True)
    path = keep / f"{portion.reader}-{portion.seed}-{portion.first + trial.number}"
    path.write_bytes(trial.data)
    return f"{path}: {trial.words}"


def portions(readers: Iterable[str], count: int, seed: int, done: str) -> list[Portion]:
    """Return what is to be done and is not in the text of the log yet, reader by reader."""
    finished = {(match[1], int(match[2]), int(match[3])) for match in LINE.finditer(done)}
    return [
        Portion(reader, seed, first, min(PORTION, count - first))
        for reader in readers
        for first in range(0, count, PORTION)
        if (reader, seed, first) not in finished
    ]


def table(done: str) -> str:
    """Return what a log says as a table: files and breaks for each reader."""
    files: dict[str, int] = {}
    broke: dict[str, int] = {}
    for name, _, first, last, finds in LINE.findall(done):
        files[name] = files.get(name, 0) + int(last) - int(first) + 1
        broke[name] = broke.get(name, 0) + int(finds)
    rows = [f"{name:16} {files[name]:>9,} {broke[name]:>6}" for name in sorted(files)]
    return "\n".join([f"{'reader':16} {'files':>9} {'broke':>6}", *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    """Fuzz the named readers, or all of them; exits with 1 where something broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("reader", nargs="*", help="names of formats; all of them without any")
    parser.add_argument("--count", type=int, default=10_000, help="files for each reader")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"), help="where finds go")
    parser.add_argument("--log", type=Path, help="where finished portions are written down")
    parser.add_argument("--corpus", type=Path, help="a folder of real files, mutated too")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    told = parser.parse_args(arguments)
    done = told.log.read_text("utf-8") if told.log and told.log.exists() else ""
    readers = told.reader or [format_.name for format_ in all_formats()]
    todo = portions(readers, told.count, told.seed, done)
    work = partial(fuzz, keep=told.keep, corpus=told.corpus)
    with ProcessPoolExecutor(told.jobs) as pool:
        results = pool.map(work, todo) if told.jobs > 1 else map(work, todo)
        for line in starmap(_line, zip(todo, results, strict=True)):
            print(line, flush=True)  # noqa: T201
            done += line + "\n"
            if told.log:
                with told.log.open("a", encoding="utf-8") as log:
                    log.write(line + "\n")
    print(table(done))  # noqa: T201
    sys.exit(1 if re.search(r": [1-9]\d* broke", done) else 0)


def _line(portion: Portion, result: Result) -> str:
    pace = f"{portion.files / result.seconds:.0f} a second, the slowest {result.slowest:.1f} s"
    told = f"{portion.words()}: {len(result.finds)} broke, {pace}"
    return "\n    ".join([told, *result.finds])


if __name__ == "__main__":
    main()
