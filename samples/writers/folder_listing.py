"""The Queue folder of an invented gateway: by PowerShell and by dir, in several languages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from samples.writers._lines import put

FOLDER = "C:\\inetpub\\mailroot\\Queue"
FILES = (  # name, size, created and written in UTC
    ("NTFS_0a1b2c3d01c7ee0000000001.EML", 2_413, datetime(2007, 9, 3, 5, 0, 16, tzinfo=UTC), 0),
    ("NTFS_0a1b2c3d01c7ee0000000002.EML", 5_209_325, datetime(2007, 9, 3, 5, 2, 1, tzinfo=UTC), 0),
    ("NTFS_0a1b2c3d01c7ee0000000003.EML", 812, datetime(2007, 9, 14, 21, 30, tzinfo=UTC), 240),
)
EAST = timedelta(hours=2)


def write(folder: Path) -> None:
    """Write each form."""
    rows = [
        f'"{name}","{size}","{made:%Y-%m-%dT%H:%M:%S}.1250000Z",'
        f'"{made + timedelta(minutes=wait):%Y-%m-%dT%H:%M:%S}.1250000Z"'
        for name, size, made, wait in FILES
    ]
    header = '"Name","Length","CreationTimeUtc","LastWriteTimeUtc"'
    put(folder / "queue.csv", "\n".join([header, *rows, ""]))
    whole = '"PSPath","FullName","Length","IsReadOnly","CreationTime","LastWriteTime"'
    rows = [
        f'"FileSystem::{FOLDER}\\{name}","{FOLDER}\\{name}","{size}","False",'
        f'"{_american(made)}","{_american(made + timedelta(minutes=wait))}"'
        for name, size, made, wait in FILES
    ]
    put(folder / "whole.csv", "\n".join(["#TYPE System.IO.FileInfo", whole, *rows, ""]))
    table = ["", "", f"    Directory: {FOLDER}", "", ""]
    table += ["Mode                LastWriteTime     Length Name"]
    table += ["----                -------------     ------ ----"]
    table += [
        f"-a---        {f'{made + EAST:%d.%m.%Y}':>10}    {made + EAST:%H:%M} {size:>10} {name}"
        for name, size, made, _ in FILES
    ]
    put(folder / "table.txt", "\n".join([*table, "", ""]), encoding="utf-16")
    put(folder / "dir-tc-en.txt", _english())
    put(folder / "dir-de.txt", _german(), encoding="cp850")


def _american(moment: datetime) -> str:
    local = moment + EAST
    half = "PM" if local.hour >= 12 else "AM"
    return f"{local.month}/{local.day}/{local.year} {local.hour % 12 or 12}:{local:%M:%S} {half}"


def _english() -> str:
    lines = [f"C:\\>dir /a /tc {FOLDER}", " Volume in drive C has no label."]
    lines += [" Volume Serial Number is 1A2B-3C4D", "", f" Directory of {FOLDER}", ""]
    lines += [f"09/03/2007  06:58 AM    {'<DIR>':<14} {name}" for name in (".", "..")]
    for name, size, made, _ in FILES:
        local = made + EAST
        lines.append(f"{local:%m/%d/%Y}  {local:%I:%M} {local:%p}{size:>18,} {name}")
    lines += ["               3 File(s)      5,212,550 bytes"]
    lines += ["               2 Dir(s)  12,345,678,848 bytes free"]
    return "\n".join([*lines, ""])


def _german() -> str:
    lines = [" Datenträger in Laufwerk C: ist System", " Volumeseriennummer: 1A2B-3C4D", ""]
    lines += [f" Verzeichnis von {FOLDER}", ""]
    for name, size, made, _ in FILES:
        local = made + EAST
        lines.append(f"{local:%d.%m.%Y}  {local:%H:%M}{f'{size:,}'.replace(',', '.'):>18} {name}")
    lines += ["               3 Datei(en),      5.212.550 Bytes"]
    lines += ["               0 Verzeichnis(se), 12.345.678.848 Bytes frei"]
    return "\n".join([*lines, ""])
