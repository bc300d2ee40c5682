"""Message tracking of Exchange 2016, and of 2010: CSV, the recipients of an event in one row."""

import csv
import io
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from samples.generator import facts
from samples.generator.bundle import Bundle
from samples.generator.remotes import Remote

FIELDS = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,"
    "source,event-id,internal-message-id,message-id,network-message-id,recipient-address,"
    "recipient-status,total-bytes,recipient-count,related-recipient-address,reference,"
    "message-subject,sender-address,return-path,message-info,directionality,tenant-id,"
    "original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,"
    "schema-version"
)
# 2010 has neither the id that is the same on every server nor the last three
FIELDS_2010 = ",".join(
    name
    for name in FIELDS.split(",")
    if name not in {"network-message-id", "transport-traffic-type", "log-id", "schema-version"}
)
VERSION = "15.01.2507.006"
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"
POSTMASTER = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"
ROLL_HOURS = 6

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Release:
    """How one release of the product writes its logs."""

    version: str
    fields: str
    roll_hours: int
    file_time: str  # in the name of a file
    total: str  # name of the whole in the latency tree
    quotes: bool  # a recipient's status names the last error, host and time


E2016 = Release(VERSION, FIELDS, ROLL_HOURS, "%Y%m%d%H", "TOTAL-HUB", quotes=True)
E2010 = Release("14.0.0.0", FIELDS_2010, 24, "%Y%m%d", "TOTAL", quotes=False)


@dataclass(frozen=True, slots=True)
class Site:
    """The server's names; its own domain signs the reports."""

    computer: str
    fqdn: str
    ip: str
    domain: str
    release: Release = E2016


@dataclass(frozen=True, slots=True)
class Line:
    """One row with its moment."""

    at: datetime
    values: Row


def write_tracking2016(
    bundle: Bundle, site: Site, happened: Iterable[facts.Fact], *, folder: str, end: datetime
) -> None:
    """Write one file per quarter of a day, of 2010 per day; every third has a byte order mark."""
    release = site.release
    spans: dict[datetime, list[Row]] = {}
    for line in sorted(_Writer(site).lines(happened), key=lambda line: line.at):
        if line.at < end:
            hour = line.at.hour // release.roll_hours * release.roll_hours
            span = line.at.replace(hour=hour, minute=0, second=0, microsecond=0)
            row = {"date-time": _iso(line.at), **line.values}
            mark = Random("".join(row.values())).getrandbits(128)
            row["log-id"] = str(uuid.UUID(int=mark, version=4))
            spans.setdefault(span, []).append(row)
    for number, (span, rows) in enumerate(spans.items()):
        text = io.StringIO(newline="")
        text.write("#Software: Microsoft Exchange Server\r\n")
        text.write(f"#Version: {release.version}\r\n#Log-type: Message Tracking Log\r\n")
        text.write(f"#Date: {rows[0]['date-time']}\r\n#Fields: {release.fields}\r\n")
        csv.DictWriter(
            text, release.fields.split(","), "", extrasaction="ignore", lineterminator="\r\n"
        ).writerows(rows)
        data = text.getvalue().encode("utf-8-sig" if number % 3 == 0 else "utf-8")
        name = f"{folder}/MSGTRK{span.strftime(release.file_time)}-1.LOG"
        bundle.write(name, data, len(rows), pack=number < len(spans) - 4)


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


class _Writer:
    """Turns facts into rows; it keeps the numbers the server gives to messages."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.internal: dict[str, int] = {}

    def lines(self, happened: Iterable[facts.Fact]) -> Iterator[Line]:
        """Yield the rows of all facts, not yet in order."""
        for fact in happened:
            match fact:
                case facts.Accepted(at, message):
                    yield from self._received(at, message)
                case facts.Session():
                    yield from self._session(fact)
                case facts.DeliveredLocally(at, message, recipients):
                    row = self._row(message, "STOREDRIVER", "DELIVER", recipients)
                    row |= {
                        "source-context": f"{self._session_id(at, message)};ClientSubmitTime:",
                        "client-hostname": self.site.fqdn,
                        "message-info": self._latency(at, message),
                        "custom-data": f"S:E2ELatency={_seconds(at, message)}",
                    }
                    yield Line(at, row)
                case facts.Bounced():
                    yield from self._bounced(fact)
                case facts.Delayed(at, message, _, report):
                    yield Line(at, self._report(message, report))
                case facts.ServiceStarted(queued=queued):
                    for one in queued:
                        row = self._row(one.message, "BOOTLOADER", "LOAD", one.recipients)
                        yield Line(fact.at + timedelta(milliseconds=400), row)

    def _row(
        self, message: facts.Message, source: str, event: str, recipients: tuple[str, ...]
    ) -> Row:
        ids = Random(message.id)
        number = self.internal.setdefault(message.id, 47_244_640_256 + len(self.internal) * 4)
        own = f"{POSTMASTER}@{self.site.domain}" if message.via == "report" else "<>"
        sender = message.sender or own
        outgoing = message.via != "smtp"
        return {
            "server-ip": self.site.ip,
            "server-hostname": self.site.computer,
            "source": source,
            "event-id": event,
            "internal-message-id": str(number),
            "message-id": f"<{message.id}>",
            "network-message-id": str(uuid.UUID(int=ids.getrandbits(128), version=4)),
            "recipient-address": ";".join(recipients),
            "total-bytes": str(message.size),
            "recipient-count": str(len(recipients)),
            "message-subject": message.subject,
            "sender-address": sender,
            "return-path": message.sender or "<>",
            "directionality": "Originating" if outgoing else "Incoming",
            "original-client-ip": message.client.ip,
            "original-server-ip": self.site.ip,
            "transport-traffic-type": "Email",
            "schema-version": self.site.release.version,
        }

    def _session_id(self, at: datetime, message: facts.Message) -> str:
        return f"08D{Random(message.id).getrandbits(52):013X};{_iso(at)};0"

    def _latency(self, at: datetime, message: facts.Message) -> str:
        """Return origination time and the latency tree, whose parts sum up to the wait."""
        total = float(_seconds(at, message))
        routing = min(0.1, total / 4)
        parts = f"CAT={routing:.3f}(CATRS={routing / 2:.3f})|QD={total - routing:.3f}"
        origin = _iso(message.accepted_at)
        return f"{origin};SRV={self.site.fqdn}:{self.site.release.total}={total:.3f}|{parts}"

    def _received(self, at: datetime, message: facts.Message) -> Iterator[Line]:
        row = self._row(message, "SMTP", "RECEIVE", message.recipients)
        row |= {
            "client-ip": message.client.ip,
            "client-hostname": message.client.name,
            "source-context": self._session_id(at, message),
            "connector-id": f"{self.site.computer}\\Default {self.site.computer}",
            "message-info": "04I: ",
        }
        if message.via == "store":
            row["connector-id"] = f"{self.site.computer}\\Client Proxy {self.site.computer}"
        yield Line(at, row)
        row = self._row(message, "AGENT", "AGENTINFO", message.recipients)
        row["source-context"] = "CatContentConversion"
        row["custom-data"] = "S:AMA=SUM|v=0|action=|error=|atch=0;S:CompCost=|ETR=0"
        yield Line(at + timedelta(milliseconds=120), row)

    def _session(self, session: facts.Session) -> Iterator[Line]:
        remote = session.remote
        for one in session.transactions:
            taken = tuple(rcpt for rcpt, reply in one.replies if reply[0] == "2")
            later = [(rcpt, reply) for rcpt, reply in one.replies if reply[0] == "4"]
            place = {
                "client-ip": self.site.ip,
                "client-hostname": self.site.computer,
                "server-ip": remote.ip,
                "server-hostname": remote.host,
                "connector-id": "Internet",
            }
            if taken:
                row = self._row(one.message, "SMTP", "SEND", taken) | place
                row["source-context"] = (
                    f"{self._session_id(one.at, one.message)};"
                    "250 2.6.0 Queued mail for delivery;ClientSubmitTime:"
                )
                row["recipient-status"] = ";".join("250 2.1.5 Recipient OK" for _ in taken)
                row["message-info"] = self._latency(one.at, one.message)
                row["custom-data"] = f"S:E2ELatency={_seconds(one.at, one.message)}"
                yield Line(one.at, row)
            if later:
                recipients = tuple(rcpt for rcpt, _ in later)
                row = self._row(one.message, "SMTP", "DEFER", recipients) | place
                states = (self._state(reply, remote, one.at) for _, reply in later)
                row["recipient-status"] = ";".join(states)
                row["source-context"] = later[0][1]
                yield Line(one.at, row)

    def _bounced(self, fact: facts.Bounced) -> Iterator[Line]:
        message = fact.message
        if fact.report is None:
            yield Line(fact.at, self._row(message, "DSN", "BADMAIL", fact.recipients))
            return
        expired = not fact.reply
        row = self._row(message, "QUEUE" if expired else "SMTP", "FAIL", fact.recipients)
        state = self._state(fact.reply or EXPIRED, fact.remote, fact.at)
        row["recipient-status"] = ";".join(state for _ in fact.recipients)
        row["reference"] = f"<{fact.report.id}>"
        row["source-context"] = "Message expired" if expired else fact.reply
        yield Line(fact.at, row)
        yield Line(fact.report.accepted_at, self._report(message, fact.report))

    def _report(self, message: facts.Message, report: facts.Message) -> Row:
        row = self._row(report, "DSN", "DSN", report.recipients)
        row["reference"] = f"<{message.id}>"
        row["source-context"] = report.subject
        return row

    def _state(self, reply: str, remote: Remote, at: datetime) -> str:
        """Return a recipient's status; 2013 and later say where and when the reply was met."""
        if not self.site.release.quotes:
            return reply
        place = f"{{FQDN={remote.host}}};{{IP={remote.ip}}}"
        return f"[{{LED={reply}}};{{MSG=}};{place};{{LRT={_iso(at)}}}]"


def _seconds(at: datetime, message: facts.Message) -> str:
    return f"{(at - message.accepted_at) / timedelta(seconds=1):.3f}"
