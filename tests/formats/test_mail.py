"""Mail files that are no reports: what stood in a copied Queue folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats import mail
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

SAMPLES = Path(__file__).parents[2] / "samples/inputs/mail"
QUEUED = SAMPLES / "Queue/NTFS_7e3b49bc01c7ede700000001.EML"
DROPPED = SAMPLES / "Drop/7e3b49bc01c7ede700000002.eml"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("mail") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "queue_entry"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, path: Path) -> tuple[Source, dict[str, Any]]:
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "mail", source.note
    assert (source.records, source.rows, source.rejects) == (1, 1, 0)
    (row,) = ask(con, "SELECT * FROM queue_entry")
    return source, row


def test_a_queued_mail_is_one_entry_with_what_its_headers_tell(con: Connection) -> None:
    source, row = load(con, QUEUED)
    assert source.generation == "Microsoft SMTPSVC 6.0.3790.3959"
    assert (row["record"], row["ts"], row["kind"]) == (1, None, "file")
    assert (row["queue"], row["name"], row["host"]) == ("Queue", QUEUED.name, "GW1")
    assert str(row["arrived_ts"]) == "2007-09-03 05:00:16"
    assert (row["sender"], row["recipients"]) == ("alice@corp.example", 2)
    assert (row["recipient"], row["destination"]) == (None, "partner.example")
    assert (row["message_id"], row["subject"]) == ("m3@pc1.corp.example", "Offer")
    assert row["bytes"] == QUEUED.stat().st_size
    assert row["extra"]["recipients known by"] == "headers"


def test_the_envelope_of_a_drop_folder_counts_for_more_than_the_headers(con: Connection) -> None:
    _, row = load(con, DROPPED)
    assert (row["queue"], row["recipient"], row["recipients"]) == ("Drop", "bob@partner.example", 1)
    assert row["extra"]["recipients known by"] == "x-receiver"


def test_a_name_that_is_no_folder_of_a_mailroot_is_no_queue(
    con: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "offer.eml"
    path.write_bytes(QUEUED.read_bytes())
    _, row = load(con, path)
    assert (row["queue"], row["name"]) == (None, "offer.eml")


@pytest.mark.parametrize("cut", [200, 300, 420])
def test_a_cut_mail_is_read_as_far_as_it_goes(cut: int, con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "cut.eml"
    path.write_bytes(QUEUED.read_bytes()[:cut])
    load(con, path)


def test_eight_bit_headers_and_broken_words_are_shown_as_far_as_they_can_be(
    con: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "odd.eml"
    head = "From: a@x.example\r\nTo: b@x.example\r\nDate: today\r\n"
    path.write_bytes((head + "Subject: f\xfcr =?utf-8?b?a?= \x00\r\n\r\n").encode("cp1252"))
    assert mail.sniff(path.read_bytes()) is False  # a NUL among the headers: no mail
    path.write_bytes((head + "Subject: f\xfcr =?utf-8?b?a?=\r\n\r\n").encode("cp1252"))
    _, row = load(con, path)
    assert row["subject"] == "für =?utf-8?b?a?="
    assert row["extra"]["date"] == "today"


def test_a_filetime_beyond_the_year_9999_is_no_time(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "far.eml"
    path.write_text(
        "Received: from a by b; Mon, 3 Sep 2007 05:00:00 +0000\n"
        "X-OriginalArrivalTime: whenever FILETIME=[00000000:3FFFFFFF]\n"
        "Subject: x\n\nbody\n"
    )
    source, entry = load(con, path)
    assert (source.records, source.rows) == (1, 1)
    assert str(entry["arrived_ts"]) == "2007-09-03 05:00:00"
