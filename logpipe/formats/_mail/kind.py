"""What a file's first bytes are: a mailbox, a delivery report, any other mail, or no mail at all.

Formats ndr, mail and mbox ask the same question here, so that never two of them claim one file.
"""

import re
from functools import lru_cache

from logpipe.formats._mail.mime import HEADER
from logpipe.formats._text.lines import utf8_head

KNOWN = frozenset(
    "return-path received from to cc bcc subject date message-id mime-version content-type sender "
    "content-transfer-encoding reply-to x-mailer delivered-to x-original-to x-originalarrivaltime "
    "x-sender x-receiver in-reply-to references thread-index thread-topic dkim-signature "
    "authentication-results importance auto-submitted x-dsncontext".split()
)
LEAST_KNOWN = 3  # different known headers above the first blank line
# From bob@partner.example Thu Apr 29 16:51:04 2007       From - Mon Sep  3 05:00:16 2007
FROM_LINE = re.compile(
    rb"From [^\n]{0,300}?\b\d{1,2}:\d\d(?::\d\d)? (?:[^\n]{0,20} )?\d{4}"
    rb"(?: [^\n\d]{0,9}[+-]?\d{0,4})?[ \r]{0,4}(?:\n|\Z)"
)
MACHINE = re.compile(
    rb"^content-type:[ \t]*message/(?:global-)?delivery-status"
    rb"|^content-type:[ \t]*multipart/report[^\n]*(?:\n[ \t][^\n]*){0,9}?delivery-status"
    rb"|^(?:x-dsncontext|x-ms-embedded-report|x-ms-exchange-message-is-ndr|x-failed-recipients):"
    rb"|^[> \t]{0,8}final-recipient[ \t]*:[ \t]*[a-z0-9-]{1,20}[ \t]*;",
    re.IGNORECASE | re.MULTILINE,
)
PROSE = re.compile(  # what Exchange 5.x to Online, SMTPSVC, qmail, Postfix and sendmail write
    rb"did not reach the following recipient|recipient\(s\) (?:could|can)(?: not|not) be reached"
    rb"|MSEXCH:[A-Za-z]{1,20}:|Diagnostic information for administrators:"
    rb"|automatically generated Delivery Status Notification|This is the qmail-send program"
    rb"|This is the mail system at host|-- ?The following addresses had"
    rb"|<[A-Za-z0-9.-]{0,255} ?#\d\.\d{1,3}\.\d{1,3}",
    re.IGNORECASE,
)
DAEMON = re.compile(  # a mail about reports is written by a person
    rb"^(?:return-path:[ \t]*<>|auto-submitted:[ \t]*auto-"
    rb"|from:[^\n]*(?:mailer-daemon|postmaster|system administrator|mail delivery"
    rb"|microsoft ?exch))",
    re.IGNORECASE | re.MULTILINE,
)


@lru_cache(maxsize=4)
def kind_of(head: bytes) -> str | None:
    """Return ``mbox``, ``ndr`` or ``mail`` for a file's first bytes, or None."""
    head = re.sub(rb"\r{1,2}\n", b"\n", utf8_head(head))
    if b"\n" not in head:
        head = head.replace(b"\r", b"\n")
    if envelope := FROM_LINE.match(head):
        return "mbox" if is_mail(head[envelope.end() :]) else None
    if not is_mail(head):
        return None
    return "ndr" if is_report(head) else "mail"


def is_mail(head: bytes) -> bool:
    """Return whether bytes (LF line ends) begin with mail headers and nothing else."""
    names, place = set(), 0
    while match := HEADER.match(head, place):
        names.add(match.group(1).lower().decode())
        place = match.end()
    whole = place >= len(head) or head[place : place + 1] == b"\n"
    return whole and len(KNOWN & names) >= LEAST_KNOWN and b"\0" not in head[:place]


def is_report(head: bytes) -> bool:
    """Return whether a mail's first bytes (LF line ends) are those of a delivery report."""
    return bool(MACHINE.search(head) or (PROSE.search(head) and DAEMON.search(head)))
