"""Real delivery reports: fields as the standard library parses them, prose as readers see it."""

import email
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from logpipe.store import open_store
from tests.formats.reports import load, rows, told

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "mail" / "ndr"
REAL = sorted(CORPUS.glob("*.eml"))
# real reports without RFC 3464 fields, or with such that the library cannot see: what a reader of
# the mail finds in them (recipient, action, status)
PROSE = {
    "bsd__lhost-exchange2003-01.eml": [("kijitora@example.jp", "failed", None)],
    "bsd__lhost-exchange2003-02.eml": [
        ("kijitora@example.co.jp", "failed", None),
        ("mikeneko@example.co.jp", "failed", None),
    ],
    "bsd__lhost-exchange2003-03.eml": [("kijitora@example.jp", "failed", None)],
    "bsd__lhost-office365-01.eml": [("kijitora@example.com", "failed", "5.1.10")],
    "bsd__lhost-office365-02.eml": [("kijitora@example.onmicrosoft.com", "failed", "5.1.1")],
    "bsd__rhost-microsoft-06.eml": [("sabineko@example.onmicrosoft.com", "failed", "5.7.515")],
    "control__rfc3464-34.eml": [("kijitora@example.com", "delayed", "4.4.1")],
    "control__rfc3464-35.eml": [
        ("kijitora@nyaan.example.com", "failed", "5.0.0"),
        ("sabatora@cat.example.net", "delayed", "4.0.0"),
        ("mikeneko@neko.example.or.jp", "failed", "5.0.0"),
    ],
    "dos__lhost-exchange-01.eml": [("kijitora@example.jp", "failed", None)],
    "dos__lhost-exchange2003-01.eml": [("kijitora@example.jp", "failed", None)],
    "dos__lhost-office365-01.eml": [("kijitora@example.com", "failed", "5.1.10")],
}

needs_corpus = pytest.mark.skipif(not REAL, reason="the corpus of real mails is not here")


def fields_of(report_mail: Message) -> tuple[Message, list[Message]]:
    """What the standard library finds: the fields of the message, and of each recipient."""
    (part,) = (p for p in report_mail.walk() if p.get_content_type() == "message/delivery-status")
    groups: Any = part.get_payload()
    return groups[0], [group for group in groups if group["Final-Recipient"]]


def utc(text: str | None) -> datetime | None:
    return parsedate_to_datetime(text).astimezone(UTC).replace(tzinfo=None) if text else None


def value(text: str | None) -> str | None:
    return text.partition(";")[2].strip().lower() if text else None


@needs_corpus
@pytest.mark.parametrize("path", [p for p in REAL if p.name not in PROSE], ids=lambda p: p.name)
def test_a_well_formed_real_report_is_read_as_the_standard_library_reads_it(path: Path) -> None:
    raw = path.read_bytes()
    message, recipients = fields_of(email.message_from_bytes(raw))
    found = rows(raw)
    assert len(found) == len(recipients) > 0
    for row, fields in zip(found, recipients, strict=True):
        assert row["kind"] == "dsn"
        assert row["recipient"] == value(fields["Final-Recipient"])
        assert row.get("original_recipient") == value(fields["Original-Recipient"])
        assert row["action"] == fields["Action"].lower()
        assert row["status"] == fields["Status"].split()[0]
        assert row["arrival_ts"] == utc(message["Arrival-Date"])
        assert row.get("last_attempt_ts") == utc(fields["Last-Attempt-Date"])
        assert row.get("will_retry_until") == utc(fields["Will-Retry-Until"])
        assert row["reporting_mta"].lower() == value(message["Reporting-MTA"])


@needs_corpus
@pytest.mark.parametrize("name", PROSE)
def test_a_real_report_in_prose_or_out_of_shape_is_read(name: str) -> None:
    assert told(rows((CORPUS / name).read_bytes())) == PROSE[name]


@needs_corpus
def test_every_real_report_is_claimed_once_loaded_and_balanced(tmp_path: Path) -> None:
    with open_store(tmp_path / "x.duckdb") as con:
        for number, real in enumerate(REAL):
            path = tmp_path / f"{number}.eml"
            path.write_bytes(real.read_bytes())
            source = load(con, path)
            # three begin with the From line of the mailbox that they were taken out of
            expected = "mbox" if real.read_bytes().startswith(b"From ") else "ndr"
            assert (source.format, source.records) == (expected, 1), real.name
            assert source.status in {"loaded", "duplicate"}


@needs_corpus
def test_the_delay_report_of_a_real_smtp_service_tells_its_wait_to_the_millisecond() -> None:
    (row,) = rows((CORPUS / "bsd__lhost-outlook-06.eml").read_bytes())
    assert row["smtp_version"] == "7.5.7601.22751"
    assert row["original_arrival_ts"].isoformat() == "2015-01-29T05:29:14.272000"
    assert round((row["ts"] - row["original_arrival_ts"]).total_seconds() / 3600, 2) == 12.04
