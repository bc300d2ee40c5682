"""One measured job in a process of its own: ``python -m benchmarks._job ingest big.log store.db``.

The raw engines do no more than the work itself, written as one would by hand.
"""

import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks._paired import drop

TRACKING_TYPES = {"date-time": "TIMESTAMP", "total-bytes": "BIGINT", "recipient-count": "INTEGER"}
W3C_TYPES = {
    "date": "DATE", "time": "TIME", "s-port": "INTEGER", "sc-status": "SMALLINT",
    "sc-win32-status": "BIGINT", "sc-bytes": "BIGINT", "cs-bytes": "BIGINT", "time-taken": "BIGINT",
}  # fmt: skip
TRACKING_HOW = "delim = ',', quote = '\"', escape = '\"', skip = 5"
W3C_HOW = "delim = ' ', quote = '', escape = '', skip = 4, nullstr = '-'"
HERE = Path(__file__).parent


def ingest(path: str, store: str) -> None:
    """Load files as ``logpipe ingest`` does; says the rows and what is not whole."""
    from logpipe.analyze import ingest as load  # noqa: PLC0415 - the raw jobs need none of it
    from logpipe.store import open_store  # noqa: PLC0415

    drop(Path(store))
    with open_store(Path(store)) as con:
        sources = load(con, [Path(path)])
    odd = [s for s in sources if s.records != s.rows + s.duplicates + s.rejects or not s.rows]
    print(f"{sum(s.rows for s in sources):,} rows, {len(odd)} odd")  # noqa: T201


def analyze(path: str, out: str) -> None:
    """Do what ``logpipe analyze`` does; says files, records, and books that do not balance."""
    from logpipe.analyze import analyze as run  # noqa: PLC0415
    from logpipe.rules import load_rules  # noqa: PLC0415

    sources = run([Path(path)], Path(out), load_rules(None), force=False)["sources"]
    odd = [s for s in sources if s["records"] != s["rows"] + s["duplicates"] + s["rejects"]]
    print(len(sources), sum(s["records"] for s in sources), len(odd))  # noqa: T201


def detect(store: str) -> None:
    """Make the derived tables of a store and run all rules; says tracking rows and incidents."""
    from logpipe.analyze import detect as run  # noqa: PLC0415
    from logpipe.rules import load_rules  # noqa: PLC0415
    from logpipe.store import ask, open_store  # noqa: PLC0415

    counts = (
        "SELECT (SELECT count(*) FROM tracking_event) AS a, (SELECT count(*) FROM incident) AS b"
    )
    with open_store(Path(store)) as con:
        run(con, load_rules(None))
        print(*ask(con, counts)[0].values())  # noqa: T201


def files(path: str, store: str) -> None:
    """Load small files one by one; says milliseconds per file, first and last hundred."""
    from logpipe.ingest import begin_run, ingest_file  # noqa: PLC0415
    from logpipe.offers import find_files  # noqa: PLC0415
    from logpipe.store import open_store, transaction  # noqa: PLC0415

    drop(Path(store))
    times = []
    with open_store(Path(store)) as con:
        offers = sorted(find_files([Path(path)]), key=lambda offer: offer.path.name[-9:])
        with transaction(con):
            run_id = begin_run(con, [Path(path)], len(offers))
        for offer in offers:
            begun = time.process_time()
            ingest_file(con, offer, run_id)
            times.append(time.process_time() - begun)
    _say_growth(times)


def members(path: str, store: str) -> None:
    """Load small files out of one archive; says milliseconds per W3C log, first and last hundred.

    Of one kind, as members come by size, and so the kinds one after the other.
    """
    from logpipe import ingest_archive  # noqa: PLC0415
    from logpipe.ingest import begin_run, ingest_file  # noqa: PLC0415
    from logpipe.offers import find_files  # noqa: PLC0415
    from logpipe.store import open_store, transaction  # noqa: PLC0415

    drop(Path(store))
    ends: list[float] = []

    def timed(con: Any, offer: Any, run_id: int) -> Any:
        source = ingest_file(con, offer, run_id)
        if "!ex" in offer.shown:
            ends.append(time.process_time())
        return source

    with open_store(Path(store)) as con:
        offers = find_files([Path(path)])
        with transaction(con):
            run_id = begin_run(con, [Path(path)], len(offers))
        with mock.patch.object(ingest_archive, "ingest_file", timed):
            ingest_archive.ingest_offer(con, offers[0], run_id)
    _say_growth([after - before for before, after in pairwise(ends)])


def _say_growth(times: list[float]) -> None:
    first, last = (sum(part) / len(part) * 1000 for part in (times[:100], times[-100:]))
    print(f"{first:.1f} {last:.1f}")  # noqa: T201


def raw_tracking(path: str, store: str) -> None:
    """CREATE TABLE AS from read_csv, unordered: the columns of a tracking log, typed."""
    _raw_csv(path, store, _tracking(), TRACKING_HOW, "FROM log")


def raw_tracking_event(path: str, store: str) -> None:
    """CREATE TABLE AS from read_csv, unordered: the columns of table tracking_event."""
    _raw_csv(path, store, _tracking(), TRACKING_HOW, (HERE / "raw_tracking.sql").read_text("utf-8"))


def raw_w3c(path: str, store: str) -> None:
    """CREATE TABLE AS from read_csv, unordered: the columns of a W3C log, typed."""
    _raw_csv(path, store, _w3c(), W3C_HOW, "FROM log")


def raw_smtp_event(path: str, store: str) -> None:
    """CREATE TABLE AS from read_csv, unordered: the columns of table smtp_event."""
    _raw_csv(path, store, _w3c(), W3C_HOW, (HERE / "raw_w3c.sql").read_text("utf-8"))


def _tracking() -> dict[str, str]:
    from samples.generator.tracking2016 import FIELDS  # noqa: PLC0415

    return {name: TRACKING_TYPES.get(name, "VARCHAR") for name in FIELDS.split(",")}


def _w3c() -> dict[str, str]:
    from samples.generator.w3c import FIELDS  # noqa: PLC0415

    return {name: W3C_TYPES.get(name, "VARCHAR") for name in FIELDS.split()}


def _raw_csv(path: str, store: str, columns: dict[str, str], how: str, select: str) -> None:
    import duckdb  # noqa: PLC0415

    drop(Path(store))
    con = duckdb.connect()
    con.execute(f"ATTACH '{store}' AS store (STORAGE_VERSION 'v1.5.0')")
    con.execute("SET memory_limit = '900MB'; SET preserve_insertion_order = false")
    typed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    con.execute(
        f"CREATE TEMP VIEW log AS FROM read_csv('{path}', auto_detect = false, header = false, "
        f"{how}, columns = {{{typed}}})"
    )
    con.execute(f"CREATE TABLE store.log AS {select}")
    print(con.execute("SELECT count(*) FROM store.log").fetchall()[0][0])  # noqa: T201
    con.close()


def raw_evtx(path: str, _: str) -> None:
    """Decode every record to JSON with the evtx reader."""
    from evtx import PyEvtxParser  # noqa: PLC0415

    print(sum(1 for _ in PyEvtxParser(path, number_of_threads=1).records_json()))  # noqa: T201


def raw_evt(path: str, _: str) -> None:
    """Read with libevt what a row of ours holds."""
    import pyevt  # noqa: PLC0415

    log = pyevt.file()
    log.open(path)
    seen = 0
    for record in log.records:
        read = [record.get_creation_time(), record.source_name, record.computer_name]
        read += [record.identifier, record.event_identifier, record.event_type]
        read += [record.event_category, record.user_security_identifier, *record.strings]
        try:
            seen += record.data is not None
        except OSError:  # no data: libevt raises
            seen += 0
    print(log.number_of_records)  # noqa: T201
    log.close()


RAW = (raw_tracking, raw_tracking_event, raw_w3c, raw_smtp_event, raw_evtx, raw_evt)
JOBS = {job.__name__: job for job in (ingest, analyze, detect, files, members, *RAW)}

if __name__ == "__main__":
    JOBS[sys.argv[1]](*sys.argv[2:])
