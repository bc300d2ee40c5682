"""A postmaster's mailbox: two reports, a mail that is none, one that quotes a From line."""

from datetime import timedelta
from pathlib import Path

from samples.writers import _mails


def write(folder: Path) -> None:
    """Write four mails into one mailbox."""
    quoting = _mails.PLAIN.replace("<m3@", "<m4@") + "\n>From here on it is quoted\n"
    late = _mails.ARRIVED + timedelta(days=1)
    mails = [
        _mails.smtpsvc(delayed=True),
        _mails.PLAIN,
        _mails.EXCHANGE_2007,
        quoting,
        _mails.smtpsvc(delayed=False, number=3, arrived=late),
    ]
    envelope = f"From MAILER-DAEMON {_mails.ARRIVED:%a %b %d %H:%M:%S %Y}\n"
    text = "\n".join(envelope + mail for mail in mails)
    (folder / "postmaster.mbox").write_bytes(text.encode())
