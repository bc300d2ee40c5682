"""What single headers of a mail tell: addresses, ids, subjects, times, versions of servers."""

import re
from datetime import datetime

from logpipe.formats._mail.charset import words
from logpipe.formats._mail.dates import arrival, received_at

Headers = dict[str, list[str]]
LONGEST = 1000  # characters of a subject or a name
ADDRESS = re.compile(r"<([^<>\s]{0,320})>")
BARE_ADDRESS = re.compile(r"[^\s<>,;:\"'()]{1,64}@[^\s<>,;:\"'()]{1,255}")
# by GW1.corp.example with Microsoft SMTPSVC(6.0.3790.4675); Internet Mail Service (5.5.2657.72)
VERSION = re.compile(
    r"\bby ([\w.-]{1,255}).{0,200}?\bwith (Microsoft SMTPSVC|Internet Mail Service|Microsoft SMTP "
    r"Server)(?: \(TLS\)| \(version=[^)]{0,99}\))?(?: id)? ?\(?(\d{1,5}(?:\.\d{1,5}){1,3})"
)
ARRIVALS = (  # where Exchange and SMTPSVC write when they took a mail in
    "x-originalarrivaltime", "x-ms-exchange-organization-originalarrivaltime",
    "x-ms-exchange-crosstenant-originalarrivaltime",
)  # fmt: skip


def value_of(headers: Headers, *names: str) -> str | None:
    """Return the first value of the first of these headers that has one."""
    return next((value for name in names for value in headers.get(name, ()) if value), None)


def message_id_of(headers: Headers) -> str | None:
    """Return the Message-ID without angle brackets."""
    value = (value_of(headers, "message-id") or "").strip()
    match = ADDRESS.search(value)
    return (match.group(1) if match else value)[:LONGEST] or None


def subject_of(headers: Headers) -> str | None:
    """Return the subject, its encoded words decoded, its first 1,000 characters."""
    return (words(value_of(headers, "subject")) or "")[:LONGEST] or None


def addresses(values: list[str]) -> list[str]:
    """Return the different addresses in some headers, in lower case, in their order."""
    text = ", ".join(values)[:64_000]
    found = ADDRESS.findall(text) + BARE_ADDRESS.findall(ADDRESS.sub(" ", text))
    return list(dict.fromkeys(address.lower() for address in found if "@" in address))


def mailbox(value: str | None) -> str | None:
    """Return the first address in a header, in lower case; ``<>`` is the null sender."""
    text = (value or "")[:4000]
    if match := ADDRESS.search(text):
        return match.group(1).lower() or "<>"
    match = BARE_ADDRESS.search(text)
    return match.group().lower() if match else None


def arrived(headers: Headers) -> datetime | None:
    """Return when the last server on a mail's way took it in."""
    return arrival(value_of(headers, *ARRIVALS)) or received_at(value_of(headers, "received"))


def versions(received: list[str]) -> list[tuple[str, str, str]]:
    """Return host, product and version of the Microsoft services in some Received headers."""
    seen = (VERSION.search(line[:600]) for line in received[:60])
    return list(dict.fromkeys((m[1], m[2], m[3]) for m in seen if m))


def own_version(seen: list[tuple[str, str, str]], host: str | None) -> str | None:
    """Return the version of one host's SMTPSVC."""
    return next((v for by, what, v in seen if same_host(by, host) and "SMTPSVC" in what), None)


def same_host(name: str, other: str | None) -> bool:
    """Return whether two names are of one host: in full where both have a domain."""
    if "." in name and other and "." in other:
        return name.rstrip(".").upper() == other.rstrip(".").upper()
    return short_name(name) == short_name(other)


def short_name(host: str | None) -> str:
    """Return a host's name up to its first dot, in upper case."""
    return (host or "").partition(".")[0].upper()
