"""Clock offsets of an invented gateway: with /dataonly, with the chart, and with a failure."""

from pathlib import Path

from samples.writers._lines import put


def write(folder: Path) -> None:
    """Write both forms."""
    head = (
        "Tracking dc1.corp.example [192.0.2.9:123].\n{collect}"
        "The current time is 9/13/2007 11:59:58 PM.\n"
    )
    data = "23:59:58, +00.0123456s\n00:00:00, +00.0123120s\n00:00:02, error: 0x800705B4\n"
    put(folder / "dataonly.txt", head.format(collect="Collecting 3 samples.\n") + data)
    chart = "".join(
        f"{time} d:+00.0156250s o:{offset}s  [{'*':>28}{'':<27}]\n"
        for time, offset in (("23:59:58", "-03.4820119"), ("00:00:00", "-03.4820350"))
    )
    put(folder / "chart.txt", head.format(collect="") + chart)
