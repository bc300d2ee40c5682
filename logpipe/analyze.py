"""From inputs to a store, and from a store to the outputs: what the commands are made of."""

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from string import Template
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from logpipe import __version__
from logpipe.derived import rebuild_derived
from logpipe.errors import LogpipeError
from logpipe.ingest import begin_run, end_run
from logpipe.ingest_archive import ingest_offer
from logpipe.model import Rule, Source
from logpipe.offers import OUTPUTS, Offer, find_files, is_ours, require_inputs
from logpipe.query import Rows, own_query, seal
from logpipe.quotes import quote
from logpipe.report.html import render_html
from logpipe.report.jsonfile import write_report
from logpipe.report.text import clean
from logpipe.report.timeline import timeline_rows, write_jsonl
from logpipe.report.whole import write_whole
from logpipe.rules import run_rules
from logpipe.series import all_series
from logpipe.settle import settle
from logpipe.sqlfiles import sql_text
from logpipe.store import (
    Connection,
    ask,
    open_store,
    remove_left,
    transaction,
)
from logpipe.words import known_parts

NAMING = ("confirmed", "supported", "possible")  # verdicts that name a known problem


def ingest(
    con: Connection,
    inputs: list[Path],
    *,
    avoid: Iterable[Path] = (),
    zones: Mapping[str, str] | None = None,
) -> list[Source]:
    """Load every file below the inputs, with a progress bar where stderr is a terminal.

    ``avoid`` are our own outputs, which are not read when they lie inside an input; ``zones`` what
    the user declared, by host.
    """
    return ingest_offers(con, inputs, offers_below(inputs, avoid), zones or {})


def offers_below(inputs: list[Path], avoid: Iterable[Path]) -> list[Offer]:
    """Return every file below the inputs that is not one of our own outputs, ``avoid``."""
    # exactly these, and what DuckDB keeps beside a store: a prefix could hide a customer's file
    own = {os.path.abspath(f"{path}{end}") for path in avoid for end in ("", ".wal")}  # noqa: PTH100
    return [o for o in find_files(inputs) if os.path.abspath(o.path) not in own]  # noqa: PTH100


def ingest_offers(
    con: Connection, inputs: Iterable[Path], offers: list[Offer], zones: Mapping[str, str]
) -> list[Source]:
    """Load files that were found below the inputs: one run of the store."""
    with transaction(con):
        run_id = begin_run(con, inputs, len(offers))
    sources: list[Source] = []
    with _progress() as progress:
        task = progress.add_task("", total=len(offers))
        for offer in offers:
            progress.update(task, description=clean(offer.path.name)[:40])
            sources += ingest_offer(con, offer, run_id)
            progress.advance(task)
    settle(con, zones)
    end_run(con, run_id)
    stands = {row["source_id"]: row for row in ask(con, "FROM source")}
    # a longer copy may have changed what became of a shorter one
    return [s if s.status == "known" else Source(**stands[s.source_id]) for s in sources]


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )


@contextmanager
def scratch_store() -> Iterator[Connection]:
    """Open a store that is gone afterwards: for questions about files alone."""
    with tempfile.TemporaryDirectory(prefix="logpipe-") as folder:  # noqa: SIM117 - the store closes first
        with open_store(Path(folder) / "scratch.duckdb") as con:
            yield con


def known_sources(con: Connection) -> list[Source]:
    """Return every file of a store, by path, its note as the report tells it."""
    rows = ask(con, "FROM source ORDER BY path, source_id")
    told = ask(con, sql_text("reports", "sources"))
    pairs = zip(rows, told, strict=True)
    return [Source(**row | {"note": report["note"]}) for row, report in pairs]


def cover(con: Connection) -> dict[str, list[dict[str, Any]]]:
    """Return ``hours``, ``gaps`` and ``files``: what the logs cover, and what is missing.

    The tables are made anew from the rows of the logs.
    """
    with transaction(con):
        for name in ("140_coverage", "150_log_gap"):
            con.execute(sql_text("derived", name))
    return {
        "hours": ask(con, "FROM coverage ORDER BY ALL"),
        "gaps": ask(con, sql_text("reports", "gaps")),
        "files": ask(con, sql_text("reports", "uncovered")),
    }


def queue_at(con: Connection, at: datetime, hosts: list[str] | None) -> Rows:
    """Return what waited at one moment (naive UTC) beside what was seen then; None: all hosts."""
    return own_query(con, sql_text("reports", "queue_at"), {"at": at, "hosts": hosts})


def detect(con: Connection, rules: list[Rule]) -> None:
    """Make the derived tables anew, run the rules and match known problems."""
    rebuild_derived(con)
    run_rules(con, rules)


def check_out(out: Path, *, force: bool) -> None:
    """Make the output folder; raise where files in it would be overwritten that are not ours."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LogpipeError(
            f"{out}: cannot be made: {error.strerror}; name another --out"
        ) from error
    there = [name for name in OUTPUTS if (out / name).exists()]
    if there and not force and not is_ours(out):
        raise LogpipeError(f"{out / there[0]}: is there already and not logpipe's; use --force")


def analyze(
    inputs: list[Path],
    out: Path,
    rules: list[Rule],
    *,
    force: bool,
    zones: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Read the inputs into a fresh store, detect, write the four outputs; returns the report."""
    require_inputs(inputs)
    check_out(out, force=force)
    store = out / "logpipe.duckdb"
    fresh = out / f"logpipe.duckdb.{os.getpid()}.new"
    _clear(out)
    try:
        with open_store(fresh) as con:
            ingest(con, inputs, avoid=[out / name for name in (*OUTPUTS, fresh.name)], zones=zones)
            detect(con, rules)
            report = build_report(con)
            quote(con, report)
        fresh.replace(store)
    finally:
        fresh.unlink(missing_ok=True)
        Path(f"{fresh}.wal").unlink(missing_ok=True)
    write_outputs(report, out)
    return report


def _clear(out: Path) -> None:
    """Remove what a run that was killed left of its store."""
    for left in out.glob("logpipe.duckdb.*.new"):
        remove_left(left)


def write_outputs(report: dict[str, Any], out: Path) -> None:
    """Write report.json, report.html and timeline.jsonl."""
    write_report(report, out / "report.json")
    write_whole(render_html(report), out / "report.html")
    write_jsonl(timeline_rows(report), out / "timeline.jsonl")


def build_report(con: Connection) -> dict[str, Any]:
    """Return the report in its fixed shape, from the store alone."""
    findings: dict[str, list[dict[str, Any]]] = {}
    for row in ask(con, sql_text("reports", "findings")):
        findings.setdefault(row.pop("incident_id"), []).append(row)
    measures: dict[str, dict[str, float]] = {}
    for row in ask(con, sql_text("reports", "measures")):
        value = row["value"]
        whole = int(value) if value == int(value) else value
        measures.setdefault(row["incident_id"], {})[row["measure"]] = whole
    known: dict[str, list[dict[str, Any]]] = {}
    for row in ask(con, sql_text("reports", "verdicts")):
        known.setdefault(row.pop("incident_id"), []).append(row)
    series = all_series(con)
    return {
        "logpipe": __version__,
        "sources": report_sources(con),
        "incidents": [
            _incident(
                row,
                measures.get(row["incident_id"], {}),
                findings[row["incident_id"]],
                known.get(row["incident_id"], []),
            )
            | {"series": _jsonable(series.get(row["incident_id"], []))}
            for row in ask(con, sql_text("reports", "incidents"))
        ],
        "series": _jsonable(series.get(None, [])),
    }


def stored_report(con: Connection, path: Path) -> dict[str, Any]:
    """Return the report of a store; raises LogpipeError where nothing was detected in it yet.

    The store may be a stranger's: its views reach no file.
    """
    seal(con)
    (row,) = ask(con, "SELECT count(*) AS rules FROM rule")
    if not row["rules"]:
        raise LogpipeError(f"{path}: nothing was detected yet; run 'logpipe detect --db {path}'")
    return build_report(con)


def report_sources(con: Connection) -> list[dict[str, Any]]:
    """Return every file with its books, as the report tells them."""
    return [_jsonable(row) for row in ask(con, sql_text("reports", "sources"))]


def _incident(
    row: dict[str, Any],
    measures: dict[str, float],
    findings: list[dict[str, Any]],
    known: list[dict[str, Any]],
) -> dict[str, Any]:
    words = defaultdict(lambda: "unknown", {name: f"{value:,}" for name, value in measures.items()})
    words["host"] = row["host"] or "unknown host"
    words["service"] = "Windows" if row["service"] == "host" else row["service"] or "a service"
    known_names = {"host", "service", *measures}
    missing = sorted({finding.pop("missing") for finding in findings} - {None})
    best = known[0] if known and known[0]["serious"] else None
    named = best if best and best["verdict"] in NAMING else None
    if best:
        wanted = (item for one in _open(known) for item in one["missing"])
        missing = list(dict.fromkeys([*wanted, *missing]))
    incident = {
        "id": row["incident_id"],
        "rule": row["rule"],
        "known_problem": named["problem"] if named else None,
        "known_problem_title": named["title"] if named else None,
        "verdict": best["verdict"] if best else "not-assessable",
        "severity": row["severity"],
        "host": row["host"],
        "service": row["service"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        "title": Template(row["title"]).safe_substitute(words),
        "summary": Template(known_parts(row["summary"], known_names)).safe_substitute(words),
        "measures": measures,
        "signs": best["signs"] if best else [],
        "missing_evidence": missing,
        "considered": [
            {key: other[key] for key in ("problem", "title", "verdict", "reason", "look_alikes")}
            for other in known
            if other is not named
        ],
        "why": row["why"],
        "todo": _advice(row["todo"], named),
        "references": row["reference"],
        "findings": findings,
    }
    return {key: _jsonable(value) for key, value in incident.items()}


def _open(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the problems for which more is collected: the best, and those not assessed."""
    best, *others = known
    if best["verdict"] == "confirmed":
        return [best]
    return [best, *(one for one in others if one["serious"] and one["verdict"] == "not-assessable")]


def _advice(todo: str, named: dict[str, Any] | None) -> str:
    """Return what to do: the rule's advice, the remedy of a likely problem, or both."""
    if not named:
        return todo
    if named["verdict"] == "confirmed":
        return str(named["todo"])
    return f"{todo} If it is {named['problem']}: {named['todo']}"


def _jsonable(value: Any) -> Any:
    """Return a value with every time as ISO 8601 text, seconds kept whole where they are."""
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    return value
