"""The fields of a delivery status notification (RFC 3464), wherever in a text they stand.

One group for the message, then one for each recipient, divided by blank lines. Real ones leave the
blank line out, wrap values without indenting them, and stand in plain text too.
"""

import re
from dataclasses import dataclass, field

MOST_RECIPIENTS = 20_000  # of one report; Exchange stops at 5,000 unless told otherwise
MOST_AGAIN = 99  # names that one field is given where it comes again and again
# Diagnostic-Code: smtp;550 5.2.2 <bob@partner.example>... Mailbox Full
FIELD = re.compile(r"[ \t]{0,8}([A-Za-z][A-Za-z0-9-]{0,60})[ \t]{0,8}:[ \t]*(.*)")
NAMES_RECIPIENT = ("final-recipient", "original-recipient")
TELLS_RECIPIENT = (*NAMES_RECIPIENT, "action", "status")
# where a notification begins in a text that is no part of its own; "> " before it in a quoted one
BEGINS = re.compile(
    r"^[> \t]{0,8}(?:Reporting-MTA|Original-Recipient|Final-Recipient)[ \t]{0,8}:.*;",
    re.IGNORECASE | re.MULTILINE,
)
STANDARD = frozenset(
    "original-envelope-id reporting-mta dsn-gateway received-from-mta arrival-date "
    "original-recipient final-recipient action status remote-mta diagnostic-code "
    "last-attempt-date final-log-id will-retry-until".split()
)

Group = dict[str, str]


@dataclass(slots=True)
class Status:
    """What a notification says: of the message, and of each recipient; and what text follows it."""

    message: Group = field(default_factory=dict)
    recipients: list[Group] = field(default_factory=list)
    rest: str = ""
    beyond: int = 0  # recipients that were too many


def read_status(text: str) -> Status:
    """Read the body of a message/delivery-status part."""
    return _status(_groups(text.split("\n")))


def find_status(text: str) -> Status | None:
    """Find a notification's fields inside a text; None where none names a recipient."""
    if (match := BEGINS.search(text)) is None:
        return None
    lines = [re.sub(r"^(?:> ?){1,4}", "", line) for line in text[match.start() :].split("\n")]
    groups, used = [], 0
    for first, last in _blocks(lines):
        group = _groups(lines[first:last])
        if not any(STANDARD & fields.keys() for fields in group):
            break
        groups += group
        used = last
    status = _status(groups)
    status.rest = "\n".join(lines[used:])
    return status if any(name in r for r in status.recipients for name in NAMES_RECIPIENT) else None


def _blocks(lines: list[str]) -> list[tuple[int, int]]:
    """Return where runs of lines that are not blank begin and end."""
    blocks, begun = [], None
    for place, line in enumerate([*lines, ""]):
        if line.strip():
            begun = place if begun is None else begun
        elif begun is not None:
            blocks.append((begun, place))
            begun = None
    return blocks


def _groups(lines: list[str]) -> list[Group]:
    """Return the groups of fields in some lines, none of them empty."""
    groups: list[dict[str, list[str]]] = [{}]
    value: list[str] | None = None  # the lines of the last field
    seen: dict[str, int] = {}  # how often each name stands in the group
    for line in lines:
        if not line.strip():
            groups.append({})
            value = None
        elif (match := FIELD.match(line)) and not (value and line[0] in " \t"):
            name = match.group(1).lower()
            if name in groups[-1] and name in NAMES_RECIPIENT:  # a blank line is missing
                groups.append({})
            seen = seen if groups[-1] else {}
            seen[name] = min(seen.get(name, 0) + 1, MOST_AGAIN)
            value = groups[-1].setdefault(_numbered(name, seen[name]), [])
            value.append(match.group(2).strip())
        elif value:  # wrapped, perhaps without indenting
            value.append(line.strip())
    return [{k: " ".join(v).strip() for k, v in group.items()} for group in groups if group]


def _status(groups: list[Group]) -> Status:
    """Tell the message's fields from those of its recipients."""
    status = Status()
    for group in groups:
        about = {name: value for name, value in group.items() if name in TELLS_RECIPIENT}
        if not about:
            _keep(status.message, group)
        elif "reporting-mta" in group:  # the blank line below the message's fields is missing
            own = ("reporting-mta", "received-from-mta", "arrival-date", "original-envelope-id")
            status.message |= {name: group.pop(name) for name in own if name in group}
            status.recipients.append(group)
        elif len(status.recipients) < MOST_RECIPIENTS:
            status.recipients.append(group)
        else:
            status.beyond += 1
    return status


def _keep(message: Group, group: Group) -> None:
    """Add a group's fields to the message's; one that is there already gets a number."""
    for name, value in group.items():
        number = next((n for n in range(1, 10) if _numbered(name, n) not in message), MOST_AGAIN)
        message[_numbered(name, number)] = value


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} ({number})"


def typed(value: str | None) -> tuple[str, str]:
    """Split ``dns; host`` or ``rfc822;address`` into type and value; the type may be missing."""
    kind, semicolon, rest = (value or "").partition(";")
    kind = kind.strip().lower()
    # 550 5.4.7 expired; gone  and  "a;b"@corp.example  hold a semicolon and no type
    if semicolon and re.fullmatch(r"[a-z][a-z0-9-]{0,20}", kind):
        return kind, rest.strip()
    return "", (value or "").strip()
