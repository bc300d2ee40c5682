"""Mutated files for every reader: ``python -m benchmarks.fuzz [reader…] --count 10000 --seed 1``.

Each file is loaded by the reader it is made for, whatever it has become, as ingest loads it. What
must hold: no exception, no file that takes longer than ``SLOWEST``, books that balance and agree
with the tables. A file that breaks this is kept, and its path printed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from unittest import mock

from benchmarks.mutate import mutate
from logpipe import ingest
from logpipe.formats import all_formats
from logpipe.model import Format, Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

ROOT = Path(__file__).parents[1] / "samples"
BUNDLES = {  # formats whose samples lie in the bundles
    "evt": "healthy/RELAY1/SysEvent.Evt",
    "evtx": "healthy/EX16/System.evtx",
    "smtpsvc_w3c": "healthy/**/ex*.log",
    "tracking_2003": "exchange2003/**/2007*.log",
    "tracking_2007": "healthy/**/MSGTRK*.LOG",
}
LARGEST = 48 << 10  # of a sample that is mutated: more shows nothing else, only slower
SLOWEST = 20.0  # seconds; a machine under load takes its time over 2.5 MB in one line
FRESH = 250  # files to one store: mutated copies overlap, and that is tried too


def samples(name: str) -> list[bytes]:
    """Return the samples of a format, the large ones cut."""
    found = sorted((ROOT / "inputs" / name).glob("**/*"))
    if name in BUNDLES:
        found += sorted(ROOT.glob(BUNDLES[name]))[:2]
    whole = [path.read_bytes() for path in found if path.is_file()]
    binary = name in ("evt", "evtx", "blg")
    return [data if binary else data[:LARGEST] for data in whole]


@contextmanager
def claimed_by(format_: Format) -> Iterator[None]:
    """Let ingest take every file for one of this format."""
    with mock.patch.object(ingest, "identify", return_value=[format_]):
        yield


def fault(con: Connection, source: Source, table: str, seconds: float) -> str | None:
    """Return what is wrong with how one file was taken, or None."""
    if seconds > SLOWEST:
        return f"took {seconds:.0f} s"
    if source.status in ("unknown", "failed", "known", "duplicate"):
        return None
    if source.records != source.rows + source.duplicates + source.rejects:
        parts = f"{source.rows} + {source.duplicates} + {source.rejects}"
        return f"books: {source.records} records = {parts}"
    refused = "SELECT count(DISTINCT record) AS n FROM reject WHERE source_id = $id"
    if ask(con, refused, {"id": source.source_id})[0]["n"] != source.rejects:
        return f"{source.rejects} rejects, but not as many in the table"
    loaded = f"SELECT count(*) > 0 AS n FROM {table} WHERE source_id = $id"
    if source.rows and not ask(con, loaded, {"id": source.source_id})[0]["n"]:
        return f"{source.rows} rows, but none in the table"
    return None


def fuzz(format_: Format, count: int, seed: int, keep: Path) -> list[str]:
    """Load ``count`` mutated files; returns what went wrong, a line for each."""
    rng = Random(f"{format_.name} {seed}")  # noqa: S311 - the same files each time are wanted
    originals, wrong = samples(format_.name), list[str]()
    done = 0
    while done < count:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, claimed_by(format_):  # noqa: SIM117
            with open_store(Path(folder) / "x.duckdb") as con:
                for number in range(min(FRESH, count - done)):
                    file = Path(folder) / f"{number}.log"
                    data = mutate(rng.choice(originals), rng)
                    file.write_bytes(data)
                    if words := _try(con, file, format_):
                        kept = keep / f"{format_.name}-{seed}-{done + number}"
                        kept.write_bytes(data)
                        wrong.append(f"{kept}: {words}")
                    file.unlink()
                    if wrong and "raised" in wrong[-1]:
                        done += number + 1
                        break
                else:
                    done += min(FRESH, count - done)
    return wrong


def _try(con: Connection, file: Path, format_: Format) -> str | None:
    """Load one file and say what is wrong with how it went."""
    began = time.monotonic()
    data = file.read_bytes()
    try:
        for other in all_formats():
            other.sniff(data[: ingest.HEAD])
        source = ingest.ingest_file(con, Offer(file, len(data)), 1)
    except Exception as error:  # noqa: BLE001 - whatever comes out is a finding
        return f"raised {type(error).__name__}: {str(error)[:300]}"
    return fault(con, source, format_.table, time.monotonic() - began)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fuzz the named readers, or all of them; exits with 1 where something broke."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("reader", nargs="*", help="names of formats; all of them without any")
    parser.add_argument("--count", type=int, default=10_000, help="files for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"), help="where finds go")
    told = parser.parse_args(arguments)
    told.keep.mkdir(exist_ok=True)
    broken = 0
    for format_ in all_formats():
        if told.reader and format_.name not in told.reader:
            continue
        began = time.monotonic()
        wrong = fuzz(format_, told.count, told.seed, told.keep)
        broken += len(wrong)
        pace = told.count / (time.monotonic() - began)
        print(f"{format_.name:18} {told.count:,} files, {len(wrong)} broke, {pace:.0f} a second",  # noqa: T201
              flush=True)  # fmt: skip
        for line in wrong:
            print(f"    {line}", flush=True)  # noqa: T201
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
