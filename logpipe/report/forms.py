"""The report in every form it has as one text: each form by its name, and by the end of a file."""

import io
import json
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from logpipe.report.html import render_html
from logpipe.report.jsonfile import report_text
from logpipe.report.letter import letter_lines
from logpipe.report.markdown import render_markdown
from logpipe.report.rows import print_rows
from logpipe.report.timeline import line_of, timeline_rows

Row = dict[str, Any]
# the columns of an incident, as report.json has them; the measures that most rules have
INCIDENT = (
    "id", "rule", "severity", "title", "host", "service", "started_at", "ended_at",
    "known_problem", "verdict", "messages", "findings", "summary", "todo", "missing_evidence",
)  # fmt: skip
NUMBERS = {"messages", "findings", "record"}
ENDINGS = {
    ".html": "html", ".htm": "html", ".md": "markdown", ".txt": "text", ".csv": "csv",
    ".jsonl": "jsonl", ".json": "json", ".svg": "svg", ".png": "png",
}  # fmt: skip


def _csv(rows: list[Row], names: list[str]) -> str:
    """Return rows as CSV; what a spreadsheet would take for a formula is text there."""
    out = io.StringIO()
    values = [tuple(row.get(name) for name in names) for row in rows]
    numeric = [name in NUMBERS for name in names]
    print_rows(names, numeric, values, shape="csv", out=out, width=0)
    return out.getvalue()


def _incident_row(one: Row) -> Row:
    """Return an incident as one flat row."""
    judged = one.get("known_problem") or one.get("verdict") != "not-assessable"
    return {
        **{name: one.get(name) for name in INCIDENT},
        "verdict": one.get("verdict") if judged else None,  # of no known problem there is none
        "messages": (one.get("measures") or {}).get("messages"),
        "findings": len(one.get("findings") or []),
        "missing_evidence": "; ".join(one.get("missing_evidence") or []),
    }


def _incidents_csv(report: Row) -> str:
    return _csv([_incident_row(one) for one in report["incidents"]], list(INCIDENT))


def _incidents_jsonl(report: Row) -> str:
    return "".join(
        f"{json.dumps(one, ensure_ascii=False, allow_nan=False)}\n" for one in report["incidents"]
    )


def _timesketch(report: Row) -> str:
    return "".join(f"{line_of(row)}\n" for row in timeline_rows(report))


def _timesketch_csv(report: Row) -> str:
    rows = timeline_rows(report)
    names = ["message", "datetime", "timestamp_desc"]
    return _csv(rows, names + [name for name in (rows[0] if rows else {}) if name not in names])


def _letter(report: Row) -> str:
    return "".join(f"{line}\n" for line in letter_lines(report))


FORMS: dict[str, Callable[[Row], str]] = {
    "html": render_html,
    "markdown": render_markdown,
    "text": _letter,
    "csv": _incidents_csv,
    "jsonl": _incidents_jsonl,
    "json": report_text,
    "timesketch": _timesketch,
    "timesketch-csv": _timesketch_csv,
}


PICTURES = ("svg", "png")  # forms of charts, see charts.py


def form_of(name: str) -> str | None:
    """Return the form that a file's name asks for, None where it asks for none."""
    return ENDINGS.get(PurePath(name).suffix.lower())


def render(report: Row, form: str) -> str:
    """Return the report as text of one of ``FORMS``: the same report gives the same text."""
    return FORMS[form](report)
