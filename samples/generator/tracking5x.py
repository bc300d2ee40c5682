"""Message tracking of Exchange 5.0 and 5.5: records of several lines, ended by bare line feeds."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from samples.generator import facts
from samples.generator.bundle import Bundle

SERVERS = "/O=CORP/OU=HQ/CN=CONFIGURATION/CN=SERVERS"
PEOPLE = "/o=CORP/ou=HQ/cn=Recipients/cn="

Record = tuple[datetime, str]


def write_tracking5x(
    bundle: Bundle, computer: str, happened: Iterable[facts.Fact], *, folder: str, end: datetime
) -> None:
    """Write one file a day, named after the day in UTC."""
    days: dict[str, list[str]] = {}
    records = [record for fact in happened for record in _records(computer, fact)]
    for at, text in sorted(records, key=lambda record: record[0]):
        if at < end:
            days.setdefault(f"{at:%Y%m%d}", []).append(text)
    for day, texts in days.items():
        bundle.write(f"{folder}/{day}.log", "".join(texts).encode(), len(texts))


def _records(computer: str, fact: facts.Fact) -> Iterator[Record]:
    server = f"{SERVERS}/CN={computer.upper()}"
    store, mta = f"{server}/CN=MICROSOFT PRIVATE MDB", f"{server}/CN=MICROSOFT MTA"
    connector = (
        "/O=CORP/OU=HQ/CN=CONFIGURATION/CN=CONNECTIONS/"
        f"CN=INTERNET MAIL CONNECTOR ({computer.upper()})"
    )
    match fact:
        case facts.Accepted(at, message) if message.via == "store":
            yield _record(computer, at, 4, store, message, message.recipients)
            outside = tuple(one for one in message.recipients if not one.endswith("@corp.example"))
            if outside:
                later = at + timedelta(seconds=1)
                yield _record(computer, later, 7, mta, message, outside)
                yield _record(computer, later, 1010, connector, message, outside, remote=True)
        case facts.Accepted(at, message) if message.via == "smtp":
            yield _record(computer, at, 1012, connector, message, message.recipients, remote=True)
            yield _record(computer, at, 1013, connector, message, message.recipients, remote=True)
            later = at + timedelta(seconds=1)
            yield _record(computer, later, 0, mta, message, message.recipients)
        case facts.DeliveredLocally(at, message, recipients):
            yield _record(computer, at, 9, store, message, recipients)
        case facts.Session():
            for one in fact.transactions:
                taken = tuple(rcpt for rcpt, reply in one.replies if reply[0] == "2")
                if taken:
                    yield _record(
                        computer, one.at, 1011, connector, one.message, taken, remote=True
                    )


def _record(  # noqa: PLR0917 - in the order of the record
    computer: str,
    at: datetime,
    event: int,
    partner: str,
    message: facts.Message,
    recipients: tuple[str, ...],
    *,
    remote: bool = False,
) -> Record:
    number = int(message.id[:6], 16) if message.via == "store" else message.size
    own = f"c=US;a= ;p=CORP;l={computer.upper()}-{message.accepted_at:%y%m%d%H%M%S}Z-{number}"
    moment = f"{at.year}.{at.month}.{at.day} {at.hour}:{at.minute}:{at.second}"
    sender = f"{PEOPLE}{message.sender.split('@')[0]}" if message.sender else ""
    if message.via == "smtp":
        sender = f"SMTP:{message.sender}"
    line = [
        own, str(event), moment, "", partner, f"<{message.id}>" if remote else "", sender, "0",
        str(message.size), "0", "0", "", str(len(recipients)),
    ]  # fmt: skip
    names = [
        f"{PEOPLE}{one.split('@')[0]}" if one.endswith("@corp.example") else f"SMTP:{one}"
        for one in recipients
    ]
    return at, "\n".join(["\t".join(line), *names, "", ""])
