"""A log of the Internet Mail Service: a session in, a session out, and text of no known shape."""

from pathlib import Path

ROWS = [
    "9/14/99 5:00:14 AM : A connection was accepted from pc1.corp.example.",
    "9/14/99 5:00:14 AM : >>> 220 srv1.corp.example ESMTP Server",
    "9/14/99 5:00:15 AM : <<< EHLO pc1.corp.example",
    "9/14/99 5:00:15 AM : >>> 250-srv1.corp.example Hello",
    "9/14/99 5:00:16 AM : <<< MAIL FROM:<alice@corp.example>",
    "9/14/99 5:00:16 AM : >>> 250 OK - mail from <alice@corp.example>",
    "9/14/99 12:00:17 PM : <<< 220 mx1.partner.example ready",
    "9/14/99 12:00:18 PM : >>> RCPT TO:<bob@partner.example>",
    "9/14/99 12:00:19 PM : <<< 452 4.3.1 try later",
    "9/14/99 12:00:20 PM : >>> QUIT",
    "text without a time",
]


def write(folder: Path) -> None:
    """Write one file with CRLF line ends."""
    (folder / "L0000001.LOG").write_bytes("".join(f"{row}\r\n" for row in ROWS).encode())
