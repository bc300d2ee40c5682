"""One delivery report (DSN, NDR) as a mail file: ``.eml``, or ``.BAD`` of a Badmail folder.

Told by its content: fields of RFC 3464, or the prose of servers that write none. Its dates carry
their offset from UTC.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats._mail.delivery import BEYOND, frame_of, rows_of
from logpipe.formats._mail.kind import kind_of
from logpipe.formats._mail.mime import LARGEST, parse
from logpipe.model import Format, Frame, Reading


def sniff(head: bytes) -> bool:
    """Return whether the file is one mail, and that a delivery report."""
    return kind_of(head) == "ndr"


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:  # noqa: ARG001
    """Give one row for each recipient of the report."""
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    rows = rows_of(parse(raw), 1)
    notes = []
    if rows[0]["kind"] == "mail":
        notes.append("looks like a delivery report, but names no recipient in a known form")
    if beyond := rows[0]["extra"].get(BEYOND):
        notes.append(f"lost: {beyond} recipients beyond the first 20,000")
    if len(raw) > LARGEST:
        notes.append(f"a mail of {path.stat().st_size:,} bytes: its first 4 MiB were searched")
    versions = (row["smtp_version"] for row in rows if row.get("smtp_version"))
    version = next(versions, None)
    yield Reading(
        load="delivery_report",
        records=1,
        batches=iter([Frame(frame_of(rows))]),
        generation=f"Microsoft SMTPSVC {version}" if version else None,
        notes=tuple(notes),
    )


FORMAT = Format(
    "ndr",
    "Delivery report (DSN or NDR), one mail",
    table="delivery_report",
    sniff=sniff,
    read=read,
    growth="none",
)
