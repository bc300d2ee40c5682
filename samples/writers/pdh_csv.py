"""Writes counter logs as Performance Monitor and typeperf do: one over a change of the clock."""

from datetime import datetime, timedelta
from pathlib import Path

COUNTERS = (
    r"\\GW1\Memory\Available Bytes",
    r"\\GW1\Process(inetinfo)\Working Set",
    r"\\GW1\Process(inetinfo)\ID Process",
    r"\\GW1\SMTP Server(_Total)\Remote Queue Length",
    r"\\GW1\SMTP Server(_Total)\Badmailed Messages (NDR of DSN)",
    r"\\GW1\Paging File(\??\C:\pagefile.sys)\% Usage",
    r"\\GW1\Processor(_Total)\% Processor Time",
)
SUMMER = "(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)"


def write(folder: Path) -> None:
    """Write one log of Performance Monitor and one of typeperf."""
    (folder / "GW1_000001.csv").write_bytes(_counter_log())
    (folder / "typeperf.csv").write_bytes(_typeperf())


def _row(*cells: str, divider: str = ",") -> str:
    return divider.join(f'"{cell}"' for cell in cells)


def _counter_log() -> bytes:
    """Two hours at five minutes, from 02:00 on the night that summer time ended in 2007."""
    lines = [_row(SUMMER, *COUNTERS, "Leak of inetinfo, case 4711")]
    start = datetime(2007, 10, 28, 2)  # noqa: DTZ001 - wall time, as the log has it
    for number in range(25):
        wall = start + timedelta(minutes=5 * number - (60 if number >= 12 else 0))
        values = [
            f"{734003200 - 409600 * number}.000000",
            f"{41943040 + 204800 * number}.000000",
            "1644.000000",
            f"{number % 5}.000000",
            "0.000000",
            "12.5",
            " " if number == 0 else f"{number / 7:.15f}",  # a rate needs two samples
        ]
        lines.append(_row(f"{wall:%m/%d/%Y %H:%M:%S}.{number:03}", *values))
    return "\r\n".join([*lines, ""]).encode()


def _typeperf() -> bytes:
    """What typeperf prints, with its blank first line and its last words."""
    lines = [
        "",
        _row("(PDH-CSV 4.0)", r"\\MAIL01\Process(store)\Private Bytes"),
        _row("11/05/2007 09:00:01.125", "268435456.000000"),
        _row("11/05/2007 09:00:02.125", " "),
        _row("11/05/2007 09:00:03.125", "-1"),
        "",
        "Exiting, please wait...                         ",
        "The command completed successfully.",
    ]
    return "\r\n".join([*lines, ""]).encode()
