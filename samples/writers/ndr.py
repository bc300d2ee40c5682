"""Delivery reports: SMTPSVC at 12 and 48 hours, Exchange 5.5, 2007 and Online, one forwarded."""

from pathlib import Path

from samples.writers import _mails


def write(folder: Path) -> None:
    """Write one mail file of each kind, with CRLF as servers do."""
    mails = {
        "smtpsvc-delay": _mails.smtpsvc(delayed=True),
        "smtpsvc-failure": _mails.smtpsvc(delayed=False),
        "exchange55": _mails.IMS,
        "exchange2007": _mails.EXCHANGE_2007,
        "online": _mails.ONLINE,
        "forwarded": _mails.forwarded(_mails.smtpsvc(delayed=False, number=2)),
    }
    for name, text in mails.items():
        (folder / f"{name}.eml").write_bytes(text.replace("\n", "\r\n").encode())
