"""Mailboxes: where mails begin, what each is, how a mailbox grows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats import mail, mbox, ndr
from logpipe.formats import mbox as module
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store

SAMPLE = Path(__file__).parents[2] / "samples/inputs/mbox/postmaster.mbox"
FROM = "From alice@corp.example Mon Sep  3 05:00:16 2007\n"
MAIL = "From: alice@corp.example\nTo: bob@x.example\nSubject: Offer {}\nMessage-ID: <m{}@x>\n\nHi\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("mbox") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "delivery_report"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, path: Path, content: bytes | None = None) -> Source:
    if content is not None:
        path.write_bytes(content)
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "mbox", source.note
    assert source.records == source.rows + source.duplicates + source.rejects, source.note
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT {columns} FROM delivery_report ORDER BY source_id, record, recipient_no"
    return con.execute(sql).fetchall()


def mails(count: int) -> str:
    return "\n".join(FROM + MAIL.format(n, n) for n in range(count))


def test_reports_and_other_mails_of_a_mailbox_are_told_apart(con: Connection) -> None:
    source = load(con, SAMPLE)
    assert (source.records, source.rows, source.status) == (5, 5, "loaded")
    lines = SAMPLE.read_text("utf-8").split("\n")
    assert all(lines[record - 1].startswith("From ") for (record,) in rows(con, "record"))
    assert rows(con, "recipient_no, kind, recipient, action, report_message_id") == [
        (1, "dsn", "bob@partner.example", "delayed", "dsn1Delay@gw1.corp.example"),
        (1, "mail", None, None, "m3@pc1.corp.example"),
        (1, "dsn", "bob@partner.example", "failed", "e2007@hub1.corp.example"),
        (2, "dsn", "eve@partner.example", "failed", "e2007@hub1.corp.example"),
        (1, "mail", None, None, "m4@pc1.corp.example"),
        (1, "dsn", "bob@partner.example", "failed", "dsn3Failure@gw1.corp.example"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_encodings_change_nothing(
    end: str, encoding: str, con: Connection, tmp_path: Path
) -> None:
    text = SAMPLE.read_text("utf-8").replace("\n", end)
    load(con, tmp_path / "x.mbox", text.encode(encoding))
    assert [kind for (kind,) in rows(con, "kind")] == ["dsn", "mail", "dsn", "dsn", "mail", "dsn"]


def test_a_from_line_begins_a_mail_only_where_a_header_follows_a_blank_line(
    con: Connection, tmp_path: Path
) -> None:
    body = (
        "no blank line above\n" + FROM + "Subject: x\n\n"
        "From the desk of Alice, 3 Sep 2007\nTo: nobody\n\n" + FROM + "no header below\n"
    )
    source = load(con, tmp_path / "x.mbox", (mails(1) + body + "\n" + mails(1)).encode())
    assert source.records == 2


def test_a_mailbox_that_grew_stands_for_its_older_copy(con: Connection, tmp_path: Path) -> None:
    whole = mails(5)
    load(con, tmp_path / "a.mbox", whole[: len(mails(3)) - 20].encode())
    source = load(con, tmp_path / "b.mbox", whole.encode())
    assert (source.records, source.rows, source.duplicates) == (5, 5, 0)
    assert rows(con, "report_message_id") == [(f"m{n}@x",) for n in range(5)]


def test_an_older_copy_of_a_mailbox_brings_nothing(con: Connection, tmp_path: Path) -> None:
    dated = mails(4).replace("Subject:", "Date: Mon, 03 Sep 2007 05:00:16 +0000\nSubject:")
    load(con, tmp_path / "a.mbox", dated.encode())
    older = dated[: dated.index("Offer 2")].rpartition(FROM)[0]
    assert load(con, tmp_path / "b.mbox", older.encode()).duplicates == 2
    assert len(rows(con, "record")) == 4


def test_many_mails_come_in_several_batches(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 10)
    assert load(con, tmp_path / "x.mbox", mails(95).encode()).rows == 95


def test_a_line_longer_than_any_buffer_ends_no_mail(con: Connection, tmp_path: Path) -> None:
    long = "x" * 200_000 + FROM
    source = load(con, tmp_path / "x.mbox", (mails(1) + "\n" + long + "\n" + mails(1)).encode())
    assert source.records == 2
    assert [record for (record,) in rows(con, "record")] == [1, 11]


def test_a_mailbox_is_no_single_mail_and_a_letter_is_no_mailbox() -> None:
    head = mails(2).encode()
    assert mbox.sniff(head)
    assert not ndr.sniff(head)
    assert not mail.sniff(head)
    assert not mbox.sniff(b"From Alice on Mon Sep  3 05:00:16 2007\nDear Bob,\n")
    assert not mbox.sniff(MAIL.encode())
