"""What an export calls the values of a tracking event, and in which column each goes.

Get-MessageTrackingLog names them as the log does, without dashes; message traces of Exchange Online
and Exchange System Manager have names of their own.
"""

import re
from collections.abc import Iterator

from logpipe.formats._export.record import Row, Shape, weight

COLUMNS = {
    "ts": "timestamp datetime datetimeutc received receiveddatetime origintimestamputc "
    "origintimestamp timelogged date dateutc",
    "event": "eventid event entrytype",
    "component": "source",
    "message_id": "messageid internetmessageid",
    "internal_id": "internalmessageid",
    "network_id": "networkmessageid messagetraceid",
    "linked_id": "linkedmessageid",
    "sender": "sender senderaddress",
    "return_path": "returnpath",
    "recipient": "recipients recipientaddress recipient",
    "recipients": "recipientcount",
    "status": "recipientstatus status deliverystatus",
    "bytes": "totalbytes size messagesize",
    "subject": "messagesubject subject",
    "client_ip": "clientip fromip",
    "client_host": "clienthostname clientname",
    "server_ip": "serverip toip",
    "server_host": "serverhostname servername",
    "connector": "connectorid",
    "partner": "partnerserver partnername",
    "context": "sourcecontext",
    "reference": "reference",
    "related": "relatedrecipientaddress",
    "origin_ts": "originationtime",
    "info": "messageinfo",
    "directionality": "directionality direction",
    "tenant_id": "tenantid",
    "original_client_ip": "originalclientip",
    "original_server_ip": "originalserverip",
    "custom_data": "customdata",
    "traffic_type": "transporttraffictype",
    "log_id": "logid",
    "schema_version": "schemaversion",
    "version": "serviceversion",
}
PAIR = re.compile(r";(?=[^;#]*##)")  # bob@x.example##Receive, Send;eve@x.example##Receive, Fail
# bounded: a megabyte of commas is looked at once
BREAKS = re.compile(r"\s{0,99}[;|\n]\s{0,99}|,\s{1,99}|,(?=[^\s=,;]{1,320}@)")
ADDRESS = re.compile(r"@|^(?:EX:)?/", re.IGNORECASE)
CUT = re.compile(r"(?:\.\.\.|\u2026)$")  # Format-List shows the first four of a list
# as lp_statuses of the load SQL: a ; divides only where a status begins behind it, or none stands
STATUS = re.compile(
    r"[;,](?=\s*(?:(?:To|Cc|Bcc)?\s*(?:;|$)|[0-9]{3} [0-9]\.[0-9]{1,3}\.[0-9]{1,3}))"
)
STATUS_TREE = re.compile(
    r"(?<=\}\])\s{0,9}[;,]|[;,](?=\s{0,9}\[\{)"
)  # [{LED=..};{MSG=..}];[{LED=..}]
MOST = 65_000  # recipients of one record, for their number is a USMALLINT
YEARS = range(1980, 2200)
HEAVY = 64 << 20  # characters that the rows of one record may hold together


def finish(row: Row) -> Iterator[Row]:
    """Yield one row per recipient, with its status and its event."""
    for name in ("component", "reference", "related", "status"):
        row[name] = _without_braces(row[name])
    recipients, statuses = _addressed(row)
    if len(recipients) > MOST:
        row["extra"]["recipients beyond"] = ";".join(filter(None, recipients[MOST:]))
        recipients = recipients[:MOST]
    if row["status"] is not None:
        row["status_split"] = statuses is not None
    light = weight(row) * len(recipients) <= HEAVY
    for number, recipient in enumerate(recipients, 1):
        one = row | {"recipient_no": number, "recipient": recipient, "extra": dict(row["extra"])}
        if statuses is not None:
            one["status"] = statuses[number - 1]
        if one["event"] is None and one["status"]:
            # "Receive, Send": what came last is where the message is
            one["event"] = one["status"].rpartition(",")[2].strip()
        elif one["event"] is None and statuses and any(statuses):
            one["event"] = "UNKNOWN"
        yield one
        if one["event"] is None or one["ts"] is None or one["ts"].year not in YEARS:
            return  # it will be refused, and once is enough
        if number == 1 and not light:  # what holds for all of them stands once
            row |= {"extra": {"values": "as of the first recipient"}}
            row |= dict.fromkeys(("subject", "reference", "related", "context", "status"))


def _addressed(row: Row) -> tuple[list[str | None], list[str | None] | None]:
    """Return the recipients, and a status for each where they can be told apart."""
    status, text = row["status"], row["recipient"]
    if status and "##" in status:
        pairs = [part.split("##", 1) for part in PAIR.split(status)]
        if text:
            row["extra"]["recipient"] = text
        row["recipients"] = row["recipients"] or len(pairs)
        return [pair[0].strip() or None for pair in pairs], [pair[-1].strip(" ;") for pair in pairs]
    found, whole = recipients_of(text)
    if not whole:  # where some were left out the text is kept as well
        row["extra"]["Recipients"] = text
    recipients: list[str | None] = [*found] or [None]
    return recipients, _statuses(status, len(recipients))


def _statuses(status: str | None, recipients: int) -> list[str | None] | None:
    """Return one status per recipient, or None where a list cannot be divided without doubt."""
    if status is None or recipients == 1:
        return [status] * recipients
    if not status.strip("; "):
        return [None] * recipients
    parts = (STATUS_TREE if "[{" in status else STATUS).split(status)
    return [part.strip() or None for part in parts] if len(parts) == recipients else None


def recipients_of(text: str | None) -> tuple[list[str], bool]:
    """Return the addresses that a text lists, and whether it lists all of them."""
    inner = _without_braces(text)
    if not inner:
        return [], True
    whole = CUT.search(inner) is None
    inner = CUT.sub("", inner)
    if "\n" in inner:  # the elements of an XML list: c=us;a= ;p=org is one address
        return [part for part in inner.split("\n") if part.strip()], whole
    parts = [part for part in BREAKS.split(inner) if part]
    if not all(ADDRESS.search(part) for part in parts):
        parts = [inner]
    return parts, whole


def _without_braces(text: str | None) -> str | None:
    """Return what is inside {…}, which is how PowerShell prints a list."""
    if text is None:
        return None
    if text.startswith("{") and text.endswith("}") and not text.startswith("{["):
        text = text[1:-1]
    return text.strip() or None


TRACKING = Shape(
    columns={name: column for column, names in COLUMNS.items() for name in names.split()},
    times=("ts", "origin_ts"),
    numbers=("recipients", "bytes"),
    given={"host": None, "recipient_no": 1, "status_split": None},
    finish=finish,
)
