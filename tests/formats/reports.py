"""What the tests of delivery reports share: a report made of its fields, and what is read of it."""

from pathlib import Path
from typing import Any

from logpipe.formats import badmail, mail, mbox, ndr
from logpipe.formats._mail.delivery import rows_of
from logpipe.formats._mail.mime import parse
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection

SAMPLES = Path(__file__).parents[2] / "samples" / "inputs"
MAILS = (badmail, mail, mbox, ndr)
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
