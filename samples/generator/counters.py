"""Counter logs of simulated processes: PDH-CSV, and exports of Performance Monitor on NT 4."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from samples.generator.bundle import Bundle
from samples.generator.memory import Sample
from samples.generator.zones import wall

MAIL = {  # object of the mail counters by product: received, waiting
    "smtp": (
        r"SMTP Server(_Total)\Messages Received Total",
        r"SMTP Server(_Total)\Remote Queue Length",
    ),
    "transport": (
        r"MSExchangeTransport SmtpReceive(_total)\Messages Received Total",
        r"MSExchangeTransport Queues(_total)\Aggregate Delivery Queue Length (All Queues)",
    ),
}


@dataclass(frozen=True, slots=True)
class Meter:
    """Where a counter log is taken: the host, its zone as 6013 has it, and what it counts."""

    host: str
    zone: str
    mail: str = "smtp"
    clients: bool = False


def write_pdh(bundle: Bundle, path: str, meter: Meter, taken: Iterable[Sample]) -> None:
    """Write a counter log as Performance Monitor does: local time, the bias in the header."""
    rows = list(taken)
    names = list(rows[0].private)
    paths = [r"Memory\Available Bytes"]
    for name in names:
        counters = ("Private Bytes", "Working Set", "Virtual Bytes", "ID Process")
        paths += [rf"Process({name})\{counter}" for counter in counters]
    paths += MAIL[meter.mail]
    if meter.clients:
        paths.append(r"MSExchangeIMAP4(_Total)\Connections Total")
    name = meter.zone.split(" ", maxsplit=1)[1]
    bias = round((rows[0].at - wall(rows[0].at, meter.zone)) / timedelta(minutes=1))
    title = f"(PDH-CSV 4.0) ({name})({bias})"
    lines = [_row([title, *(rf"\\{meter.host}\{path}" for path in paths)])]
    for row in rows:
        values = [row.available]
        for name in names:
            private = row.private[name]
            values += [private, private * 0.93, private * 1.4 + 9e7, float(row.pids[name])]
        values += [float(row.received), float(row.waiting)]
        if meter.clients:
            values.append(float(row.sessions))
        at = row.at - timedelta(minutes=bias)
        stamp = f"{at:%m/%d/%Y %H:%M:%S}.{at.microsecond // 1000:03}"
        lines.append(_row([stamp, *(f"{value:.6f}" for value in values)]))
    data = "".join(f"{line}\r\n" for line in lines).encode()
    bundle.write(path, data, len(rows))


def _row(cells: list[str]) -> str:
    return ",".join(f'"{cell}"' for cell in cells)


def write_nt4(bundle: Bundle, path: str, meter: Meter, taken: Iterable[Sample]) -> None:
    """Write an export of Performance Monitor on NT 4: American local time, no zone."""
    rows = list(taken)
    names = list(rows[0].private)
    heading = [
        ["Private Bytes", "Working Set"] * len(names) + ["Available Bytes"],
        [name for name in names for _ in range(2)] + [""],
        [""] * (2 * len(names) + 1),
        ["Process"] * (2 * len(names)) + ["Memory"],
        [rf"\\{meter.host}"] * (2 * len(names) + 1),
    ]
    first = wall(rows[0].at, meter.zone)
    step = (rows[1].at - rows[0].at) / timedelta(seconds=1)
    lines = [
        rf"Reported on \\{meter.host}",
        f"Date: {first:%m/%d/%y}",
        f"Time: {first:%I:%M:%S %p}",
        "Data: Current Activity",
        f"Interval: {step:.3f} seconds",
        "",
        *(",".join(["", "", *cells]) for cells in heading),
        "",
    ]
    for row in rows:
        at = wall(row.at, meter.zone)
        values = [one for name in names for one in (row.private[name], row.private[name] * 0.9)]
        cells = [f"{value:.3f}" for value in [*values, row.available]]
        lines.append(",".join([f"{at:%m/%d/%y}", f"{at:%I:%M:%S %p}", *cells]))
    bundle.write(path, "".join(f"{line}\r\n" for line in lines).encode(), len(rows))
