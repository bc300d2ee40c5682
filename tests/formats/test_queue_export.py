"""Queues and queued messages: CSV, list, table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.queue_export import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.export import (
    SAMPLES,
    claims,
    empty,
    load,
    load_text,
    rejects,
    rows,
    survives,
)

FOLDER = SAMPLES / "queue_export"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("queue") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    empty(store)
    return store


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_sample_is_claimed_by_this_format_alone(path: Path) -> None:
    assert claims(path) == ["queue_export"]


def test_queues_keep_what_is_no_number_and_no_time(con: Connection) -> None:
    source = load(con, FOLDER / "queues.csv")
    assert (source.records, source.rows, source.host, source.zone) == (3, 3, "HUB1", None)
    columns = "record, kind, queue, destination, status, message_count, retries, status_code"
    assert rows(con, "queue_entry", columns) == [
        (3, "queue", r"HUB1\17", "partner.example", "Retry", 112, 7, "4.4.0"),
        (5, "queue", r"HUB1\Submission", "submission", "Ready", 0, 0, None),
        (6, "queue", r"HUB1\3", "db1", "Ready", None, 0, None),
    ]
    (odd,) = con.execute("SELECT extra FROM queue_entry WHERE record = 6").fetchall()
    assert odd[0]["MessageCount"] == "many"
    assert odd[0]["LastRetryTime"] == "yesterday"


def test_the_time_of_a_snapshot_is_unknown_and_its_retries_are_local(con: Connection) -> None:
    source = load(con, FOLDER / "queues.csv")
    columns = "ts, last_retry_ts::VARCHAR, next_retry_local_ts::VARCHAR"
    assert (None, "2007-09-12 08:00:00", "2007-09-12 08:10:00") in rows(con, "queue_entry", columns)
    assert str(source.last_ts) == "2007-09-12 08:00:00"
    assert "when the queues were looked at is not told" in (source.note or "")


def test_messages_are_told_from_queues(con: Connection) -> None:
    load(con, FOLDER / "messages.txt")
    columns = "kind, queue, internal_id, message_id, sender, recipient, recipients, bytes"
    assert rows(con, "queue_entry", columns) == [
        ("message", r"HUB1\17", "3298534883329", "q1@corp.example", "alice@corp.example",
         "bob@partner.example", 1, 3584),
        ("message", r"HUB1\17", "3298534883330", "q2@corp.example", "<>", None, 2, 1024),
    ]  # fmt: skip
    assert rows(con, "queue_entry", "arrived_ts::VARCHAR")[0] == ("2007-09-12 06:59:58",)


def test_a_table_is_read_by_its_columns(con: Connection) -> None:
    load(con, FOLDER / "table.txt")
    assert rows(con, "queue_entry", "record, queue, status, message_count, destination") == [
        (4, r"HUB2\4", "Retry", 3, "other.example"),
        (5, r"HUB2\Submission", "Ready", 12345678, "submission"),
    ]
    assert rejects(con) == [(6, "neither a queue nor a message")]


def test_a_wide_line_of_dashes_is_no_header(con: Connection, tmp_path: Path) -> None:
    head = (
        "Identity Status MessageCount NextHopDomain\n-------- ------ ------------ -------------\n"
    )
    source = load_text(con, tmp_path, f"{head}{'a ' * 9000}\n{'- ' * 9000}\n")
    assert (source.records, source.rejects) == (2, 2)


def test_other_lists_are_not_claimed() -> None:
    assert FORMAT.sniff(b"Identity : HUB1\\1\nStatus : Ready\nMessageCount : 1\nLastError :\n")
    assert not FORMAT.sniff(b"Identity : HUB1\nStatus : Online\nName : x\n")
    assert not FORMAT.sniff(b"Name,Status,DisplayName\nSMTPSVC,Running,SMTP\n")


def test_damage_costs_records_and_never_the_books(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, tmp_path, FORMAT, 90, monkeypatch)
