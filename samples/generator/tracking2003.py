"""Exchange 2003 message tracking: one tab-separated row per recipient and event."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from samples.generator import facts
from samples.generator.bundle import Bundle

COLUMNS = (
    "Date", "Time", "client-ip", "Client-hostname", "Partner-Name", "Server-hostname", "server-IP",
    "Recipient-Address", "Event-ID", "MSGID", "Priority", "Recipient-Report-Status", "total-bytes",
    "Number-Recipients", "Origination-Time", "Encryption", "service-Version", "Linked-MSGID",
    "Message-Subject", "Sender-Address",
)  # fmt: skip
HEADER = (
    "# Message Tracking Log File\r\n"
    "# Exchange System Attendant Version 6.5.7638.1\r\n"
    f"# {chr(9).join(COLUMNS)}\r\n"
)
SMTP_VERSION = "Version: 6.0.3790.3959"  # Server 2003 SP2

# Steps of a message, as (event, milliseconds after the fact).
SUBMITTED = {
    "smtp": ((1019, 0), (1025, 0), (1024, 20), (1033, 110)),
    "store": ((1027, 0), (1019, 10), (1025, 10), (1024, 30), (1033, 120)),
    "report": ((1019, 0), (1025, 0), (1024, 10), (1033, 60)),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a message, for some of its recipients."""

    at: datetime
    event: int
    message: facts.Message
    recipients: tuple[str, ...]
    partner: str = "-"


def write_tracking2003(
    bundle: Bundle, computer: str, ip: str, happened: Iterable[facts.Fact], *, end: datetime
) -> None:
    """Write the UTC day files, all packed but the newest."""
    days: dict[datetime, list[str]] = {}
    for step in sorted(_steps(happened), key=lambda step: step.at):
        if step.at < end:
            day = step.at.replace(hour=0, minute=0, second=0, microsecond=0)
            rows = (_row(step, recipient, computer, ip) for recipient in step.recipients)
            days.setdefault(day, []).extend(rows)
    for number, (day, lines) in enumerate(days.items()):
        text = HEADER + "".join(lines)
        name = f"{computer}.log/{day:%Y%m%d}.log"
        bundle.write(name, text.encode(), len(lines), pack=number < len(days) - 1)


def _steps(happened: Iterable[facts.Fact]) -> Iterator[Step]:
    for fact in happened:
        match fact:
            case facts.Accepted(at, message):
                yield from _submitted(at, message)
            case facts.Queued(at, message, recipients, local):
                yield Step(at, 1036 if local else 1034, message, recipients)
            case facts.Session():
                for one in fact.transactions:
                    everyone = tuple(rcpt for rcpt, _ in one.replies)
                    taken = tuple(rcpt for rcpt, reply in one.replies if reply[0] == "2")
                    host = fact.remote.host
                    yield Step(one.started_at, 1020, one.message, everyone, host)
                    yield Step(one.at, 1031, one.message, taken, host)
            case facts.DeliveredLocally(at, message, recipients):
                yield Step(at, 1023, message, recipients, "STORE")
                yield Step(at + timedelta(milliseconds=40), 1028, message, recipients, "STORE")
            case facts.Bounced(at, message, recipients, report=report):
                yield Step(at, 1030 if report else 1021, message, recipients)
                if report:
                    yield from _submitted(report.accepted_at, report)
            case facts.Delayed(report=report):
                yield from _submitted(report.accepted_at, report)


def _submitted(at: datetime, message: facts.Message) -> Iterator[Step]:
    for event, after in SUBMITTED[message.via]:
        partner = "STORE" if event == 1027 else "-"
        moment = at + timedelta(milliseconds=after)
        yield Step(moment, event, message, message.recipients, partner)


def _gmt(at: datetime) -> tuple[str, str]:
    """Return date and time as this log has them, without leading zeros."""
    return f"{at.year}-{at.month}-{at.day}", f"{at.hour}:{at.minute}:{at.second} GMT"


def _row(step: Step, recipient: str, computer: str, ip: str) -> str:
    message = step.message
    entering = step.event in {1019, 1027} and message.via == "smtp"
    origin = " ".join(_gmt(message.accepted_at - timedelta(seconds=1)))
    linked = "-"
    if step.event == 1027:
        linked = f"c=us;a= ;p=corp;l={computer}-{message.accepted_at:%y%m%d%H%M%S}Z-{message.size}"
    values = (
        *_gmt(step.at),
        message.client.ip if entering else "-",
        message.client.name if entering else "-",
        step.partner,
        computer,
        ip if entering else "-",
        recipient,
        str(step.event),
        message.id,
        "0",
        "0",
        str(message.size),
        str(len(message.recipients)),
        origin,
        "0",
        SMTP_VERSION if step.event in {1019, 1020, 1031} else "-",
        linked,
        message.subject,
        message.sender or "<>",
        "-",
    )
    return "\t".join(values) + "\r\n"
