"""Delivery reports as servers write them, for the samples of the mail readers."""

from datetime import datetime, timedelta

ARRIVED = datetime(2007, 9, 3, 5, 0, 16)  # noqa: DTZ001 - UTC, as all times here
TICKS = datetime(1601, 1, 1)  # noqa: DTZ001


def date(ts: datetime, hours: int = -7) -> str:
    """A date as it stands in a header, with the offset of the server that wrote it."""
    return f"{ts + timedelta(hours=hours):%a, %d %b %Y %H:%M:%S} {hours:+03d}00"


def arrival_time(ts: datetime) -> str:
    """X-OriginalArrivalTime of SMTPSVC: milliseconds with four digits, and the FILETIME."""
    ticks = (ts - TICKS) // timedelta(microseconds=1) * 10
    low, high = ticks & 0xFFFFFFFF, ticks >> 32
    return (
        f"{ts:%d %b %Y %H:%M:%S}.{ts.microsecond // 1000:04d} (UTC) FILETIME=[{low:08X}:{high:08X}]"
    )


def original(number: int = 1, arrived: datetime = ARRIVED) -> str:
    """A message that came back, as SMTPSVC took it in."""
    return f"""\
Received: from pc1 ([192.0.2.10]) by gw1.corp.example with Microsoft SMTPSVC(6.0.3790.3959);
\t {date(arrived)}
Return-Path: <alice@corp.example>
From: "Alice" <alice@corp.example>
To: <bob@partner.example>
Subject: =?utf-8?B?QW5nZWJvdCBmw7xyIDUg4oKs?=
Date: {date(arrived - timedelta(seconds=3), 2)}
Message-ID: <m{number}@pc1.corp.example>
X-OriginalArrivalTime: {arrival_time(arrived + timedelta(milliseconds=272))}

Good morning
"""


def smtpsvc(*, delayed: bool, number: int = 1, arrived: datetime = ARRIVED) -> str:
    """A DSN of Windows SMTPSVC at delay notification (12 h) or expiry (48 h)."""
    ts = arrived + (timedelta(hours=12, minutes=2) if delayed else timedelta(hours=48))
    mark = f"9B095B5ADSN=_01C7EDE7{number:08X}00000001GW1?corp.example"
    head, says, last = (
        ("Delay", "has been delayed", f"Will-Retry-Until: {date(arrived + timedelta(hours=48))}\n")
        if delayed
        else ("Failure", "failed", "")
    )
    warning = "THIS IS A WARNING MESSAGE ONLY.\n\n" if delayed else ""
    return f"""\
Received: from gw1.corp.example ([192.0.2.1]) by mail01.corp.example
\t with Microsoft SMTPSVC(6.0.3790.3959); {date(ts + timedelta(seconds=1))}
From: postmaster@corp.example
To: alice@corp.example
Date: {date(ts)}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{mark}"
X-DSNContext: 335a7efd - 4480 - 00000001 - 80040546
Message-ID: <dsn{number}{head}@gw1.corp.example>
Subject: Delivery Status Notification ({head})
Return-Path: <>
X-OriginalArrivalTime: {arrival_time(ts + timedelta(seconds=1))}

This is a MIME-formatted message.

--{mark}
Content-Type: text/plain; charset=unicode-1-1-utf-7

This is an automatically generated Delivery Status Notification.

{warning}Delivery to the following recipients {says}.

       bob@partner.example




--{mark}
Content-Type: message/delivery-status

Reporting-MTA: dns;gw1.corp.example
Received-From-MTA: dns;pc1
Arrival-Date: {date(arrived)}

Final-Recipient: rfc822;bob@partner.example
Action: {"delayed" if delayed else "failed"}
Status: 4.4.7
{last}
--{mark}
Content-Type: message/rfc822

{original(number, arrived)}
--{mark}--
"""


IMS = f"""\
Received: by mail5 with Internet Mail Service (5.5.2657.72)
\tid <1WAHSMCA>; {date(ARRIVED)}
Message-ID: <ims1@mail5.corp.example>
From: System Administrator <postmaster@corp.example>
To: alice@corp.example
Subject: Unzustellbar: Angebot
Date: {date(ARRIVED)}
MIME-Version: 1.0
X-Mailer: Internet Mail Service (5.5.2657.72)
X-MS-Embedded-Report:
Content-Type: multipart/mixed;
\tboundary="----_=_NextPart_000_01C7EDE7.00000001"

------_=_NextPart_000_01C7EDE7.00000001
Content-Type: text/plain;
\tcharset="iso-8859-1"

Your message

  To:      bob@partner.example
  Subject: Angebot
  Sent:    {date(ARRIVED - timedelta(days=7))}

did not reach the following recipient(s):

bob@partner.example on {date(ARRIVED)}
    The maximum time for delivering the message expired
    MSEXCH:MSExchangeMTA:HQ:MAIL5
eve@other.example on {date(ARRIVED)}
    The recipient name is not recognized
    MSEXCH:IMS:CORP:HQ:MAIL5 0 (000C05A6) Unknown Recipient

------_=_NextPart_000_01C7EDE7.00000001
Content-Type: message/rfc822

From: alice@corp.example
To: bob@partner.example
Subject: Angebot
Date: {date(ARRIVED - timedelta(days=7))}
Message-ID: <ims0@mail5.corp.example>

Good morning
------_=_NextPart_000_01C7EDE7.00000001--
"""

EXCHANGE_2007 = f"""\
MIME-Version: 1.0
From: <postmaster@corp.example>
To: <alice@corp.example>
Date: {date(ARRIVED, 2)}
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="0000ffff-0000-0000-0000-000000000001"
Message-ID: <e2007@hub1.corp.example>
Subject: =?utf-8?Q?Unzustellbar=3A_Gr=C3=BC=C3=9Fe?=

--0000ffff-0000-0000-0000-000000000001
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or distribution lists:

Bob<mailto:bob@partner.example>
Microsoft Exchange has been trying to deliver this message without success =
and has stopped trying.

Diagnostic information for administrators:

Generating server: hub1.corp.example

bob@partner.example
#550 4.4.7 QUEUE.Expired; message expired ##

eve@partner.example
#550 4.4.7 QUEUE.Expired; message expired ##

Original message headers:

Message-ID: <m7@pc1.corp.example>
From: Alice <alice@corp.example>

--0000ffff-0000-0000-0000-000000000001
Content-Type: message/delivery-status

Reporting-MTA: dns;hub1.corp.example
Received-From-MTA: dns;pc1.corp.example
Arrival-Date: {date(ARRIVED - timedelta(hours=48), 2)}

Original-Recipient: rfc822;bob@sub.partner.example
Final-Recipient: rfc822;bob@partner.example
Action: failed
Status: 4.4.7
Diagnostic-Code: smtp;550 4.4.7 QUEUE.Expired; message expired
Last-Attempt-Date: {date(ARRIVED - timedelta(minutes=10), 2)}
X-Display-Name: Bob

Final-Recipient: rfc822;eve@partner.example
Action: failed
Status: 4.4.7
Diagnostic-Code: smtp;550 4.4.7 QUEUE.Expired; message expired
Remote-MTA: dns;mx.partner.example

--0000ffff-0000-0000-0000-000000000001
Content-Type: text/rfc822-headers

Received: from pc1.corp.example (192.0.2.10) by hub1.corp.example
 (192.0.2.2) with Microsoft SMTP Server id 8.1.240.5; {date(ARRIVED - timedelta(hours=48), 2)}
Date: {date(ARRIVED - timedelta(hours=48), 2)}
Subject: Offer
From: Alice <alice@corp.example>
To: Bob <bob@partner.example>
Message-ID: <m7@pc1.corp.example>

--0000ffff-0000-0000-0000-000000000001--
"""

ONLINE = f"""\
From: postmaster@corp.example
To: alice@corp.example
Date: {date(ARRIVED, 0)}
Subject: Undeliverable: Offer
Message-ID: <online@prod.example>

Delivery has failed to these recipients or groups:

bob@partner.example<mailto:bob@partner.example>
Your message couldn't be delivered.

Diagnostic information for administrators:

Generating server: PROD1.prod.example

bob@partner.example
mx.partner.example
Remote Server returned '550 5.4.312 Message expired, DNS query
failed'

Original message headers:

Received: from HUB1 (192.0.2.2) by PROD1.prod.example (192.0.2.3) with
 Microsoft SMTP Server (TLS) id 15.0.918.8; {date(ARRIVED - timedelta(days=1), 0)}
Message-ID: <m9@pc1.corp.example>
From: <alice@corp.example>
Date: {date(ARRIVED - timedelta(days=1), 0)}
"""


def forwarded(report: str) -> str:
    """A report inside a mail inside a mail: attached to a forward of a forward."""
    for level in ("inner", "outer"):
        report = f"""\
From: carol@corp.example
To: helpdesk@corp.example
Date: {date(ARRIVED + timedelta(days=3))}
Subject: FW: what is this?
Message-ID: <{level}@corp.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{level}"

--{level}
Content-Type: text/plain

Please have a look.
--{level}
Content-Type: message/rfc822

{report}
--{level}--
"""
    return report


PLAIN = f"""\
Received: from pc1 ([192.0.2.10]) by gw1.corp.example with Microsoft SMTPSVC(6.0.3790.3959);
\t {date(ARRIVED)}
From: "Alice" <alice@corp.example>
To: <bob@partner.example>, "Eve" <eve@partner.example>
Subject: Offer
Date: {date(ARRIVED)}
Message-ID: <m3@pc1.corp.example>
X-OriginalArrivalTime: {arrival_time(ARRIVED)}

Good morning
"""
