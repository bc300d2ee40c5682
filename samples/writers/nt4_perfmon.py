"""Writes exports of Performance Monitor as Windows NT 4 may have written them: American, German."""

from datetime import datetime, timedelta
from pathlib import Path

ROWS = (
    ("Private Bytes", "Private Bytes", "% Processor Time", "Available Bytes"),
    ("store", "emsmta", "0", ""),
    ("", "", "store", ""),
    ("Process", "Process", "Thread", "Memory"),
    (r"\\EXCH50", r"\\EXCH50", r"\\EXCH50", r"\\EXCH50"),
)
START = datetime(1998, 3, 9, 23, 30)  # noqa: DTZ001 - wall time, as the export has it


def write(folder: Path) -> None:
    """Write one export as CSV and one as TSV."""
    (folder / "store.csv").write_bytes(_export(",", "%m/%d/%y", "%I:%M:%S %p", "."))
    (folder / "store.tsv").write_bytes(_export("\t", "%d.%m.%y", "%H:%M:%S", ","))


def _export(divider: str, date: str, time: str, point: str) -> bytes:
    lines = [
        r"Reported on \\EXCH50",
        f"Date: {START:{date}}",
        f"Time: {START:{time}}",
        "Data: Current Activity",
        "Interval: 900.000 seconds",
        "",
        *(divider.join(["", "", *row]) for row in ROWS),
        "",
    ]
    for number in range(8):
        wall = START + timedelta(days=number, minutes=15 * number)
        values = [67108864 + 524288 * number, 20971520, 12.5 + number, 31457280 - 409600 * number]
        cells = [f"{value:.3f}".replace(".", point) for value in values]
        lines.append(divider.join([f"{wall:{date}}", f"{wall:{time}}", *cells]))
    return "\r\n".join([*lines, ""]).encode()
