"""Queues and the messages in them, as Get-Queue and Get-Message printed them: CSV, list or table.

A snapshot, whose own time the output does not hold; the times in it are in the zone and the
language of who ran the command.
https://learn.microsoft.com/exchange/mail-flow/queues/queue-properties
https://learn.microsoft.com/exchange/mail-flow/queues/message-properties
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from logpipe.formats._export.powershell import Export, layout, text_reading
from logpipe.formats._export.record import Row, Shape
from logpipe.formats._export.tracking_shape import recipients_of
from logpipe.formats._text.lines import first_lines, utf8_head
from logpipe.model import Format, Reading

COLUMNS = {
    "ts": "snapshottime capturedat timestamp",
    "identity": "identity queueidentity messageidentity",
    "queue": "queue",
    "delivery_type": "deliverytype",
    "destination": "nexthopdomain",
    "status": "status",
    "message_count": "messagecount",
    "message_id": "internetmessageid",
    "sender": "fromaddress",
    "recipient": "recipients",
    "subject": "subject",
    "bytes": "size",
    "arrived_ts": "datereceived",
    "expires_ts": "expirationtime",
    "last_retry_ts": "lastretrytime",
    "next_retry_ts": "nextretrytime",
    "retries": "retrycount",
    "last_error": "lasterror",
}
QUEUE = {"messagecount", "nexthopdomain", "deliverytype", "nextretrytime", "lasterror"}
MESSAGE = {"fromaddress", "internetmessageid", "datereceived", "expirationtime", "queue"}
LOW_TRUST = "times as PowerShell printed them; when the queues were looked at is not told"


def known(names: set[str]) -> bool:
    """Return whether names are a queue's or those of a message in one."""
    few = 2
    return {"identity", "status"} <= names and (
        len(names & QUEUE) >= few or len(names & MESSAGE) >= few
    )


def begins(values: dict[str, str]) -> bool:
    r"""Return whether a row has an identity: SERVER\queue, SERVER\queue\number."""
    return "\\" in values.get("identity", "") and " " not in values["identity"].split("\\")[0]


def finish(row: Row) -> list[Row]:
    r"""Divide the identity, HUB1\17 or HUB1\17\3298534883329, and tell queues from messages."""
    names = ("message_id", "sender", "subject", "arrived_ts", "bytes")
    identity = row["identity"] or ""
    parts = identity.split("\\")
    row["kind"] = "message" if any(row[name] is not None for name in names) else "queue"
    row["host"] = parts[0] if len(parts) > 1 else None
    if row["kind"] == "message" and len(parts) > 2:  # noqa: PLR2004 - server, queue, number
        row["internal_id"], identity = parts[-1], "\\".join(parts[:-1])
    row["queue"] = row["queue"] or identity or None
    if (text := row["recipient"]) is not None:
        found, whole = recipients_of(text)
        row["recipients"] = len(found) if whole else None
        row["recipient"] = found[0] if len(found) == 1 and whole else None
        if row["recipient"] is None:
            row["extra"]["Recipients"] = text
    return [row]


SHAPE = Shape(
    columns={name: column for column, names in COLUMNS.items() for name in names.split()},
    times=("ts", "arrived_ts", "expires_ts", "last_retry_ts", "next_retry_ts"),
    numbers=("message_count", "bytes", "retries", "recipients"),
    given={"kind": None, "host": None, "internal_id": None},
    finish=finish,
)
EXPORT = Export("queue_export", SHAPE, known, begins)


def sniff(head: bytes) -> bool:
    """Return whether the first lines name the properties of queues or queued messages."""
    return layout(first_lines(utf8_head(head), 80), EXPORT) is not None


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every queue and every message as one row."""
    reading = text_reading(path, scratch, EXPORT)
    yield replace(reading, notes=(*reading.notes, LOW_TRUST))


FORMAT = Format(
    "queue_export",
    "Queues and queued messages of Exchange, exported",
    table="queue_entry",
    generation="Exchange 2007 or later",
    sniff=sniff,
    read=read,
    growth="none",
)
