"""What commands say on the terminal beside their rows, and how they end."""

import os
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from logpipe.cli.options import Severity

UNREAD = {"unknown", "failed", "partial"}
INCOMPLETE, FOUND = 4, 1


def finish(
    report: dict[str, Any],
    page: Path | None,
    store: Path,
    *,
    strict: bool,
    fail_on: Severity | None,
    summary: bool = False,
) -> None:
    """Print the summary and end with the exit code that the report asks for."""
    from logpipe.report.text import clean, summary_lines

    if page is not None or summary:
        with whole_pipe():
            for line in summary_lines(report, report_path=page):
                typer.echo(line)
            if report["incidents"]:
                typer.echo(clean(f'Ids and evidence: logpipe explain --db "{store}"'))
    leave(report, strict=strict, fail_on=fail_on)


def leave(report: dict[str, Any], *, strict: bool, fail_on: Severity | None) -> None:
    """Warn of what was not read whole, and end with the exit code that the report asks for."""
    unread = [source for source in report["sources"] if source["status"] in UNREAD]
    warn_unread(len(unread), len(report["sources"]))
    silent = [one for one in (report.get("night") or {}).get("silent", []) if not one["suppressed"]]
    if strict and (unread or silent):
        raise typer.Exit(INCOMPLETE)
    ranks = list(Severity)
    worst = max((ranks.index(one["severity"]) for one in report["incidents"]), default=-1)
    if fail_on is not None and worst >= ranks.index(fail_on):
        raise typer.Exit(FOUND)


@contextmanager
def whole_pipe() -> Iterator[None]:
    """Print into a pipe whose reader, such as head, may have seen enough: that is no fault."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def warn_zones(zones: Mapping[str, str], hosts: AbstractSet[str | None]) -> None:
    """Say which hosts of ``--tz`` no log names: most likely a slip of the pen."""
    from logpipe.report.text import clean, zone_option

    named = ", ".join(sorted(host for host in hosts if host))
    for host in sorted(zones.keys() - {"*"} - hosts):
        known = f"hosts are {named}"
        if not named:
            known = f"no log names one, so give {zone_option(None, zones[host])}"
        typer.echo(f"logpipe: {clean(f'--tz {host}: no log of this host; {known}')}", err=True)


def warn_unread(unread: int, files: int) -> None:
    """Say how many files were not read whole, if any."""
    if unread:
        typer.echo(f"logpipe: {unread:,} of {files:,} files were not read whole", err=True)
