r"""Any mail as a file that is no delivery report, as one found in a copied ``mailroot\Queue``.

Only its headers are read. The envelope of a queued mail is not in the file but in NTFS streams that
copies lose, so the recipients are those of the headers; ``X-Receiver`` of a Drop folder is better.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats._mail.dates import moment
from logpipe.formats._mail.headers import (
    VERSION,
    Headers,
    addresses,
    arrived,
    mailbox,
    message_id_of,
    subject_of,
    value_of,
)
from logpipe.formats._mail.kind import kind_of
from logpipe.formats._mail.mime import MOST_TEXT, top_headers
from logpipe.model import Format, Frame, Reading

FOLDERS = ("queue", "badmail", "pickup", "drop", "poison", "replay")  # of a mailroot or transport
SCHEMA: dict[str, pl.DataType] = {
    "record": pl.UInt64(), "host": pl.String(), "queue": pl.String(), "destination": pl.String(),
    "message_id": pl.String(), "sender": pl.String(), "recipient": pl.String(),
    "recipients": pl.Int32(), "subject": pl.String(), "bytes": pl.Int64(),
    "arrived_ts": pl.Datetime("us"), "name": pl.String(),
    "extra": pl.List(pl.Struct({"key": pl.String(), "value": pl.String()})),
}  # fmt: skip
KEPT = ("date", "from", "to", "cc", "x-sender", "x-mailer", "x-originalarrivaltime")


def sniff(head: bytes) -> bool:
    """Return whether the file is one mail, and no delivery report."""
    return kind_of(head) == "mail"


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give one row: this mail stood in a folder."""
    with path.open("rb") as file:
        headers = top_headers(file.read(MOST_TEXT))
    own = scratch not in path.parents  # in the scratch folder names mean nothing
    folder = path.parent.name if own and path.parent.name.lower() in FOLDERS else None
    version = VERSION.search((value_of(headers, "received") or "")[:600])
    row = _row(headers, path.stat().st_size) | {
        "queue": folder,
        "name": path.name if own else None,
        "host": version.group(1) if version else None,
    }
    yield Reading(
        load="mail",
        records=1,
        batches=iter([Frame(pl.DataFrame([row], schema=SCHEMA, orient="row"))]),
        generation=f"{version.group(2)} {version.group(3)}" if version else None,
    )


def _row(headers: Headers, size: int) -> dict[str, object]:
    """Return what the headers of a mail tell, as columns of table queue_entry."""
    receivers = addresses(headers.get("x-receiver", []))
    recipients = receivers or addresses(
        [v for n in ("to", "cc", "bcc") for v in headers.get(n, [])]
    )
    domains = {address.rpartition("@")[2] for address in recipients}
    extra = {name: ", ".join(headers[name]) for name in KEPT if any(headers.get(name, ()))}
    extra["recipients known by"] = "x-receiver" if receivers else "headers"
    if (date := moment(value_of(headers, "date"))) is not None:
        extra["date"] = f"{date:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "record": 1,
        "destination": domains.pop() if len(domains) == 1 else None,
        "message_id": message_id_of(headers),
        "sender": mailbox(value_of(headers, "x-sender", "return-path", "from", "sender")),
        "recipient": recipients[0] if len(recipients) == 1 else None,
        "recipients": len(recipients) or None,
        "subject": subject_of(headers),
        "bytes": size,
        "arrived_ts": arrived(headers),
        "extra": [{"key": key, "value": value} for key, value in extra.items()],
    }


FORMAT = Format(
    "mail", "Mail that is no delivery report", "queue_entry", sniff, read, growth="none"
)
