"""Tracking of Exchange 4.0 to 5.5: layouts of recipients, damage, growth, who wrote the file."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats import tracking_2003
from logpipe.formats._text.records_5x import Tally, frames_of
from logpipe.formats.tracking_5x import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store

SAMPLE = Path(__file__).parents[2] / "samples" / "inputs" / "tracking_5x" / "20020429.log"
SERVERS = "/O=ORG/OU=SITE/CN=CONFIGURATION/CN=SERVERS"
ALICE = "/o=ORG/ou=SITE/cn=Recipients/cn=alice"
BOB, EVE = "/o=ORG/ou=SITE2/cn=Recipients/cn=bob", "SMTP:eve@partner.example"
PLAIN = {
    "id": "c=US;a= ;p=ORG;l=SRV1-020425175433Z-7",
    "event": "0",
    "time": "2002.4.29 18:50:47",
    "gateway": "",
    "partner": f"{SERVERS}/CN=SRV1/CN=MICROSOFT MTA",
    "remote": "",
    "originator": ALICE,
    "priority": "0",
    "length": "1497",
    "seconds": "0",
    "cost": "0",
    "subject": "",
    "count": "1",
}


def record(*material: str, end: str = "\n", **changed: str) -> str:
    """A record line, a line for each of its recipients, and the empty line."""
    line = "\t".join((PLAIN | changed).values())
    return "".join(part + end for part in (line, *(material or (BOB,)), ""))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("t5x") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "tracking_event"):
        store.execute(f"DELETE FROM {table}").fetchall()
    return store


def load(con: Connection, folder: Path, text: str | bytes, name: str = "20020429.log") -> Source:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format in {None, "tracking_5x"}, source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def rows(con: Connection, columns: str) -> list[tuple[Any, ...]]:
    return con.execute(
        f"SELECT {columns} FROM tracking_event ORDER BY source_id, record, recipient_no"
    ).fetchall()


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_field_is_read(end: str, con: Connection, tmp_path: Path) -> None:
    changed = {"gateway": "SMTP", "remote": "<9@gw.example>", "subject": "x", "event": "4"}
    source = load(con, tmp_path, record(end=end, **changed))
    assert (source.records, source.rows, source.status) == (1, 1, "loaded")
    found = rows(
        con,
        "record, recipient_no, ts::VARCHAR, event, class, message_id, linked_id, sender, recipient,"
        "recipients, status, bytes, connector, partner, reference, origin_ts::VARCHAR, extra",
    )
    assert found == [
        (1, 1, "2002-04-29 18:50:47", "4", "enter", PLAIN["id"], "9@gw.example", ALICE.lower(),
         BOB.lower(), 1, None, 1497, "SMTP", PLAIN["partner"], "x", "2002-04-25 17:54:33",
         {"priority": "0", "seconds": "0", "cost": "0"}),
    ]  # fmt: skip


LAYOUTS = {
    "behind its recipient": (f"{BOB}\t0", f"{EVE}\t1"),
    "on the line below": (BOB, "0", EVE, "1"),
    "all on one line": (f"{BOB}\t0\t{EVE}\t1",),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_status_belongs_to_the_recipient_before_it(
    layout: str, con: Connection, tmp_path: Path
) -> None:
    text = record(*LAYOUTS[layout], event="10", count="2") + record()
    source = load(con, tmp_path, text)
    assert source.note is None
    found = rows(con, "recipient_no, recipient, status")
    assert found == [(1, BOB.lower(), "0"), (2, EVE.lower(), "1"), (1, BOB.lower(), None)]


def test_recipients_may_stand_on_the_record_line(con: Connection, tmp_path: Path) -> None:
    line = "\t".join([*(PLAIN | {"count": "2"}).values(), BOB, "0", EVE, "1"])
    load(con, tmp_path, line + "\n\n")
    assert rows(con, "recipient, status") == [(BOB.lower(), "0"), (EVE.lower(), "1")]


def test_empty_lines_between_recipients_do_not_end_a_record(
    con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, record(BOB, "", EVE, count="2") + record())
    assert (source.records, source.rows, source.note) == (2, 2, None)
    assert rows(con, "record, recipient_no") == [(1, 1), (1, 2), (6, 1)]


def test_a_count_that_differs_is_noted_and_all_recipients_are_loaded(
    con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, record() + record(BOB, EVE, count="3") + record(count="0"))
    assert (source.rows, source.status) == (3, "loaded")
    assert "field 13 says: 2, the first on line 4" in (source.note or "")
    assert len(rows(con, "recipient")) == 4


def test_a_record_without_recipients_is_one_row(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, record("", count="0"))
    assert rows(con, "recipient_no, recipient, recipients") == [(1, None, 0)]


def test_what_no_column_takes_is_kept(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, record("1", BOB, length="big", count="x", priority="-1", seconds=""))
    assert rows(con, "bytes, recipients, recipient, status, extra") == [
        (None, None, BOB.lower(), None,
         {"priority": "-1", "cost": "0", "length": "big", "recipients": "x",
          "status without recipient": "1"}),
    ]  # fmt: skip


def test_damaged_record_lines_are_refused_with_their_recipients(
    con: Connection, tmp_path: Path
) -> None:
    bad = [record(time="2002.13.45 18:50:47"), record(event="four"), record(time="yesterday")]
    source = load(con, tmp_path, record() + "".join(bad) + record())
    assert (source.records, source.rows) == (5, 2)
    assert rejects(con) == [
        (4, "no readable date and time"),
        (7, "no event number"),
        (10, "no readable date and time"),
    ]
    assert [recipients for (recipients,) in rows(con, "recipient_no")] == [1, 1]


def test_lines_above_the_first_record_line_are_refused(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, f"{BOB}\n\n{EVE}\n\n" + record())
    assert (source.records, source.rows) == (3, 1)
    assert rejects(con) == [
        (1, "no record line above this line"),
        (3, "no record line above this line"),
    ]


@pytest.mark.parametrize(
    ("tail", "refused"),
    [
        (record()[:60], (4, "cut short: 5 of 13 fields")),
        (record()[:30], (4, "cut short: no line end")),
        (record()[:-10], (4, "cut short: the file ends inside this record")),
        (record(BOB, count="2")[:-1], (4, "cut short: the file ends inside this record")),
    ],
)
def test_a_record_inside_which_the_file_ends_is_refused(
    tail: str, refused: tuple[int, str], con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, record() + tail)
    assert (source.records, source.rows) == (2, 1)
    assert rejects(con) == [refused]


@pytest.mark.parametrize("cut", range(0, 400, 23))
def test_a_longer_copy_adds_only_what_is_new(cut: int, con: Connection, tmp_path: Path) -> None:
    whole = "".join(record(BOB, EVE, count="2", event=str(n)) for n in range(3)) + record()
    load(con, tmp_path, whole[: 300 + cut], "a.log")
    load(con, tmp_path, whole, "b.log")
    grown = con.execute("SELECT * EXCLUDE (source_id) FROM tracking_event ORDER BY ALL").fetchall()
    for table in ("source", "reject", "tracking_event"):
        con.execute(f"DELETE FROM {table}").fetchall()
    load(con, tmp_path, whole, "b.log")
    columns = "SELECT * EXCLUDE (source_id) FROM tracking_event ORDER BY ALL"
    assert grown == con.execute(columns).fetchall()


OWN_STORE = f"{SERVERS}/CN=srv2/CN=MICROSOFT PRIVATE MDB"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (record(event="4"), "SRV1"),
        (record(event="1000"), "SRV1"),
        (record(event="9", partner=OWN_STORE), "SRV2"),
        # another server's id and MTA in what this one received: the partner is not the host
        (record(event="0"), None),
        (record(event="4") + record(event="9", partner=OWN_STORE), None),
    ],
)
def test_the_host_is_told_where_mail_begins_or_ends(
    text: str, host: str | None, con: Connection, tmp_path: Path
) -> None:
    source = load(con, tmp_path, text)
    assert source.host == host
    assert {found for (found,) in rows(con, "host")} == {host}
    assert ("name several (SRV1, SRV2)" in (source.note or "")) == (text.count("\n") > 3)


def test_records_that_span_blocks_are_whole(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(record(BOB, f"{EVE}\t1", BOB, count="3", event=str(n)) for n in range(200))
    load(con, tmp_path, text, "a.log")
    expected = rows(con, "record, recipient_no, event, recipient, status")
    con.execute("DELETE FROM tracking_event").fetchall()
    con.execute("DELETE FROM source").fetchall()
    monkeypatch.setattr("logpipe.formats._text.records_5x.BLOCK", 500)
    load(con, tmp_path, text, "b.log")
    assert rows(con, "record, recipient_no, event, recipient, status") == expected


def test_a_record_without_end_is_refused_and_the_next_one_read(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logpipe.formats._text.records_5x.BLOCK", 500)
    monkeypatch.setattr("logpipe.formats._text.records_5x.LONGEST_RECORD", 2000)
    source = load(con, tmp_path, record() + record(*[BOB] * 500, count="500") + record())
    assert (source.records, source.rows) == (3, 2)
    assert rejects(con) == [(4, "record over 64 MiB")]


def test_frames_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logpipe.formats._text.records_5x.BLOCK", 10_000)
    path = tmp_path / "x"
    path.write_text(record() * 2000)
    heights = [f.height for f in frames_of(path, Tally(), lines=6000, open_end=False)]
    assert sum(heights) == 2000
    assert max(heights) < 60


def test_more_recipients_than_a_row_can_number_are_refused(con: Connection, tmp_path: Path) -> None:
    source = load(con, tmp_path, record(*["x"] * 65_536, count="65536") + record())
    assert (source.records, source.rows) == (2, 1)
    assert rejects(con) == [(1, "more than 65,535 recipients")]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_names_are_read_in_every_encoding(encoding: str, con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, (record("/o=ORG/cn=Müller") + record()).encode(encoding))
    assert rows(con, "record, recipient") == [(1, "/o=org/cn=müller"), (4, BOB.lower())]


def test_other_logs_are_not_claimed() -> None:
    assert FORMAT.sniff(SAMPLE.read_bytes())
    assert not tracking_2003.FORMAT.sniff(SAMPLE.read_bytes())
    assert not FORMAT.sniff(b"2007-9-3\t0:0:5 GMT\t" + b"a\t" * 6 + b"1019\t" + b"b\t" * 12)
    assert not FORMAT.sniff(b"a\t0\t2002.4.29 18:50:47\tb\n")
    assert not FORMAT.sniff(b"a,0,2002.4.29 18:50:47" + b"," * 12)


@pytest.mark.parametrize("seed", range(4))
def test_the_books_balance_whatever_is_damaged(seed: int, con: Connection, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311 - damage is to be the same every time
    inserts = [b"\0", b"\r", b"\n", b"\n\n", b"\t" * 12 + b"7", b"\x02", b"\n\x02a\x02b\n", b"\xff"]
    for _ in range(15):
        content = bytearray(SAMPLE.read_bytes())
        for _ in range(dice.randrange(1, 5)):
            at = dice.randrange(len(content))
            match dice.randrange(4):
                case 0:
                    content[at] ^= 1 << dice.randrange(8)
                case 1:
                    content[at:at] = dice.choice(inserts)
                case 2:
                    del content[at : at + dice.randrange(80)]
                case _:
                    content[at:at] = content[: dice.randrange(300)]
        load(con, tmp_path, bytes(content))


def test_a_spoiled_first_line_that_shows_three_fields_opens_no_record(
    con: Connection, tmp_path: Path
) -> None:
    damaged = record("/o=ORG/cn=bob").replace("2002.4.29 18:50:47", "2002.4.29 18:5\0\0\0", 1)
    first, _, rest = damaged.partition("\n")
    spoiled = "\t".join(first.split("\t")[:3]) + "\n" + rest
    source = load(con, tmp_path, spoiled + record("/o=ORG/cn=eve"))
    assert source.records == source.rows + source.duplicates + source.rejects
