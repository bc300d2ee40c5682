"""A delivery report inside a mail: the fields, the mail that carries them, what came back.

A report is told by its content: a message/delivery-status part, such fields in a text, or prose of
a known shape; in the mail itself or in one that it forwards. What a report returns is not searched:
it may be a report as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from logpipe.formats._mail.dsn import Status, find_status, read_status
from logpipe.formats._mail.mime import ENCLOSED, HEADERS_ONLY, LARGEST, Part, headers_of, text_of
from logpipe.formats._mail.ndr_text import find_recipients, told_original

STATUS = ("message/delivery-status", "message/global-delivery-status")
RETURNED = re.compile(
    r"^(?:Return-Path|Received|Message-ID|From|Date|To|Subject|MIME-Version):",
    re.IGNORECASE | re.MULTILINE,
)
FAILED_HEADER = "x-failed-recipients"  # Exim writes it on top of its prose


@dataclass(slots=True)
class Report:
    """One report: of kind ``dsn`` (RFC 3464 fields) or ``text`` (prose)."""

    kind: str
    mail: Part  # the mail that is the report; its headers are the report's
    status: Status
    original: dict[str, list[str]] = field(default_factory=dict)  # headers of what came back


def find_reports(mail: Part) -> list[Report]:
    """Return the reports of a mail: its own, else those of the mails that it encloses."""
    own, enclosed = _own_parts(mail)
    if report := _machine(mail, own, enclosed) or _prose(mail, own, enclosed):
        return [report]
    inner = [part.parts[0] for part in enclosed if part.kind in ENCLOSED and part.parts]
    return [report for part in inner for report in find_reports(part)]


def _own_parts(mail: Part) -> tuple[list[Part], list[Part]]:
    """Return a mail's parts without those of enclosed mails, and the enclosing ones apart."""
    leaves = list(_leaves(mail))
    enclosing = (*ENCLOSED, *HEADERS_ONLY)
    return (
        [part for part in leaves if part.kind not in enclosing],
        [part for part in leaves if part.kind in enclosing],
    )


def _leaves(part: Part) -> Iterator[Part]:
    if part.kind.startswith("multipart/") and part.parts:
        for piece in part.parts:
            yield from _leaves(piece)
    else:
        yield part


def _machine(mail: Part, own: list[Part], enclosed: list[Part]) -> Report | None:
    """Return the report whose fields stand in a part of their own, or in a text."""
    status = Status()
    for part in own:
        if part.kind in STATUS:
            read = read_status(text_of(part, LARGEST))
            status.message |= read.message
            status.recipients += read.recipients
            status.beyond += read.beyond
    if status.recipients:
        return Report("dsn", mail, status, _returned(enclosed))
    for part in own:
        if part.kind == "text/plain" and (found := find_status(text_of(part))):
            found.message = status.message | found.message
            return Report("dsn", mail, found, _returned(enclosed) or _headers_below(found.rest))
    return None


def _prose(mail: Part, own: list[Part], enclosed: list[Part]) -> Report | None:
    """Return the report that a mail's text is, read from the plain text, else from the HTML."""
    message = {k: v for part in own if part.kind in STATUS for k, v in _fields(part).items()}
    for kind in ("text/plain", "text/html"):
        text = "\n\n".join(text_of(part) for part in own if part.kind == kind)
        if recipients := find_recipients(text):
            original = _returned(enclosed) or _headers_below(text) or told_original(text)
            return Report("text", mail, Status(message, recipients), original)
    failed = re.findall(r"[^\s<>,]+@[^\s<>,]+", ", ".join(mail.headers.get(FAILED_HEADER, ())))
    if not failed:
        return None
    groups = [{"final-recipient": address, "action": "failed"} for address in failed]
    return Report("text", mail, Status(message, groups), _returned(enclosed))


def _fields(part: Part) -> dict[str, str]:
    return read_status(text_of(part)).message


def _returned(enclosed: list[Part]) -> dict[str, list[str]]:
    """Return the headers of the first mail that a report encloses."""
    for part in enclosed:
        if part.kind in HEADERS_ONLY:
            return headers_of(text_of(part).lstrip("\n").encode())
        if part.parts:
            return part.parts[0].headers
    return {}


def _headers_below(text: str) -> dict[str, list[str]]:
    """Return the headers of a returned mail that stand as text: at least two kinds of them."""
    for match in RETURNED.finditer(text):
        headers = headers_of(text[match.start() :].encode())
        if len({"message-id", "from", "date", "received"} & headers.keys()) > 1:
            return headers
        if len(headers) > 1:
            break
    return {}
