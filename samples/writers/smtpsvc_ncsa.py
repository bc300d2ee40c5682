"""An SMTP service log in NCSA format: two forms of offset, quotes in a command, a cut line."""

from pathlib import Path

HERE = "03/Sep/2007:07:00"
ROWS = [
    f'192.0.2.10 - pc1 [{HERE}:15 +0200] "EHLO -?+pc1 SMTP" 250 275',
    f'192.0.2.10 - pc1 [{HERE}:15 +0200] "MAIL -?+FROM:<alice@corp.example> SMTP" 250 44',
    f'192.0.2.10 - pc1 [{HERE}:16 +0200] "RCPT -?+TO:<"bob+b"@partner.example> SMTP" 250 34',
    f'192.0.2.10 - pc1 [{HERE}:17 +0200] "DATA -?+<1@pc1.corp.example> SMTP" 250 131',
    f'192.0.2.10 - pc1 [{HERE}:18 +0200] "QUIT -?pc1 SMTP" 240 70',
    f'198.51.100.7 - OutboundConnectionResponse [{HERE}:19 +0200] "- -?220+mx1 SMTP" 0 30',
    f'198.51.100.7 - OutboundConnectionCommand [{HERE}:19 +0200] "DATA - SMTP" 0 4',
    '192.0.2.10 - - [02/Sep/2007:21:00:20 - 0800] "HELO -?+pc2 SMTP" 250 46',
    f'192.0.2.10 - pc1 [{HERE}:21 +0200] "MAIL -?+FRO',
]


def write(folder: Path) -> None:
    """Write one day whose last line is half written."""
    (folder / "nc070903.log").write_bytes("\r\n".join(ROWS).encode())
