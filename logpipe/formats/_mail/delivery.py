"""Rows of table delivery_report, out of the reports of one mail."""

import re
from datetime import datetime
from typing import Any

import polars as pl

from logpipe.formats._mail.charset import words
from logpipe.formats._mail.dates import arrival, moment, written_arrival
from logpipe.formats._mail.dsn import MOST_RECIPIENTS, STANDARD, Group, typed
from logpipe.formats._mail.headers import (
    ADDRESS,
    ARRIVALS,
    LONGEST,
    Headers,
    arrived,
    mailbox,
    message_id_of,
    own_version,
    subject_of,
    value_of,
    versions,
)
from logpipe.formats._mail.mime import Part
from logpipe.formats._mail.report import Report, find_reports

MOST_SHARED = 4 << 20  # characters of what all recipients of a report share, over all its rows
BEYOND = "recipients not read"
Row = dict[str, Any]

SCHEMA: dict[str, pl.DataType] = {
    "record": pl.UInt64(), "recipient_no": pl.UInt32(), "ts": pl.Datetime("us"),
    "reporting_mta": pl.String(), "kind": pl.String(), "recipient": pl.String(),
    "original_recipient": pl.String(), "action": pl.String(), "status": pl.String(),
    "diagnostic": pl.String(), "remote_mta": pl.String(), "received_from_mta": pl.String(),
    "arrival_ts": pl.Datetime("us"), "last_attempt_ts": pl.Datetime("us"),
    "will_retry_until": pl.Datetime("us"), "original_message_id": pl.String(),
    "original_arrival_ts": pl.Datetime("us"), "original_date": pl.Datetime("us"),
    "original_sender": pl.String(), "original_subject": pl.String(),
    "report_message_id": pl.String(), "report_subject": pl.String(),
    "report_recipient": pl.String(), "smtp_version": pl.String(), "dsn_context": pl.String(),
    "extra": pl.List(pl.Struct({"key": pl.String(), "value": pl.String()})),
}  # fmt: skip
# headers of the report that say who made it; the others stay in the mail
TELLING = (
    "from", "return-path", "x-mailer", "auto-submitted", "x-failed-recipients",
    "x-ms-exchange-message-is-ndr", "x-originalarrivaltime", "in-reply-to",
)  # fmt: skip
CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def rows_of(mail: Part, record: int) -> list[Row]:
    """Return a row for each recipient of a mail's reports, or one of kind ``mail``.

    ``record`` is the line on which the mail begins.
    """
    reports = find_reports(mail)
    rows: list[Row] = []
    for report in reports:
        if len(rows) < MOST_RECIPIENTS:
            rows += _rows(report, mail)
    rows = rows or [_mail_row(mail)]
    found = sum(len(report.status.recipients) + report.status.beyond for report in reports)
    if found > len(rows):
        rows[0]["extra"][BEYOND] = str(found - len(rows))
    if mail.cut:
        rows[0]["extra"]["parts not read"] = "those beyond 500, or 12 levels deep"
    return [row | {"record": record, "recipient_no": no} for no, row in enumerate(rows, 1)]


def frame_of(rows: list[Row]) -> pl.DataFrame:
    """Return rows as a frame of the table's types; ``extra`` becomes a list of pairs."""
    pairs = (
        row | {"extra": [{"key": k, "value": v} for k, v in row.get("extra", {}).items()]}
        for row in rows
    )
    return pl.DataFrame(list(pairs), schema=SCHEMA, orient="row")


def _rows(report: Report, outer: Part) -> list[Row]:
    """Return the rows of one report; ``outer`` is the mail that may forward it."""
    shared, extra = _report_columns(report.mail.headers)
    if report.mail is not outer and (forwarded := message_id_of(outer.headers)):
        extra["forwarded in"] = forwarded
    original, more = _original_columns(report.original)
    message = report.status.message
    said, rest = _message_columns(message)
    extra |= more | rest
    rows: list[Row] = []
    for group in report.status.recipients:
        own, own_extra = _recipient_columns(group)
        row: Row = {"kind": report.kind, **shared, **original, **said}
        row |= {name: value for name, value in own.items() if value is not None}
        rows.append(row | {"extra": own_extra})
    # the reporting host took in the returned message; later ones took in the report
    both = (headers.get("received", []) for headers in (report.original, report.mail.headers))
    seen = versions([value for values in both for value in values])
    extra |= {"versions": "; ".join(f"{by} {what} {v}" for by, what, v in seen)} if seen else {}
    # what holds for all recipients stands at each, unless that would be a flood
    flood = sum(map(len, extra.values())) * len(rows) > MOST_SHARED
    for row in rows:
        row["smtp_version"] = own_version(seen, row.get("reporting_mta"))
        if row is rows[0] or not flood:
            row["extra"] = extra | row["extra"]
    return rows


def _mail_row(mail: Part) -> Row:
    """Return the row of a mail in which no report was found."""
    shared, extra = _report_columns(mail.headers)
    return {"kind": "mail", **shared, "extra": extra}


def _report_columns(headers: Headers) -> tuple[Row, dict[str, str]]:
    """Return what the headers of a mail tell of it, and what no column takes."""
    extra = {name: value for name in TELLING if (value := value_of(headers, name))}
    ts = moment(value_of(headers, "date"))
    if ts is None and (date := value_of(headers, "date")):
        extra["date"] = date
    columns: Row = {
        "ts": ts or arrived(headers),
        "report_message_id": message_id_of(headers),
        "report_subject": subject_of(headers),
        "report_recipient": mailbox(value_of(headers, "to")),
        "dsn_context": (value_of(headers, "x-dsncontext") or "")[:LONGEST] or None,
    }
    return columns, extra


def _original_columns(headers: Headers) -> tuple[Row, dict[str, str]]:
    """Return what the headers of the returned message tell of it, and what no column takes."""
    extra: dict[str, str] = {}
    stamp = value_of(headers, *ARRIVALS)
    ts, written = arrival(stamp), written_arrival(stamp)
    if stamp and (ts is None or (written and abs(ts - written).total_seconds() > 1)):
        extra["original x-originalarrivaltime"] = stamp
    date = value_of(headers, "date")
    if date and moment(date) is None:
        extra["original date"] = date
    sender = mailbox(value_of(headers, "return-path"))
    if sender in (None, "<>"):
        sender = mailbox(value_of(headers, "from", "sender")) or sender
    if recipients := value_of(headers, "to"):
        extra["original to"] = words(recipients) or recipients
    columns: Row = {
        "original_message_id": message_id_of(headers),
        "original_arrival_ts": ts,
        "original_date": moment(date),
        "original_sender": sender,
        "original_subject": subject_of(headers),
    }
    return columns, extra


def _message_columns(message: Group) -> tuple[Row, dict[str, str]]:
    """Return the fields of the whole message, and what no column takes."""
    taken = {"reporting-mta", "received-from-mta", "arrival-date"}
    extra = {name: value for name, value in message.items() if name not in taken and value}
    arrival_ts = _timed(message, "arrival-date", extra)
    reporting_mta = _host(message.get("reporting-mta"))
    if reporting_mta is None and message.get("reporting-mta"):
        extra["reporting-mta"] = message["reporting-mta"]
    columns: Row = {
        "reporting_mta": reporting_mta,
        "received_from_mta": typed(message.get("received-from-mta"))[1][:LONGEST] or None,
        "arrival_ts": arrival_ts,
    }
    return columns, extra


def _recipient_columns(group: Group) -> tuple[Row, dict[str, str]]:
    """Return the fields of one recipient, and what no column takes."""
    extra = {k: v for k, v in group.items() if k not in STANDARD and v}
    extra |= {k: v for k in ("final-log-id", "original-envelope-id") if (v := group.get(k))}
    columns: Row = {
        "recipient": _recipient(group, "final-recipient", extra),
        "original_recipient": _recipient(group, "original-recipient", extra),
        "reporting_mta": _host(group.get("reporting-mta")),
        "received_from_mta": typed(group.get("received-from-mta"))[1] or None,
        "remote_mta": typed(group.get("remote-mta"))[1] or None,
        "arrival_ts": _timed(group, "arrival-date", extra),
        "last_attempt_ts": _timed(group, "last-attempt-date", extra),
        "will_retry_until": _timed(group, "will-retry-until", extra),
    }
    columns["recipient"] = columns["recipient"] or columns["original_recipient"]
    kind, columns["diagnostic"] = typed(group.get("diagnostic-code"))
    columns["diagnostic"] = columns["diagnostic"] or None
    if kind not in ("", "smtp"):
        extra["diagnostic type"] = kind
    return columns | _verdict(group, extra), extra


def _verdict(group: Group, extra: dict[str, str]) -> Row:
    """Return action and status; a comment beside them is kept."""
    action, status = group.get("action", "").split(), group.get("status", "")
    code = CODE.search(status)
    if status and (code is None or code.group() != status):
        extra["status"] = status
    if len(action) > 1:
        extra["action"] = group["action"]
    return {
        "action": action[0].lower() if action else None,
        "status": code.group() if code else None,
    }


def _timed(group: Group, name: str, extra: dict[str, str]) -> datetime | None:
    """Return a date field in UTC; its text goes to ``extra`` where it cannot be read."""
    text = group.get(name)
    ts = moment(text)
    if text and ts is None:
        extra[name] = text
    return ts


def _recipient(group: Group, name: str, extra: dict[str, str]) -> str | None:
    """Return a recipient in lower case without its type; another type than rfc822 is kept."""
    kind, value = typed(group.get(name))
    if kind not in ("", "rfc822", "utf-8"):
        extra[f"{name} type"] = kind
    match = ADDRESS.search(value)
    return (match.group(1) if match else value).lower() or None


def _host(value: str | None) -> str | None:
    """Return the host in ``dns; host (comment)``; an address may stand in brackets."""
    kind, name = typed(value)
    match = re.search(r"[^\s\[\]()<>;]{1,255}", name) if kind != "x400" else None
    return match.group().rstrip(".") or None if match else None
