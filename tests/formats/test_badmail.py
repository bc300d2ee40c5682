"""Reason files of Badmail sets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats import badmail
from logpipe.ingest import ingest_file
from logpipe.offers import Offer
from logpipe.store import Connection, ask, open_store

SAMPLES = Path(__file__).parents[2] / "samples/inputs/badmail"
RETURNED, REFUSED = sorted(SAMPLES.iterdir())


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        yield con


def load(con: Connection, path: Path) -> list[dict[str, Any]]:
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert (source.format, source.records, source.rows) == ("badmail", 1, 1), source.note
    return ask(con, "SELECT * FROM delivery_report ORDER BY recipient_no")


def test_reason_code_sender_and_recipients_are_read(con: Connection) -> None:
    alice, carol = load(con, RETURNED)
    assert (alice["kind"], alice["action"], alice["ts"]) == ("badmail", "failed", None)
    assert alice["diagnostic"] == (
        "This message is a delivery status notification that cannot be delivered"
    )
    assert alice["extra"]["error code"] == "0xC00402C7"
    assert alice["original_sender"] == "<>"
    assert [row["recipient"] for row in (alice, carol)] == [
        "alice@corp.example",
        "carol@corp.example",
    ]


def test_a_reason_without_recipients_is_one_row_with_its_text(con: Connection) -> None:
    (row,) = load(con, REFUSED)
    assert (row["recipient"], row["diagnostic"]) == (
        None,
        "Error is processing file in pickup directory",
    )
    assert row["extra"]["text"].endswith("0xC00402CE.")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_is_read(encoding: str, con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "1.BDR"
    path.write_bytes(RETURNED.read_text("utf-8").encode(encoding))
    assert len(load(con, path)) == 2


def test_the_words_of_kb_319285_are_known() -> None:
    said = "Unable to deliver this message because the following error was encountered: {} "
    assert badmail.sniff((said + "Specific error code was 0xC00402C7").encode())
    assert not badmail.sniff(said.encode())
    assert not badmail.sniff(b"The specific error code was 0xC00402C7.")
    assert not badmail.sniff(b"\x00\x01\x02\x03" * 20)
