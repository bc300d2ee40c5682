"""Connectivity and SMTP protocol logs of Exchange 2010 and 2016, as far as facts fill them."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random

from samples.generator import facts
from samples.generator.bundle import Bundle
from samples.generator.tracking2016 import Site

CONNECTIVITY = "date-time,session,source,Destination,direction,description"
PROTOCOL = (
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,"
    "context"
)
NOBODY = "00000000-0000-0000-0000-000000000000"

Row = tuple[datetime, list[str]]


def write_connectivity(
    bundle: Bundle, site: Site, happened: Iterable[facts.Fact], *, folder: str, end: datetime
) -> None:
    """Write one file a day: every attempt at a queue, whether it came about or not."""
    rows = [row for fact in happened for row in _connections(fact)]
    head = _head(site, "Transport Connectivity Log", CONNECTIVITY)
    _write(bundle, f"{folder}/CONNECTLOG", head, rows, end=end)


def _connections(fact: facts.Fact) -> Iterator[Row]:
    match fact:
        case facts.Session(at, ended, remote, transactions):
            session = _session(at, remote.domain)
            place = [session, "SMTP", remote.domain]
            yield (
                at,
                [*place, "+", f"DnsConnectorDelivery {NOBODY};QueueLength={len(transactions)}"],
            )
            yield at, [*place, ">", f"{remote.host}[{remote.ip}]"]
            yield at, [*place, ">", f"Established connection to {remote.ip}"]
            size = sum(one.message.size for one in transactions)
            taken = sum(any(reply[0] == "2" for _, reply in one.replies) for one in transactions)
            yield ended, [*place, "-", f"Messages: {taken} Bytes: {size} ()"]
        case facts.ConnectFailed(at, remote, reason, waiting):
            session = _session(at, remote.domain)
            place = [session, "SMTP", remote.domain]
            yield at, [*place, "+", f"DnsConnectorDelivery {NOBODY};QueueLength={waiting}"]
            later = at + timedelta(seconds=21)
            if reason == "no-answer":
                yield at, [*place, ">", f"{remote.host}[{remote.ip}]"]
                text = f"Failed connection to {remote.ip}:25 (TimedOut:0000274C)"
                yield later, [*place, ">", text]
                why = "Retry : SocketConnectFailed"
            else:
                text = "DNS server returned ErrorRetry reported by 192.0.2.53."
                yield later, [*place, ">", text]
                why = "Retry : DNS query failed"
            yield later, [*place, "-", f"Messages: 0 Bytes: 0 ({why})"]


def write_receive(
    bundle: Bundle, site: Site, happened: Iterable[facts.Fact], *, folder: str, end: datetime
) -> None:
    """Write the receive protocol of mail taken and of mail turned away."""
    rows = [row for fact in happened for row in _received(site, fact)]
    head = _head(site, "SMTP Receive Protocol Log", PROTOCOL)
    _write(bundle, f"{folder}/RECV", head, rows, end=end)


def _received(site: Site, fact: facts.Fact) -> Iterator[Row]:
    match fact:
        case facts.Accepted(at, message) if message.via == "smtp":
            client, sender, recipients = message.client, message.sender, message.recipients
            done = f"250 2.6.0 <{message.id}> [InternalId=4711, Hostname={site.fqdn}] Queued"
            end = [("<", f"BDAT {message.size} LAST"), (">", f"{done} mail for delivery")]
        case facts.TurnedAway(at, client, sender, recipients):
            done, end = "", []
        case _:
            return
    steps: list[tuple[str, str]] = [
        ("+", ""),
        (">", f"220 {site.fqdn} Microsoft ESMTP MAIL Service ready"),
        ("<", f"EHLO {client.name}"),
        (">", f"250  {site.fqdn} Hello [{client.ip}] SIZE 37748736 PIPELINING CHUNKING"),
        ("<", f"MAIL FROM:<{sender}>"),
    ]
    if done:
        steps += [("<", f"RCPT TO:<{one}>") for one in recipients]
        steps.append((">", "250 2.1.0 Sender OK"))
        steps += [(">", "250 2.1.5 Recipient OK") for _ in recipients]
        steps += end
    else:
        steps.append((">", "452 4.3.1 Insufficient system resources (UsedDiskSpace)"))
    steps += [("<", "QUIT"), (">", "221 2.0.0 Service closing transmission channel"), ("-", "")]
    port = 20_000 + Random(f"{at.isoformat()} {client.ip}").randrange(40_000)
    clock = at - timedelta(milliseconds=15 * (len(steps) - 3))
    session = _session(at, f"{client.ip} {sender}")
    for number, (event, data) in enumerate(steps):
        context = "Local" if event == "-" else ""
        where = rf"{site.computer}\Default Frontend {site.computer}"
        values = [where, session, str(number), f"{site.ip}:25", f"{client.ip}:{port}"]
        yield clock, [*values, event, data, context]
        clock += timedelta(milliseconds=15)


def write_send(
    bundle: Bundle, site: Site, happened: Iterable[facts.Fact], *, folder: str, end: datetime
) -> None:
    """Write the send protocol of every session that came about."""
    rows = [
        row for fact in happened if isinstance(fact, facts.Session) for row in _sent(site, fact)
    ]
    head = _head(site, "SMTP Send Protocol Log", PROTOCOL)
    _write(bundle, f"{folder}/SEND", head, rows, end=end)


def _sent(site: Site, session: facts.Session) -> Iterator[Row]:
    remote = session.remote
    name = _session(session.at, remote.domain)
    port = 20_000 + Random(name).randrange(40_000)
    number = 0

    def row(at: datetime, event: str, data: str, context: str = "") -> Row:
        nonlocal number
        ends = [f"{site.ip}:{port}", f"{remote.ip}:25"]
        values = ["Internet", name, str(number), *ends, event, data, context]
        number += 1
        return at, values

    yield row(session.at, "*", "", "attempting to connect")
    yield row(session.at, "+", "")
    yield row(session.at, "<", f"220 {remote.host} {remote.product}")
    yield row(session.at, ">", f"EHLO {site.fqdn}")
    yield row(session.at, "<", f"250  {remote.host} PIPELINING SIZE 10240000")
    for one in session.transactions:
        at = one.started_at
        text = f"sending message with RecordId 77 and InternetMessageId <{one.message.id}>"
        yield row(at, "*", "77", text)
        yield row(at, ">", f"MAIL FROM:<{one.message.sender}> SIZE={one.message.size}")
        for recipient, _ in one.replies:
            yield row(at, ">", f"RCPT TO:<{recipient}>")
        yield row(at, "<", "250 2.1.0 Sender OK")
        for _, reply in one.replies:
            yield row(at, "<", reply)
        if any(reply[0] == "2" for _, reply in one.replies):
            yield row(at, ">", "DATA")
            yield row(at, "<", "354 Start mail input; end with <CRLF>.<CRLF>")
            yield row(one.at, "<", "250 2.6.0 Queued mail for delivery")
        else:
            yield row(one.at, ">", "RSET")
            yield row(one.at, "<", "250 2.0.0 Resetting")
    yield row(session.ended_at, ">", "QUIT")
    yield row(session.ended_at, "<", "221 2.0.0 closing connection")
    yield row(session.ended_at, "-", "", "Local")


def _session(at: datetime, what: str) -> str:
    return f"08D{Random(f'{at.isoformat()} {what}').getrandbits(52):013X}"


def _head(site: Site, kind: str, fields: str) -> tuple[str, str]:
    """Return what stands above and below the line with the date of a file's first row."""
    above = f"#Software: Microsoft Exchange Server\r\n#Version: {site.release.version}\r\n"
    return f"{above}#Log-type: {kind}\r\n", f"#Fields: {fields}\r\n"


def _write(
    bundle: Bundle, prefix: str, head: tuple[str, str], rows: list[Row], *, end: datetime
) -> None:
    """Write one file a day, its rows in the order of time."""
    days: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row[0]):
        if row[0] < end:
            days.setdefault(f"{row[0]:%Y%m%d}", []).append(row)
    for number, (day, part) in enumerate(days.items()):
        text = io.StringIO(newline="")
        text.write(f"#Date: {_stamp(part[0][0])}\r\n".join(head))
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerows([_stamp(at), *values] for at, values in part)
        data = text.getvalue().encode()
        bundle.write(f"{prefix}{day}-1.LOG", data, len(part), pack=number < len(days) - 2)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
