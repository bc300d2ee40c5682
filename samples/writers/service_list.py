"""Services of an invented gateway: sc queryex, net start, Get-Service."""

from pathlib import Path

from samples.writers._lines import put

SERVICES = (  # key, display name, state, pid
    ("IISADMIN", "IIS Admin Service", 4, 1512),
    ("SMTPSVC", "Simple Mail Transfer Protocol (SMTP)", 4, 1512),
    ("POP3Svc", "Microsoft Exchange POP3", 1, 0),
)
WORDS = {1: "STOPPED", 4: "RUNNING"}


def write(folder: Path) -> None:
    """Write the three forms, net start also in German."""
    blocks = ""
    for key, shown, state, pid in SERVICES:
        accepted = "STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN" if state > 1 else "NOT_STOPPABLE"
        blocks += (
            f"\nSERVICE_NAME: {key}\nDISPLAY_NAME: {shown}\n"
            "        TYPE               : 20  WIN32_SHARE_PROCESS \n"
            f"        STATE              : {state}  {WORDS[state]} \n"
            f"                                ({accepted})\n"
            "        WIN32_EXIT_CODE    : 0\t(0x0)\n"
            "        SERVICE_EXIT_CODE  : 0\t(0x0)\n"
            "        CHECKPOINT         : 0x0\n        WAIT_HINT          : 0x0\n"
            f"        PID                : {pid}\n        FLAGS              : \n"
        )
    put(folder / "sc.txt", blocks)
    running = "".join(f"   {shown}\n" for _, shown, state, _ in SERVICES if state > 1)
    titles = {
        "en": ("These Windows services are started:", "The command completed successfully."),
        "de": (
            "Folgende Windows-Dienste wurden gestartet:",
            "Der Befehl wurde erfolgreich ausgeführt.",
        ),
    }
    for language, (title, farewell) in titles.items():
        text = f"{title}\n\n{running}\n{farewell}\n\n"
        put(folder / f"net-start-{language}.txt", text, encoding="cp850")
    rows = [f'"{key}","{shown}","{WORDS[state].title()}"' for key, shown, state, _ in SERVICES]
    put(folder / "get-service.csv", "\n".join(['"Name","DisplayName","Status"', *rows, ""]))
    table = [
        "",
        "Status   Name               DisplayName",
        "------   ----               -----------",
    ]
    table += [f"{WORDS[state].title():<8} {key:<18} {shown}" for key, shown, state, _ in SERVICES]
    put(folder / "get-service.txt", "\n".join([*table, "", ""]), encoding="utf-16")
