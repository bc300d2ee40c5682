"""Mail files as they stand in the Queue and Drop folders of a mailroot."""

from pathlib import Path

from samples.writers import _mails


def write(folder: Path) -> None:
    """Write a queued mail, and a dropped one that carries its envelope."""
    files = {
        "Queue/NTFS_7e3b49bc01c7ede700000001.EML": _mails.PLAIN,
        "Drop/7e3b49bc01c7ede700000002.eml": (
            "x-sender: alice@corp.example\nx-receiver: bob@partner.example\n" + _mails.PLAIN
        ),
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace("\n", "\r\n").encode())
