"""SMTPSVC W3C extended logs: one file per UTC day, a header block at each service start."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from samples.generator import facts
from samples.generator.bundle import Bundle
from samples.generator.queueing import SMTPSVC
from samples.generator.zones import wall

FIELDS = (
    "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem "
    "cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host "
    "cs(User-Agent) cs(Cookie) cs(Referer) "  # the trailing space is as the service writes it
)
COMMAND, RESPONSE = "OutboundConnectionCommand", "OutboundConnectionResponse"


@dataclass(frozen=True, slots=True)
class Site:
    """The names a virtual SMTP server writes into every row."""

    computer: str
    fqdn: str
    ip: str
    name: str = "SMTPSVC1"


@dataclass(frozen=True, slots=True)
class Row:
    """One line with its moment; a row without text is a service start."""

    at: datetime
    text: str = ""


def write_w3c(
    bundle: Bundle, site: Site, happened: list[facts.Fact], *, folder: str, end: datetime
) -> None:
    """Write the day files of one virtual server, all packed but the newest."""
    days: dict[str, list[Row]] = {}
    for row in sorted(_rows(site, happened), key=lambda row: row.at):
        if row.at < end:
            days.setdefault(f"{row.at:%y%m%d}", []).append(row)
    for number, (day, rows) in enumerate(days.items()):
        text = "".join(_blocks(rows))
        records = sum(bool(row.text) for row in rows)
        pack = number < len(days) - 1
        bundle.write(f"{folder}/ex{day}.log", text.encode("ascii"), records, pack=pack)


def write_iis(
    bundle: Bundle, site: Site, happened: list[facts.Fact], *, folder: str, end: datetime, zone: str
) -> None:
    """Write the same rows in Microsoft IIS format: local time and days, no offset, no blocks."""
    days: dict[str, list[str]] = {}
    for row in sorted(_rows(site, happened), key=lambda row: row.at):
        if row.text and row.at < end:
            local = wall(row.at, zone)
            days.setdefault(f"{local:%y%m%d}", []).append(_iis(row.text, local))
    for day, lines in days.items():
        bundle.write(f"{folder}/in{day}.log", "".join(lines).encode("ascii"), len(lines))


def _iis(text: str, at: datetime) -> str:
    """Return a W3C row's values in the order of the IIS format."""
    ip, user, name, computer, own, _, verb, stem, query, status, win32, sent, got, taken, *_ = (
        text.split(" ")
    )
    day, time = f"{at.month}/{at.day}/{at:%y}", f"{at.hour}:{at:%M:%S}"
    values = (
        ip, user, day, time, name, computer, own, taken, got, sent, status, win32, verb, stem,
        query,
    )  # fmt: skip
    return ", ".join(values) + ",\r\n"


def _blocks(rows: list[Row]) -> Iterator[str]:
    for number, row in enumerate(rows):
        if number == 0 or not row.text:
            yield "#Software: Microsoft Internet Information Services 6.0\r\n"
            yield "#Version: 1.0\r\n"
            yield f"#Date: {row.at:%Y-%m-%d %H:%M:%S}\r\n"
            yield f"#Fields: {FIELDS}\r\n"
        if row.text:
            yield f"{row.at:%Y-%m-%d %H:%M:%S} {row.text}\r\n"


def _rows(site: Site, happened: list[facts.Fact]) -> Iterator[Row]:
    for fact in happened:
        rng = Random(f"{fact.at.isoformat()} {site.computer}")
        match fact:
            case facts.Accepted(message=message) if message.via == "smtp":
                yield from _inbound(site, message, rng)
            case facts.Refused():
                yield from _refused(site, fact, rng)
            case facts.Session():
                yield from _outbound(site, fact, rng)
            case facts.ServiceStarted(service=service) if service == SMTPSVC:
                yield Row(fact.at)


def _in(site: Site, client: facts.Client, verb: str, query: str, numbers: str) -> str:
    return (
        f"{client.ip} {client.name} {site.name} {site.computer} {site.ip} 0 {verb} - {query} "
        f"{numbers} SMTP - - - -"
    )


def _inbound(site: Site, message: facts.Message, rng: Random) -> Iterator[Row]:
    client, size = message.client, message.size
    name = client.name
    taken = int(rng.uniform(15, 60) + size / 400)  # ms between DATA and its 250
    steps = [0.05 + rng.random() * 0.2 for _ in range(2 + len(message.recipients))]
    clock = message.accepted_at - timedelta(seconds=sum(steps), milliseconds=taken)
    begin = clock
    verb = "HELO" if name.startswith("scan") else "EHLO"
    yield Row(clock, _in(site, client, verb, f"+{name}", f"250 0 {262 + len(name)} 9 0"))
    clock += timedelta(seconds=steps[0])
    query = f"+FROM:<{message.sender}>"
    numbers = f"250 0 {len(message.sender) + 26} {len(query) + 4} 0"
    yield Row(clock, _in(site, client, "MAIL", query, numbers))
    for step, recipient in zip(steps[1:], message.recipients, strict=False):
        clock += timedelta(seconds=step)
        query = f"+TO:<{recipient}>"
        numbers = f"250 0 {len(recipient) + 14} {len(query) + 4} 0"
        yield Row(clock, _in(site, client, "RCPT", query, numbers))
    brought = "" if message.own_id else "+"
    query = f"{brought}<{message.id}>"
    numbers = f"250 0 {len(message.id) + 82} {size} {taken}"
    yield Row(message.accepted_at, _in(site, client, "DATA", query, numbers))
    clock = message.accepted_at + timedelta(seconds=rng.uniform(0.01, 0.4))
    length = int((clock - begin) / timedelta(milliseconds=1))
    yield Row(clock, _in(site, client, "QUIT", name, f"240 {length} 68 4 0"))


def _refused(site: Site, fact: facts.Refused, rng: Random) -> Iterator[Row]:
    client, clock = fact.client, fact.at
    steps = (
        ("EHLO", f"+{client.name}", "250 0 273 9 0"),
        ("MAIL", f"+FROM:<{fact.sender}>", "250 0 44 31 0"),
        ("RCPT", f"+TO:<{fact.recipient}>", f"550 0 0 {len(fact.recipient) + 10} 0"),
    )
    for verb, query, numbers in steps:
        yield Row(clock, _in(site, client, verb, query, numbers))
        clock += timedelta(seconds=rng.uniform(0.1, 0.4))
    length = int((clock - fact.at) / timedelta(milliseconds=1))
    yield Row(clock, _in(site, client, "QUIT", client.name, f"240 {length} 68 4 0"))


@dataclass(slots=True)
class _Line:
    """The outbound side of one connection, whose rows share address and start."""

    site: Site
    session: facts.Session

    def row(self, at: datetime, who: str, verb: str, text: str) -> Row:
        """Return one command or response row; the real reply code is only in the text."""
        taken = int((at - self.session.at) / timedelta(milliseconds=1))
        size = 4 if who == COMMAND else len(text)
        query = text.replace(" ", "+") or "-"
        site, ip = self.site, self.session.remote.ip
        return Row(
            at,
            f"{ip} {who} {site.name} {site.computer} - 25 {verb} - {query} "
            f"0 0 {size} 0 {taken} SMTP - - - -",
        )


def _outbound(site: Site, session: facts.Session, rng: Random) -> Iterator[Row]:
    remote = session.remote
    line = _Line(site, session)
    first = session.transactions[0].started_at if session.transactions else session.ended_at
    third = (first - session.at) / 3
    yield line.row(session.at + third, RESPONSE, "-", f"220 {remote.host} {remote.product}")
    yield line.row(session.at + third, COMMAND, "EHLO", site.fqdn)
    greeting = f"250-{remote.host} Hello [{site.ip}]"
    yield line.row(session.at + 2 * third, RESPONSE, "-", greeting)
    for transaction in session.transactions:
        yield from _transaction(line, transaction)
    yield line.row(session.transactions[-1].at, COMMAND, "QUIT", "")
    goodbye = f"221 2.0.0 {remote.host} closing connection"
    if rng.random() < 0.97:  # some hosts hang up without a word
        yield line.row(session.ended_at, RESPONSE, "-", goodbye)


def _transaction(line: _Line, transaction: facts.Transaction) -> Iterator[Row]:
    message, remote = transaction.message, line.session.remote
    steps = 3 + len(transaction.replies)
    step = (transaction.at - transaction.started_at) / steps
    clock = transaction.started_at
    size = f" SIZE={message.size}" if remote.size_extension else ""
    yield line.row(clock, COMMAND, "MAIL", f"FROM:<{message.sender}>{size}")
    clock += step
    yield line.row(clock, RESPONSE, "-", "250 2.1.0 Sender OK")
    for recipient, reply in transaction.replies:
        yield line.row(clock, COMMAND, "RCPT", f"TO:<{recipient}>")
        clock += step
        yield line.row(clock, RESPONSE, "-", reply)
    if any(reply.startswith("250") for _, reply in transaction.replies):
        yield line.row(clock, COMMAND, "DATA", "")
        clock += step
        yield line.row(clock, RESPONSE, "-", "354 Start mail input; end with <CRLF>.<CRLF>")
        done = "250 2.6.0 Queued mail for delivery"
    else:
        yield line.row(clock, COMMAND, "RSET", "")
        done = "250 2.0.0 Resetting"
    yield line.row(transaction.at, RESPONSE, "-", done)
