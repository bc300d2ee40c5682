"""The command line: parse, call, print. No logic lives here."""

import io
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from logpipe import __version__
from logpipe.errors import LogpipeError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read a folder of mail-server logs and say what happened, when, to how many messages.",
)
rules_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(rules_app, name="rules", help="List, show and test the rules.")

SEVERITIES = ("info", "low", "medium", "high", "critical")
UNREAD = {"unknown", "failed", "partial"}
INCOMPLETE, FOUND, INTERRUPTED = 4, 1, 130


class Severity(StrEnum):
    """How bad an incident is."""

    info = "info"
    low = "low"
    medium = "medium"
    high = "high"
    critical = "critical"


class Shape(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    jsonl = "jsonl"


Inputs = Annotated[
    list[Path],
    typer.Argument(help="Folders or files to read.", metavar="PATH...", show_default=False),
]
Store = Annotated[
    Path, typer.Option("--db", envvar="LOGPIPE_DB", help="The DuckDB file of the store.")
]
RuleFolder = Annotated[
    Path | None,
    typer.Option("--rules", help="A folder of rules of your own, instead of the shipped ones."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 4 if any input was not read whole.")
]
FailOn = Annotated[
    Severity | None, typer.Option("--fail-on", help="Exit with 1 on an incident at least this bad.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no summary.")]
Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--tz",
        metavar="HOST=ZONE",
        help='Zone of a host whose logs have local times; "*=ZONE" for all other hosts.',
    ),
]
Format = Annotated[Shape, typer.Option("--format", "-f", help="How to print the rows.")]


@app.command()
def analyze(
    bundle: Inputs,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report.")] = Path("out"),
    rules: RuleFolder = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files in --out that logpipe did not write.")
    ] = False,
    tz: Zones = None,
    strict: Strict = False,
    fail_on: FailOn = None,
    quiet: Quiet = False,
) -> None:
    """Read everything in a folder, name the incidents, write a report.

    Example: logpipe analyze samples/gateway2003 --out out
    """
    from logpipe.analyze import analyze as run
    from logpipe.rules import load_rules
    from logpipe.settle import read_zones

    zones = read_zones(tz or [])
    report = run(bundle, out, load_rules(rules), force=force, zones=zones)
    _warn_zones(zones, {source["host"] for source in report["sources"]})
    _finish(report, None if quiet else out / "report.html", strict=strict, fail_on=fail_on)


@app.command()
def ingest(
    paths: Inputs,
    db: Store = Path("logpipe.duckdb"),
    tz: Zones = None,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Load logs into the store, nothing twice.

    Example: logpipe ingest /logs --db mail.duckdb
    """
    from logpipe.analyze import ingest as load
    from logpipe.analyze import known_sources
    from logpipe.offers import require_inputs
    from logpipe.report.identified import books_words, counts_words
    from logpipe.report.text import clean
    from logpipe.settle import read_zones
    from logpipe.store import open_store, require_folder

    zones = read_zones(tz or [])
    require_folder(db)
    require_inputs(paths)
    with open_store(db) as con:
        sources = load(con, paths, avoid=[db], zones=zones)
        _warn_zones(zones, {source.host for source in known_sources(con)})
    if not quiet:
        with _whole_pipe():
            for source in sources:
                read = source.format and source.status != "failed"
                what = books_words(source) if read else clean(source.note or "")
                name = f"{source.format}, " if source.format else ""
                typer.echo(f"{source.status:9} {clean(source.path)}: {name}{what}")
            typer.echo(counts_words(sources))
    unread = [source for source in sources if source.status in UNREAD]
    _warn_unread(len(unread), len(sources))
    if strict and unread:
        raise typer.Exit(INCOMPLETE)


@app.command()
def detect(
    db: Store = Path("logpipe.duckdb"), rules: RuleFolder = None, fail_on: FailOn = None
) -> None:
    """Run the rules over the store and print the incidents.

    Example: logpipe detect --db mail.duckdb --fail-on high
    """
    from logpipe.analyze import build_report
    from logpipe.analyze import detect as run
    from logpipe.rules import load_rules
    from logpipe.store import open_store, require_store

    require_store(db)
    chosen = load_rules(rules)
    with open_store(db) as con:
        run(con, chosen)
        report = build_report(con)
    _finish(report, None, strict=False, fail_on=fail_on, summary=True)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT; - reads it from standard input.")],
    db: Store = Path("logpipe.duckdb"),
    shape: Format = Shape.table,
) -> None:
    """Ask the store with SQL, read-only.

    Tables are described in docs/tables.md; derived ones are made by detect and analyze.

    Example: logpipe query "SELECT host, outcome, count(*) FROM message GROUP BY ALL"
    """
    from logpipe.query import user_query
    from logpipe.report.rows import print_rows
    from logpipe.store import open_store

    text = sys.stdin.read() if sql == "-" else sql
    with open_store(db, read_only=True) as con:
        found = user_query(con, text)
    width = shutil.get_terminal_size().columns
    with _whole_pipe():
        print_rows(*found, shape=shape.value, out=sys.stdout, width=width)


@app.command()
def identify(paths: Inputs, tz: Zones = None, shape: Format = Shape.table) -> None:
    """Say what each file is, and why.

    Product, host, span and records of each; nothing is kept.

    Example: logpipe identify case.zip
    """
    from logpipe.analyze import ingest as load
    from logpipe.analyze import known_sources, scratch_store
    from logpipe.formats import all_formats
    from logpipe.offers import require_inputs
    from logpipe.report.identified import COLUMNS, NUMBERS, identified_lines, identified_rows
    from logpipe.report.rows import print_rows
    from logpipe.settle import read_zones

    zones = read_zones(tz or [])
    require_inputs(paths)
    with scratch_store() as con:
        load(con, paths, zones=zones)
        sources = known_sources(con)
    _warn_zones(zones, {source.host for source in sources})
    with _whole_pipe():
        if shape is Shape.table:
            for line in identified_lines(sources, all_formats()):
                typer.echo(line)
        else:
            rows = identified_rows(sources, all_formats())
            numeric = [name in NUMBERS for name in COLUMNS]
            print_rows(COLUMNS, numeric, rows, shape=shape.value, out=sys.stdout, width=0)


@app.command()
def coverage(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders or files to read; without any the store is asked.",
            metavar="[PATH...]",
            show_default=False,
        ),
    ] = None,
    db: Store = Path("logpipe.duckdb"),
    tz: Zones = None,
    shape: Format = Shape.table,
) -> None:
    """Show what the logs cover and what is missing.

    Hours by host and log, gaps, the rules that each gap weakens, and files that were not read.

    Example: logpipe coverage samples/gateway2003
    """
    from logpipe.analyze import cover, scratch_store
    from logpipe.analyze import ingest as load
    from logpipe.offers import require_inputs
    from logpipe.query import user_query
    from logpipe.report.covered import coverage_lines
    from logpipe.report.rows import print_rows
    from logpipe.settle import read_zones
    from logpipe.sqlfiles import sql_text
    from logpipe.store import open_store, require_store

    zones = read_zones(tz or [])
    require_inputs(paths or [])
    if not paths:
        require_store(db)
    with scratch_store() if paths else open_store(db) as con:
        if paths:
            load(con, paths, zones=zones)
        covered = cover(con)
        rows = user_query(con, sql_text("reports", "coverage"))
    with _whole_pipe():
        if shape is Shape.table:
            for line in coverage_lines(**covered):
                typer.echo(line)
        else:
            print_rows(*rows, shape=shape.value, out=sys.stdout, width=0)


@app.command()
def queue(
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="The moment, UTC: 2007-09-10T12:00.")
    ],
    db: Store = Path("logpipe.duckdb"),
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Only this host; may be given again.")
    ] = None,
    shape: Format = Shape.table,
) -> None:
    """Show what waited in the queues at one moment, rebuilt from the logs.

    Beside it stands what listings and counters saw within half an hour.

    Example: logpipe queue --at 2007-09-10T12:00 --db mail.duckdb
    """
    from logpipe.analyze import queue_at
    from logpipe.report.queued import queue_lines, read_moment
    from logpipe.report.rows import print_rows
    from logpipe.store import ask, open_store

    moment = read_moment(at)
    with open_store(db, read_only=True) as con:
        found = queue_at(con, moment, [name.upper() for name in host] if host else None)
        spans = ask(con, "FROM log_span ORDER BY ALL")
    with _whole_pipe():
        if shape is Shape.table:
            rows = [dict(zip(found.names, row, strict=True)) for row in found.rows]
            for line in queue_lines(rows, spans, moment):
                typer.echo(line)
        else:
            print_rows(*found, shape=shape.value, out=sys.stdout, width=0)


@app.command()
def explain(
    incident: Annotated[
        str, typer.Argument(help="Id of an incident, or its beginning.", metavar="INCIDENT")
    ],
    db: Store = Path("logpipe.duckdb"),
) -> None:
    """Say what speaks for an incident: signs, findings with file and line, what is missing.

    Raw lines are quoted where the files are still there.

    Example: logpipe explain idle-until-restart-0123456789 --db mail.duckdb
    """
    from logpipe.explain import explain as run
    from logpipe.report.explained import explain_lines
    from logpipe.store import open_store

    with open_store(db, read_only=True) as con:
        found = run(con, incident)
    with _whole_pipe():
        for line in explain_lines(found):
            typer.echo(line)


@rules_app.command("list")
def rules_list(rules: RuleFolder = None) -> None:
    """List the rules: id, severity, title."""
    from logpipe.report.text import clean
    from logpipe.rules import load_rules

    for rule in load_rules(rules):
        typer.echo(clean(f"{rule.id:20} {rule.severity:9} {rule.title}"))


@rules_app.command("show")
def rules_show(
    rule_id: Annotated[str, typer.Argument(help="Id of a rule, see 'rules list'.")],
    rules: RuleFolder = None,
) -> None:
    """Show a rule: what it means, its parameters, its SQL."""
    from logpipe.report.text import clean
    from logpipe.rules import load_rules

    found = [rule for rule in load_rules(rules) if rule.id == rule_id]
    if not found:
        raise LogpipeError(f"{rule_id}: no such rule; see 'logpipe rules list'")
    (rule,) = found
    for name, value in (
        ("title", rule.title), ("severity", rule.severity), ("needs", "; ".join(rule.needs)),
        ("why", rule.why), ("to do", rule.todo), ("references", "; ".join(rule.references)),
        ("parameters", ", ".join(f"{key} = {value}" for key, value in rule.params.items())),
    ):  # fmt: skip
        typer.echo(clean(f"{name}: {value}"))
    typer.echo("\n" + "\n".join(map(clean, rule.sql.splitlines())))


@rules_app.command("numbers")
def rules_numbers(
    rule_id: Annotated[str, typer.Argument(help="Id of a shipped rule, see 'rules list'.")],
) -> None:
    """Print the query that recomputes every number of a rule's incidents: docs/numbers.md.

    Example: logpipe rules numbers crash-loop | logpipe query - --db case.duckdb
    """
    from logpipe.sqlfiles import sql_files

    found = [path for path in sql_files("numbers") if path.stem == rule_id]
    if not found:
        raise LogpipeError(f"{rule_id}: no shipped rule of this name; see 'logpipe rules list'")
    typer.echo(found[0].read_text("utf-8").rstrip())


@rules_app.command("new")
def rules_new(
    rule_id: Annotated[str, typer.Argument(help="Its id: lower case, words joined by -.")],
    rules: Annotated[
        Path, typer.Option("--rules", help="Folder that the rule and its cases are written to.")
    ] = Path("rules"),
) -> None:
    """Write a rule and its cases to start from; they pass their test as they are.

    Example: logpipe rules new slow-mail --rules my-rules
    """
    from logpipe.cases import write_skeleton

    for path in write_skeleton(rule_id, rules):
        typer.echo(path)


@rules_app.command("lint")
def rules_lint(rules: RuleFolder = None) -> None:
    """Say what of the rules would not run on other engines; exits with 3 if there is any.

    Without --rules also of what the shipped rules stand on: knowledge, views, derived tables and
    diagnosis.

    Example: logpipe rules lint --rules my-rules
    """
    from logpipe.portable import FOUNDATIONS, flaws
    from logpipe.report.text import clean
    from logpipe.rules import load_rules
    from logpipe.sqlfiles import sql_files

    checked = [(rule.id, "its SELECT", rule.sql) for rule in load_rules(rules)]
    if rules is None:
        files = [file for folder in FOUNDATIONS for file in sql_files(folder)]
        checked += [(file.name, "the file", file.read_text("utf-8")) for file in files]
    found = [(name, what, flaw) for name, what, sql in checked for flaw in flaws(sql)]
    for name, what, flaw in found:
        typer.echo(clean(f"{name}, line {flaw.line} of {what}: not {flaw.words}"))
    if found:
        raise typer.Exit(3)


@rules_app.command("test")
def rules_test(
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Folder of <rule id>.toml files with cases.")
    ] = None,
    rules: RuleFolder = None,
) -> None:
    """Run every case of every rule; exits with 3 if one fails.

    Example: logpipe rules test --rules my-rules --cases my-rules
    """
    from logpipe.cases import run_all_cases

    folder = cases or rules or Path("tests/rules")
    results = run_all_cases(folder, rules)
    failed = [result for result in results if result.problem]
    for result in failed:
        typer.echo(f"FAILED {result.rule}: {result.name}\n{result.problem}\n")
    typer.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(3)


def _finish(
    report: dict[str, Any],
    page: Path | None,
    *,
    strict: bool,
    fail_on: Severity | None,
    summary: bool = False,
) -> None:
    """Print the summary and end with the exit code that the report asks for."""
    from logpipe.report.text import summary_lines

    if page is not None or summary:
        with _whole_pipe():
            for line in summary_lines(report, report_path=page):
                typer.echo(line)
    unread = [source for source in report["sources"] if source["status"] in UNREAD]
    _warn_unread(len(unread), len(report["sources"]))
    if strict and unread:
        raise typer.Exit(INCOMPLETE)
    ranks = [SEVERITIES.index(incident["severity"]) for incident in report["incidents"]]
    if fail_on is not None and max(ranks, default=-1) >= SEVERITIES.index(fail_on.value):
        raise typer.Exit(FOUND)


@contextmanager
def _whole_pipe() -> Iterator[None]:
    """Print into a pipe whose reader, such as head, may have seen enough: that is no fault."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _warn_zones(zones: Mapping[str, str], hosts: AbstractSet[str | None]) -> None:
    """Say which hosts of ``--tz`` no log names: most likely a slip of the pen."""
    from logpipe.report.text import clean, zone_option

    named = ", ".join(sorted(host for host in hosts if host))
    for host in sorted(zones.keys() - {"*"} - hosts):
        known = f"hosts are {named}"
        if not named:
            known = f"no log names one, so give {zone_option(None, zones[host])}"
        typer.echo(f"logpipe: {clean(f'--tz {host}: no log of this host; {known}')}", err=True)


def _warn_unread(unread: int, files: int) -> None:
    if unread:
        typer.echo(f"logpipe: {unread:,} of {files:,} files were not read whole", err=True)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Read a folder of mail-server logs and say what happened, when, to how many messages."""
    if version:
        typer.echo(f"logpipe {__version__}")
        raise typer.Exit


def main() -> None:
    """Run logpipe; what the user can mend is one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may not know every character of a log
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except LogpipeError as error:
        _leave(str(error), error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave(f"{where}{error.strerror or error}", LogpipeError.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except RuntimeError as error:  # DuckDB passes Ctrl-C on as "Query interrupted"
        if "interrupted" not in str(error).lower():
            raise
        sys.exit(INTERRUPTED)


def _leave(words: str, code: int) -> None:
    """Print one line on stderr and end."""
    from logpipe.report.text import clean

    sys.stderr.write(f"logpipe: {clean(words)}\n")
    sys.exit(code)
