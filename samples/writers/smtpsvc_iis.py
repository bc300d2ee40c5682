"""SMTP service logs in Microsoft IIS format: an American and a German machine."""

from pathlib import Path

SESSION = [
    ("192.0.2.10", "pc1", "0, 8, 275, 250, 0, EHLO, -, +pc1,"),
    ("192.0.2.10", "pc1", "0, 28, 44, 250, 0, MAIL, -, +FROM:<alice@corp.example>,"),
    ("192.0.2.10", "pc1", "0, 26, 34, 250, 0, RCPT, -, +TO:<bob@partner.example>,"),
    ("192.0.2.10", "pc1", "15, 2100, 131, 250, 0, DATA, -, +<1@pc1.corp.example>,"),
    ("192.0.2.10", "pc1", "46, 4, 70, 240, 3015, QUIT, -, pc1,"),
    ("192.0.2.99", "a, b", "0, 5, 30, 500, 0, xxxx, -, +x, y,"),
    (
        "198.51.100.7",
        "OutboundConnectionResponse",
        "0, 30, 0, 0, 0, -, -, 220+mx1.partner.example,",
    ),
    ("198.51.100.7", "OutboundConnectionCommand", "0, 4, 0, 0, 0, EHLO, -, gw1.corp.example,"),
]


def write(folder: Path) -> None:
    """Write a day on which the number of the day is above 12, and two in dotted form."""
    american = [_row("9/14/07", f"5:00:{place:02}", row) for place, row in enumerate(SESSION)]
    american.append("192.0.2.10, pc1, 9/14/07, 5:00:20, SMTPSVC1, GW1, 192.0.2.1, 0, 8,")
    (folder / "in070914.log").write_bytes("".join(f"{row}\r\n" for row in american).encode())
    german = [_row("3.9.07", "23:59:59", SESSION[0]), _row("4.9.07", "0:00:01", SESSION[4])]
    (folder / "in070903.log").write_bytes("".join(f"{row}\r\n" for row in german).encode())


def _row(day: str, time: str, row: tuple[str, str, str]) -> str:
    client, user, rest = row
    own = "-" if user.startswith("Outbound") else "192.0.2.1"
    return f"{client}, {user}, {day}, {time}, SMTPSVC1, GW1, {own}, {rest}"
