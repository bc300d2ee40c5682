"""The report as one timeline of findings, ready for Timesketch."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from logpipe.report._facts import NEVER
from logpipe.report._words import moment
from logpipe.report.whole import write_whole


def line_of(row: dict[str, Any]) -> str:
    """Return a row as one line of JSON."""
    return json.dumps(row, ensure_ascii=False, allow_nan=False)


def _row(incident: dict[str, Any], finding: dict[str, Any]) -> dict[str, Any]:
    role = finding.get("role") or "finding"
    # Timesketch refuses a row without a time: an undated finding stands where its incident starts.
    dated = finding.get("ts") is not None
    said = role if dated else f"{role}, time unknown: start of incident"
    return {
        "message": finding.get("text") or "",
        "datetime": finding["ts"] if dated else incident.get("started_at"),
        "timestamp_desc": f"{said} begins" if dated and finding.get("ts_end") else said,
        "incident": incident.get("id"),
        "rule": incident.get("rule"),
        "role": role,
        "severity": incident.get("severity"),
        "host": finding.get("host"),
        "source": finding.get("source"),
        "record": finding.get("record"),
        "ts_end": finding.get("ts_end"),
    }


def timeline_rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every finding of every incident in order of time; ties are broken totally."""
    rows = [_row(i, finding) for i in report["incidents"] for finding in i.get("findings") or []]
    # The text of a time does not sort (12:00:00Z comes after 12:00:00.5Z), the moment does.
    return sorted(rows, key=lambda row: (moment(row["datetime"]) or NEVER, line_of(row)))


def write_jsonl(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Write one JSON object a line, UTF-8, each line ended by a bare newline."""
    write_whole("".join(f"{line_of(row)}\n" for row in rows), path)
