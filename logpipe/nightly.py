"""One night: read what is new, detect, compare with earlier nights, write a dated report."""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from logpipe.analyze import (
    build_report,
    detect,
    ingest_offers,
    offers_below,
    report_sources,
    write_outputs,
)
from logpipe.config import Config, secret_files
from logpipe.deliver import Sent, deliver_due, wanted
from logpipe.deliver.book import expect
from logpipe.errors import LogpipeError
from logpipe.model import Rule, Source
from logpipe.nights import (
    forget,
    fresh_offers,
    last_night,
    newest,
    note_seen,
    window_start,
    windowed,
    write_night,
    write_silence,
)
from logpipe.offers import Offer
from logpipe.quotes import quote
from logpipe.report.nights import index_page, night_report
from logpipe.report.whole import write_whole
from logpipe.store import Connection, ask, open_store, require_folder, require_store, transaction

PART = ".part"  # of a report that is not there in whole yet
NIGHT = re.compile(r"\d{4}-\d\d-\d\d(?:-\d{1,3})?")  # how folders of reports are called
Row = dict[str, Any]


class Night(NamedTuple):
    """A night that came to its end: its report, where that is, what was read, who was told."""

    report: Row
    folder: Path
    sources: list[Source]
    sent: list[Sent]


def run_night(
    config: Config, rules: list[Rule], zones: Mapping[str, str], began: datetime
) -> Night:
    """Run a night from reading to its report; ``began`` is now, as naive UTC.

    Killed at any point it leaves the night as if it had not begun, but for files that are read;
    once it is written down, only what is not delivered yet is left for the next run.
    """
    store, reports = Path(config.store), Path(config.reports)
    reports.mkdir(parents=True, exist_ok=True)
    require_folder(store)
    with _alone(store), open_store(store) as con:
        _finish(reports, last_night(con))
        last = last_night(con)
        sources, run_id, unchanged = _read(con, config, zones)
        to_ts = newest(con, began)
        kept_from = (to_ts or began) - timedelta(days=config.keep.data_days)
        forget(con, kept_from)
        start = window_start(last, sources, config.look_back_days)
        with windowed(con, start):
            detect(con, rules)
            report = build_report(con)
            quote(con, report)
        report["sources"] = report_sources(con)  # those before the window too
        with transaction(con):
            night: Row = {
                "night_id": last["night_id"] + 1 if last else 1,
                "began": began,
                "run_id": run_id,
                "from_ts": start,
                "to_ts": to_ts,
                "files": len(sources),
                "records": sum(source.records - source.duplicates for source in sources),
                "report": _folder_name(reports, began),
            }
            rows = write_night(con, night, report["incidents"], config.suppress)
            silent = write_silence(con, night, kept_from, config.suppress)
            expect(con, night["night_id"], wanted(config, rows, silent))
            night |= {"unchanged": unchanged, "silent": silent}
            report = night_report(report, night, last, rows, {one.path for one in sources})
            part = reports / f"{night['report']}{PART}"
            part.mkdir(exist_ok=True)
            write_outputs(report, part)
        folder = part.rename(reports / str(night["report"]))
        nights, incidents = ask(con, "FROM night"), ask(con, "FROM night_incident")
        _prune(reports, began - timedelta(days=config.keep.report_days), nights)
        kept = {path.name for path in reports.iterdir()}
        told = index_page(nights, incidents, ask(con, "FROM night_silence"), kept)
        write_whole(told, reports / "index.html")
        sent = deliver_due(con, config, began)
    return Night(report, folder, sources, sent)


def deliver_again(config: Config, moment: datetime) -> list[Sent]:
    """Send the reports of earlier nights that did not reach everybody."""
    store, reports = Path(config.store), Path(config.reports)
    require_store(store)
    with _alone(store), open_store(store) as con:
        _finish(reports, last_night(con))
        return deliver_due(con, config, moment)


def plan_night(config: Config) -> tuple[list[Offer], int, Row | None]:
    """Return what a night would read now, how many files are unchanged, and the night before.

    Nothing is written.
    """
    offers = sorted(_offers(config), key=lambda offer: offer.shown)
    if not Path(config.store).exists():
        return offers, 0, None
    with open_store(Path(config.store), read_only=True) as con:
        fresh = list(fresh_offers(con, offers))
        return fresh, len(offers) - len(fresh), last_night(con)


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Keep other nightly runs off this store; the system frees the lock of one that was killed."""
    try:
        with FileLock(f"{store}.lock", timeout=0):
            yield
    except Timeout as error:
        raise LogpipeError(
            f"{store}: another nightly run is at work; let it come to its end"
        ) from error


def _offers(config: Config) -> list[Offer]:
    index = Path(config.reports, "index.html")
    own = [Path(config.store), Path(f"{config.store}.lock"), config.log, index]
    own += map(Path, secret_files(config))
    return offers_below([Path(folder) for folder in config.folders], own)


def _read(
    con: Connection, config: Config, zones: Mapping[str, str]
) -> tuple[list[Source], int, int]:
    """Load what is new below the folders; returns its sources and the number of the run.

    The last is how many files have not changed since they were read.
    """
    found = _offers(config)
    offers = fresh_offers(con, found)
    folders = [Path(folder) for folder in config.folders]
    sources = ingest_offers(con, folders, list(offers), zones)
    (run,) = ask(con, "SELECT max(run_id) AS run_id FROM run")
    note_seen(con, offers, sources, run["run_id"])
    read = [source for source in sources if source.status != "known"]
    return read, run["run_id"], len(found) - len(offers)


def _finish(reports: Path, last: Row | None) -> None:
    """Give a report its place that a run was killed over, and remove what belongs to no night."""
    for part in reports.glob(f"*{PART}"):
        if not NIGHT.fullmatch(part.name.removesuffix(PART)):
            continue  # somebody else's
        if last and part.name == f"{last['report']}{PART}":
            part.rename(reports / last["report"])
        else:
            shutil.rmtree(part)


def _folder_name(reports: Path, began: datetime) -> str:
    """Return the name of a night's folder: its day, and a number where that day has had one."""
    day = f"{began:%Y-%m-%d}"
    names = [day, *(f"{day}-{number}" for number in range(2, 1000))]
    return next(name for name in names if not (reports / name).exists())


def _prune(reports: Path, before: datetime, nights: Iterable[Row]) -> None:
    """Remove the reports of nights before a moment, and nothing else that lies there."""
    for night in nights:
        folder = reports / night["report"]
        if night["began"] < before and NIGHT.fullmatch(folder.name) and folder.is_dir():
            shutil.rmtree(folder)


def now() -> datetime:
    """Return this moment as naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
