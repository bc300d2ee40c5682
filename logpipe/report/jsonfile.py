"""The report as report.json, for machines and for the next night."""

import json
from pathlib import Path
from typing import Any

from logpipe.report.whole import write_whole


def report_text(report: dict[str, Any]) -> str:
    """Return the report as JSON: the same report gives the same text, keys in the order given."""
    return json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def write_report(report: dict[str, Any], path: Path) -> None:
    """Write the report as JSON."""
    write_whole(report_text(report), path)
