"""systeminfo of two invented gateways: text in English and German, and CSV."""

from pathlib import Path
from typing import Literal

from samples.writers._lines import put

# label, in German, value, values below
FIELDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Host Name", "Hostname", "GW1", ()),
    ("OS Name", "Betriebssystemname", "Microsoft(R) Windows(R) Server 2003, Standard Edition", ()),
    ("OS Version", "Betriebssystemversion", "5.2.3790 Service Pack 2 Build 3790", ()),
    ("OS Manufacturer", "Betriebssystemhersteller", "Microsoft Corporation", ()),
    ("OS Configuration", "Betriebssystemkonfiguration", "Member Server", ()),
    ("OS Build Type", "Betriebssystem-Buildtyp", "Multiprocessor Free", ()),
    ("Registered Owner", "Registrierter Benutzer", "Mail team", ()),
    ("Registered Organization", "Registrierte Organisation", "Corp", ()),
    ("Product ID", "Produktkennung", "00000-000-0000000-00000", ()),
    ("Original Install Date", "Ursprüngliches Installationsdatum", "3/14/2006, 9:12:44 AM", ()),
    ("System Up Time", "Systembetriebszeit", "41 Days, 7 Hours, 3 Minutes, 9 Seconds", ()),
    ("System Manufacturer", "Systemhersteller", "Example Inc.", ()),
    ("System Model", "Systemmodell", "Model 1", ()),
    ("System Type", "Systemtyp", "X86-based PC", ()),
    ("Processor(s)", "Prozessor(en)", "1 Processor(s) Installed.", ("[01]: x86 Family 15",)),
    ("BIOS Version", "BIOS-Version", "EXAMPLE - 1", ()),
    ("System Locale", "Systemgebietsschema", "en-us;English (United States)", ()),
    ("Time Zone", "Zeitzone", "(GMT+01:00) Amsterdam, Berlin, Bern, Rome", ()),
    ("Total Physical Memory", "Gesamter physischer Speicher", "2,047 MB", ()),
    ("Virtual Memory: In Use", "Virtueller Arbeitsspeicher: Zurzeit verwendet", "1,030 MB", ()),
    ("Domain", "Domäne", "corp.example", ()),
    ("Logon Server", "Anmeldeserver", "\\\\DC1", ()),
    (
        "Hotfix(s)", "Hotfix(e)", "4 Hotfix(s) Installed.",
        ("[01]: File 1", "[02]: Q147222", "[03]: KB925902 - Update", "[04]: KB934709 - Hotfix"),
    ),
    ("Network Card(s)", "Netzwerkkarte(n)", "1 NIC(s) Installed.", ("[01]: Example Ethernet",)),
)  # fmt: skip


def write(folder: Path) -> None:
    """Write the three forms."""
    put(folder / "systeminfo.txt", _text(0, {}))
    german = {
        "GW1": "GW2",
        "5.2.3790 Service Pack 2 Build 3790": "6.0.6001 Service Pack 1 Build 6001",
        "41 Days, 7 Hours, 3 Minutes, 9 Seconds": "29.08.2007, 06:00:15",
        "3/14/2006, 9:12:44 AM": "14.03.2006, 09:12:44",
    }
    put(folder / "systeminfo-de.txt", _text(1, german), encoding="cp850")
    values = [",".join([value, *below]) for _, _, value, below in FIELDS]
    lines = [",".join(f'"{cell}"' for cell in row) for row in ([f[0] for f in FIELDS], values)]
    put(folder / "systeminfo.csv", "\n".join(["", *lines, ""]))


def _text(label: Literal[0, 1], changed: dict[str, str]) -> str:
    width = max(len(field[label]) for field in FIELDS) + 2
    lines = [""]
    for field in FIELDS:
        value = changed.get(field[2], field[2])
        lines.append(f"{field[label] + ':':<{width}}{value}")
        lines += [f"{'':<{width}}{item}" for item in field[3]]
    return "\n".join([*lines, ""])
