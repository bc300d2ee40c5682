"""Delivery reports: fields and prose, real ones against the standard library's parse."""

import email
import email.encoders
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats import badmail, mail, mbox, ndr
from logpipe.formats._mail.dates import arrival, moment
from logpipe.formats._mail.delivery import rows_of
from logpipe.formats._mail.mime import parse
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "inputs"
CORPUS = ROOT.parent / "shared" / "corpus" / "mail" / "ndr"
REAL = sorted(CORPUS.glob("*.eml"))
MAILS = (badmail, mail, mbox, ndr)
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
HEAD = """\
From: postmaster@corp.example
To: alice@corp.example
Date: Mon, 03 Sep 2007 07:00:16 +0200
Subject: Report
Message-ID: <r1@gw1.corp.example>
MIME-Version: 1.0
"""
FIELDS = """\
Reporting-MTA: dns;gw1.corp.example

Final-Recipient: rfc822;bob@partner.example
Action: failed
Status: 4.4.7
"""
TEXT = HEAD + "Content-Type: text/plain\n\n"

needs_corpus = pytest.mark.skipif(not REAL, reason="the corpus of real mails is not here")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("ndr") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "delivery_report"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, path: Path) -> Source:
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.records == source.rows + source.duplicates + source.rejects, source.note
    return source


def report(fields: str = FIELDS, *, kind: str = "message/delivery-status", after: str = "") -> str:
    return (
        f'{HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary="b?1"\n\n'
        f"--b?1\nContent-Type: text/plain\n\nSorry.\n--b?1\nContent-Type: {kind}\n\n{fields}\n"
        f"{after}--b?1--\n"
    )


def rows(text: str | bytes) -> list[dict[str, Any]]:
    return rows_of(parse(text.encode() if isinstance(text, str) else text), 1)


def told(found: list[dict[str, Any]]) -> list[tuple[Any, Any, Any]]:
    return [(row.get("recipient"), row.get("action"), row.get("status")) for row in found]


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
def test_every_real_report_is_claimed_once_loaded_and_balanced(
    con: Connection, tmp_path: Path
) -> None:
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


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\r\n"])
def test_every_sample_is_read_with_every_line_end(end: str) -> None:
    expected = {
        "exchange2007": [
            ("bob@partner.example", "failed", "4.4.7"),
            ("eve@partner.example", "failed", "4.4.7"),
        ],
        "exchange55": [
            ("bob@partner.example", "failed", None),
            ("eve@other.example", "failed", None),
        ],
        "forwarded": [("bob@partner.example", "failed", "4.4.7")],
        "online": [("bob@partner.example", "failed", "5.4.312")],
        "smtpsvc-delay": [("bob@partner.example", "delayed", "4.4.7")],
        "smtpsvc-failure": [("bob@partner.example", "failed", "4.4.7")],
    }
    for path in sorted((SAMPLES / "ndr").iterdir()):
        raw = path.read_bytes().replace(b"\r\n", end.encode())
        assert [f.FORMAT.name for f in MAILS if f.sniff(raw)] == ["ndr"]
        assert told(rows(raw)) == expected.pop(path.stem)
    assert expected == {}


def test_the_samples_load_with_every_column(con: Connection) -> None:
    for path in sorted((SAMPLES / "ndr").iterdir()):
        assert (source := load(con, path)).status == "loaded", source.note
    (row,) = ask(con, "SELECT * FROM delivery_report WHERE report_message_id LIKE 'dsn1Delay%'")
    assert (row["host"], row["reporting_mta"]) == ("GW1", "gw1.corp.example")
    assert (row["record"], row["recipient_no"], row["kind"]) == (1, 1, "dsn")
    assert str(row["ts"]) == "2007-09-03 17:02:16"
    assert str(row["arrival_ts"]) == "2007-09-03 05:00:16"
    assert str(row["will_retry_until"]) == "2007-09-05 05:00:16"
    assert str(row["original_arrival_ts"]) == "2007-09-03 05:00:16.272000"
    assert str(row["original_date"]) == "2007-09-03 05:00:13"
    assert row["original_message_id"] == "m1@pc1.corp.example"
    assert row["original_sender"] == "alice@corp.example"
    assert row["original_subject"] == "Angebot für 5 €"
    assert row["report_recipient"] == "alice@corp.example"
    assert row["dsn_context"] == "335a7efd - 4480 - 00000001 - 80040546"
    assert (row["smtp_version"], row["received_from_mta"]) == ("6.0.3790.3959", "pc1")
    assert row["extra"]["return-path"] == "<>"


def test_the_view_tells_how_long_the_mail_waited(con: Connection, tmp_path: Path) -> None:
    for name in ("smtpsvc-delay", "smtpsvc-failure", "exchange55"):
        load(con, SAMPLES / "ndr" / f"{name}.eml")
    copy = tmp_path / "lf.eml"
    copy.write_bytes((SAMPLES / "ndr/smtpsvc-delay.eml").read_bytes().replace(b"\r\n", b"\n"))
    load(con, copy)
    bounces = con.execute(
        "SELECT host, recipient, action, round(dwell_h, 2), expired FROM bounce ORDER BY ALL"
    ).fetchall()
    assert bounces == [
        ("GW1", "bob@partner.example", "delayed", 12.03, False),
        ("GW1", "bob@partner.example", "failed", 48.0, True),
        ("MAIL5", "bob@partner.example", "failed", None, True),
        ("MAIL5", "eve@other.example", "failed", None, False),
    ]


def test_exchange_5_prose_gives_server_reason_and_code() -> None:
    bob, eve = rows((SAMPLES / "ndr/exchange55.eml").read_bytes())
    assert bob["diagnostic"].startswith("The maximum time for delivering the message expired")
    assert (bob["reporting_mta"], eve["reporting_mta"]) == ("MAIL5", "MAIL5")
    assert eve["extra"]["mapi code"] == "000C05A6"
    assert bob["original_message_id"] == "ims0@mail5.corp.example"


@pytest.mark.parametrize(
    ("lines", "recipient", "status", "server"),
    [
        (
            (
                "The following recipient(s) could not be reached:\n\n"
                "      bob@partner.example on 9/3/2007 9:20 AM\n"
                "            Could not deliver the message in the time limit specified.\n"
                "            <gw1.corp.example #4.4.7>\n"
            ),
            "bob@partner.example",
            "4.4.7",
            "gw1.corp.example",
        ),
        (
            (
                "Folgende Empfänger konnten nicht erreicht werden:\n\n"
                "      Bob Müller am 03.09.2007 09:20\n"
                "            Die Nachricht konnte nicht zugestellt werden.\n"
                "            < gw1.corp.example #5.1.1 smtp;550 5.1.1 unknown>\n"
            ),
            "bob müller",
            "5.1.1",
            None,
        ),
        (
            (
                "Generierender Server: hub1.corp.example\n\nbob@partner.example\n"
                "#550 4.4.7 QUEUE.Expired; message expired ##\n"
            ),
            "bob@partner.example",
            "4.4.7",
            "hub1.corp.example",
        ),
        (
            (
                "Hi. This is the qmail-send program at mx.corp.example.\n\n<bob@partner.example>:\n"
                "192.0.2.9 does not like recipient.\nRemote host said: 550 5.1.1 unknown\n"
            ),
            "bob@partner.example",
            "5.1.1",
            "mx.corp.example",
        ),
    ],
)
def test_renderings_in_prose_are_read(
    lines: str, recipient: str, status: str, server: str | None
) -> None:
    (row,) = rows(TEXT + lines)
    assert told([row]) == [(recipient, "failed", status)]
    assert row.get("reporting_mta") == server


def test_fields_in_plain_text_and_quoted_ones_are_found() -> None:
    quoted = "".join(f"> {line}\n" for line in FIELDS.splitlines())
    for text in (TEXT + "Sorry.\n\n" + FIELDS, TEXT + "See below\n" + quoted):
        assert told(rows(text)) == [("bob@partner.example", "failed", "4.4.7")]


def test_recipients_without_a_blank_line_between_them_are_told_apart() -> None:
    more = "Final-Recipient: rfc822;eve@partner.example\nAction: delayed\nStatus: 4.4.1\n"
    assert told(rows(report(FIELDS + more))) == [
        ("bob@partner.example", "failed", "4.4.7"),
        ("eve@partner.example", "delayed", "4.4.1"),
    ]
    joined = FIELDS.replace("\n\n", "\n")
    assert told(rows(report(joined)))[0] == ("bob@partner.example", "failed", "4.4.7")
    assert rows(report(joined))[0]["reporting_mta"] == "gw1.corp.example"


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_encoded_status_part_is_read(encoding: str) -> None:
    part = Message()
    part.set_payload(FIELDS.encode())
    (email.encoders.encode_base64 if encoding == "base64" else email.encoders.encode_quopri)(part)
    kind = f"message/delivery-status\nContent-Transfer-Encoding: {encoding}"
    assert told(rows(report(str(part.get_payload()), kind=kind)))[0][0] == "bob@partner.example"


def test_values_that_no_column_takes_are_kept() -> None:
    fields = (
        "Original-Envelope-Id: env1\nReporting-MTA: x400;/c=de/\nArrival-Date: yesterday\n\n"
        "Final-Recipient: x400;/s=bob/\nAction: failed (at last)\nStatus: 4.4.7 (too old)\n"
        "Diagnostic-Code: x-unix; 71\nX-Actual-Recipient: rfc822;b@x.example\n"
        "Last-Attempt-Date: Mon, 03 Sep 2007 05:00:16\nX-Twice: 1\nX-Twice: 2\n"
    )
    (row,) = rows(report(fields))
    assert (row["action"], row["status"], row["diagnostic"]) == ("failed", "4.4.7", "71")
    assert (row["arrival_ts"], row.get("last_attempt_ts")) == (None, None)
    kept = {
        "original-envelope-id": "env1",
        "reporting-mta": "x400;/c=de/",
        "arrival-date": "yesterday",
        "action": "failed (at last)",
        "status": "4.4.7 (too old)",
        "diagnostic type": "x-unix",
        "final-recipient type": "x400",
        "x-actual-recipient": "rfc822;b@x.example",
        "last-attempt-date": "Mon, 03 Sep 2007 05:00:16",
        "x-twice": "1",
        "x-twice (2)": "2",
    }
    assert kept.items() <= row["extra"].items()


def test_a_report_on_a_report_tells_of_the_outer_one() -> None:
    inner = report(FIELDS.replace("bob@", "eve@").replace("gw1", "gw2")).replace("b?1", "in")
    outer = report(after=f"--b?1\nContent-Type: message/rfc822\n\n{inner}\n")
    (row,) = rows(outer)
    assert (row["recipient"], row["reporting_mta"]) == ("bob@partner.example", "gw1.corp.example")
    assert row["original_message_id"] == "r1@gw1.corp.example"


def test_a_forward_says_so() -> None:
    (row,) = rows((SAMPLES / "ndr/forwarded.eml").read_bytes())
    assert row["report_message_id"] == "dsn2Failure@gw1.corp.example"
    assert row["extra"]["forwarded in"] == "outer@corp.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 03 Sep 2007 07:00:16 +0200", "2007-09-03 05:00:16"),
        ("3 Sep 2007 07:00:16 +0200 (CEST)", "2007-09-03 05:00:16"),
        ("Mon, 03 Sep 2007 05:00:16 GMT", "2007-09-03 05:00:16"),
        ("Sun, 31 Dec 2006 23:59:60 -0000", "2006-12-31 23:59:59"),
        ("Mon, 03 Sep 2007 05:00:16", "None"),  # no zone: no moment
        ("Mon, 03 Sep 2007 05:00:16 JST", "None"),  # a name that is none of RFC 5322
        ("Mon, 03 Sep 2007 05:00:16 +9900", "None"),
        ("Mon, 31 Feb 2007 05:00:16 +0000", "None"),
        ("Mon, 03 Sep 99999 05:00:16 +0000", "None"),
        ("1:2:3:4 +0000", "None"),
        ("29-04-2017 23:34", "None"),
        ("", "None"),
    ],
)
def test_dates_are_read_in_utc_or_not_at_all(text: str, expected: str) -> None:
    assert str(moment(text)) == expected


def test_a_filetime_counts_for_more_than_the_text_beside_it() -> None:
    stamp = "06 Jun 2013 17:16:54.0590 (UTC) FILETIME=[A4660DE0:01CE62D9]"
    assert str(arrival(stamp)) == "2013-06-06 17:16:54.590000"
    assert str(arrival(stamp.partition(" FILE")[0])) == "2013-06-06 17:16:54.059000"
    assert arrival("FILETIME=[FFFFFFFF:FFFFFFFF]") is None
    other = f"--b?1\nContent-Type: text/rfc822-headers\n\nX-OriginalArrivalTime: 07{stamp[2:]}\n\n"
    (row,) = rows(report(after=other))
    assert str(row["original_arrival_ts"]) == "2013-06-06 17:16:54.590000"
    assert row["extra"]["original x-originalarrivaltime"] == f"07{stamp[2:]}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#Software: Microsoft Internet Information Services 6.0\n#Fields: date time\n",
        "Date,From,To,Subject\n1,2,3,4\n",
        "Identity : HUB1\\17\nSubject  : Offer\nStatus   : Ready\n",
        "HTTP/1.1 200 OK\nDate: x\nContent-Type: text/html\nServer: IIS\n",
        "Date: today\nSubject: no more headers\n\nFinal-Recipient: rfc822;a@b.example\n",
        "From alice@corp.example\nwho wrote: hello\n",
        "Dear Sir,\nFrom: a\nTo: b\nSubject: c\nDate: d\n\n",
    ],
)
def test_what_is_no_mail_is_not_claimed(text: str) -> None:
    assert not any(format_.sniff(text.encode()) for format_ in MAILS)


def test_a_mail_about_reports_is_not_a_report() -> None:
    question = TEXT.replace("postmaster", "alice") + "What is #5.1.1, did not reach the following"
    assert not ndr.sniff(question.encode())
    assert mail.sniff(question.encode())


def test_a_report_that_names_nobody_is_one_row_and_a_note(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "empty.eml"
    path.write_text(report("Reporting-MTA: dns;gw1.corp.example\n"))
    source = load(con, path)
    assert (source.format, source.rows) == ("ndr", 1)
    assert "names no recipient" in (source.note or "")


def test_a_utf_16_copy_is_read(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "wide.eml"
    path.write_text(report(), encoding="utf-16")
    assert load(con, path).rows == 1
    assert con.execute("SELECT recipient FROM delivery_report").fetchall() == [
        ("bob@partner.example",)
    ]


def test_hostile_mails_are_read_in_time_that_follows_their_size() -> None:
    nested = "Content-Type: multipart/mixed; boundary=x\n\n--x\n"
    folded = "X: a\n" + " " * 7000 + "\n b\n"
    pieces = (
        nested,
        "Content-Type: message/rfc822\n\n",
        "--b?1\n",
        " \n",
        "a:b\n",
        "=?a?b?c?=",
        folded,
    )
    begun = time.process_time()
    rows(HEAD + folded * 100)
    for piece in pieces:
        rows(report(FIELDS + piece * (100_000 // len(piece))))
        rows(TEXT + piece * (100_000 // len(piece)))
    assert time.process_time() - begun < 10


def test_damage_to_a_mail_never_raises_and_never_loses_a_record(tmp_path: Path) -> None:
    rng = random.Random(7)  # noqa: S311
    originals = [path.read_bytes() for path in sorted(SAMPLES.glob("ndr/*.eml"))]
    originals += [path.read_bytes() for path in SAMPLES.glob("mbox/*")]
    path = tmp_path / "damaged"
    for _ in range(300):
        raw = damaged(rng, rng.choice(originals))
        claims = [format_ for format_ in MAILS if format_.sniff(raw[: 64 << 10])]
        assert len(claims) < 2
        path.write_bytes(raw)
        for format_ in claims or [ndr]:
            with format_.read(path, tmp_path / "scratch") as reading:
                records = {n for batch in reading.batches for n in batch.frame["record"]}
            assert len(records) == reading.records


def damaged(rng: random.Random, raw: bytes) -> bytes:
    """A mail after a few accidents: bits flipped, pieces cut, doubled, overwritten or put in."""
    bits = [
        b"\0",
        b"\n",
        b"\r",
        b"\n\n",
        b"=?utf-8?b?a?=",
        b"charset=idna",
        b"\xed\xa0\x80",
        b"&#0;",
    ]
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(raw) or 1)
        end = place + rng.choice([1, 9, 200])
        change = [
            bytes([rng.randrange(256)]),
            b"",
            raw[place:end] * 3,
            rng.choice(bits) + raw[place:end],
            rng.randbytes(end - place),
        ]
        raw = raw[:place] + rng.choice(change) + raw[end:]
    return raw
