"""Processes of an invented gateway, as text and CSV, with services and without."""

from pathlib import Path

from samples.writers._lines import put

PROCESSES = (  # image, pid, memory in KiB, services
    ("System Idle Process", 0, 16, ()),
    ("lsass.exe", 444, 8_712, ("HTTPFilter", "PolicyAgent", "ProtectedStorage", "SamSs")),
    ("inetinfo.exe", 1_512, 734_208, ("IISADMIN", "POP3Svc", "RESvc", "SMTPSVC")),
    ("cmd.exe", 2_204, 1_504, ()),
)
RULE = "========================= ======== ================ =========== ============"
SVC_RULE = "========================= ======== ============================================"


def write(folder: Path) -> None:
    """Write the four forms, the last in German."""
    plain = [
        "",
        "Image Name                     PID Session Name        Session#    Mem Usage",
        RULE,
    ]
    plain += [
        f"{image:<25} {pid:>8} {'Console':<16} {0:>11} {memory:>10,} K"
        for image, pid, memory, _ in PROCESSES
    ]
    put(folder / "tasklist.txt", "\n".join([*plain, ""]))
    with_services = ["", "Image Name                     PID Services", SVC_RULE]
    for image, pid, _, services in PROCESSES:
        first, rest = services[:3], services[3:]
        text = ", ".join(first) + ("," if rest else "") or "N/A"
        with_services.append(f"{image:<25} {pid:>8} {text}")
        with_services += [f"{'':<34} {', '.join(rest)}"] if rest else []
    put(folder / "tasklist-svc.txt", "\n".join([*with_services, ""]))
    rows = [
        f'"{image}","{pid}","{",".join(services) or "N/A"}"'
        for image, pid, _, services in PROCESSES
    ]
    put(folder / "tasklist-svc.csv", "\n".join(['"Image Name","PID","Services"', *rows, ""]))
    rows = [
        f'"{image}","{pid}","Console","0","{memory:,} K"'.replace(",", ".").replace('"."', '","')
        for image, pid, memory, _ in PROCESSES
    ]
    german = '"Abbildname","PID","Sitzungsname","Sitz.-Nr.","Speichernutzung"'
    put(folder / "tasklist-de.csv", "\n".join([german, *rows, ""]), encoding="cp850")
