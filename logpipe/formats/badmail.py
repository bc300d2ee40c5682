"""The reason file of a Badmail set, ``.BDR``: why SMTPSVC could neither deliver nor return a mail.

Beside it stand the mail itself (``.BAD``, read as ndr or mail) and its properties (``.BDP``, in
binary; the layout is not public, and no format claims it). Source of the words: KB 319285 and pages
that quote such files; a real one was never seen, so the text is kept whole in ``extra``.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats._mail.charset import readable
from logpipe.formats._mail.delivery import Row, frame_of
from logpipe.formats._mail.headers import BARE_ADDRESS
from logpipe.formats._text.lines import utf8_head
from logpipe.model import Format, Frame, Reading

LARGEST = 256 << 10
# Unable to deliver this message because the following error was encountered: "...".
# The specific error code was 0xC00402C7.
OPENING = re.compile(r"\s*Unable to deliver this\b[^\n]{0,200}", re.IGNORECASE)
CODE = re.compile(r"specific error code was\s+(0x[0-9A-F]{1,8})", re.IGNORECASE)
ENCOUNTERED = "error was encountered:"
RECIPIENTS = re.compile(r"\brecipients?\b", re.IGNORECASE)
SENDER = re.compile(r"\bsender\b", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """Return whether the text begins with the sentence of a .BDR file and names an error code."""
    text = readable(utf8_head(head[:8000]))
    return bool(OPENING.match(text) and CODE.search(text))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:  # noqa: ARG001
    """Give one row for each recipient that the text names, or one without."""
    with path.open("rb") as file:
        text = re.sub(r"\r+\n?", "\n", readable(utf8_head(file.read(LARGEST))))
    yield Reading(load="delivery_report", records=1, batches=iter([Frame(frame_of(_rows(text)))]))


def _rows(text: str) -> list[Row]:
    """Return the rows of one reason file."""
    code = CODE.search(text)
    extra = {"text": text.strip()[:4000]}
    if code:
        extra["error code"] = code.group(1)
    shared: Row = {
        "record": 1,
        "kind": "badmail",
        "action": "failed",
        "diagnostic": _reason(text[: code.start() if code else 2000]),
        "original_sender": _sender(text),
    }
    return [
        shared | {"recipient_no": no, "recipient": recipient, "extra": extra if no == 1 else {}}
        for no, recipient in enumerate(_recipients(text) or [None], 1)
    ]


def _reason(text: str) -> str | None:
    """Return what the text before the error code gives as the reason, else all of it."""
    reason = text.rpartition(ENCOUNTERED)[2].strip().removesuffix("The")
    return " ".join(reason.strip(' ".\n').split())[:2000] or None


def _recipients(text: str) -> list[str]:
    """Return the addresses on and below a line that speaks of recipients."""
    lines = text.split("\n")
    place = next((n for n, line in enumerate(lines) if RECIPIENTS.search(line)), len(lines))
    found = (BARE_ADDRESS.findall(line[:1000]) for line in lines[place:])
    return list(dict.fromkeys(address.lower().rstrip(".") for row in found for address in row))


def _sender(text: str) -> str | None:
    """Return the address on a line that speaks of the sender; ``<>`` is the null sender."""
    line = next((line[:1000] for line in text.split("\n") if SENDER.search(line)), "")
    if "<>" in line:
        return "<>"
    match = BARE_ADDRESS.search(line)
    return match.group().lower().rstrip(".") if match else None


FORMAT = Format(
    "badmail",
    "Badmail reason file (.BDR)",
    table="delivery_report",
    sniff=sniff,
    read=read,
    growth="none",
)
