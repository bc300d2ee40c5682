"""What a delivery report says: its fields, however they are wrapped, prose, and dates."""

import email.encoders
from email.message import Message

import pytest

from logpipe.formats._mail.dates import arrival, moment
from tests.formats.reports import FIELDS, SAMPLES, TEXT, report, rows, told


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
