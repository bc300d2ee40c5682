"""The .evt reader against written logs, real logs, damage of every kind, and libevt."""

import json
import random
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from logpipe.errors import UnreadableError
from logpipe.formats.evt import FORMAT
from logpipe.model import Frame, Reading
from logpipe.sqlfiles import sql_text
from samples.generator.evt import EvtRecord, pack_record, write_evt

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
MAX_SECONDS = 5

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")


def some_records(count: int, first: int = 1) -> list[EvtRecord]:
    """Records of changing length, with and without SID, strings and data."""
    return [
        EvtRecord(
            number=number,
            ts=datetime(2005, 3, 1, tzinfo=UTC) + timedelta(seconds=7 * number),
            source=("Service Control Manager", "EventLog", "SMTPSVC")[number % 3],
            computer="MAIL01",
            event_id_full=(0x40001B7C, 0x80001775, 0xC0000FA4)[number % 3],
            event_type=(4, 2, 1)[number % 3],
            category=number % 5,
            sid="S-1-5-21-1004336348-1177238915-682003330-500" if number % 4 == 0 else None,
            strings=tuple(
                "" if i == 1 else f"string {number} é {'x' * i}" for i in range(number % 6)
            ),
            data=bytes(range(number % 9)),
        )
        for number in range(first, first + count)
    ]


def drain(path: Path) -> tuple[Reading, pl.DataFrame]:
    """Read one log to its end; the books must balance."""
    started = time.monotonic()
    with FORMAT.read(path, path.parent) as reading:
        frames = []
        for batch in reading.batches:
            assert isinstance(batch, Frame)
            frames.append(batch.frame)
    assert time.monotonic() - started < MAX_SECONDS
    rows = pl.concat(frames) if frames else pl.DataFrame(schema={"recovered": pl.Boolean})
    log = rows.filter(~pl.col("recovered"))
    assert log.height + len(reading.late_rejects) == reading.records
    return reading, rows


def drain_bytes(folder: Path, content: bytes) -> tuple[Reading, pl.DataFrame]:
    path = folder / "SysEvent.Evt"
    path.write_bytes(content)
    return drain(path)


def is_as_written(rows: pl.DataFrame, records: list[EvtRecord]) -> bool:
    """Whether the rows are exactly these records."""
    found = rows.select(
        "record", "ts", "provider", "computer", "event_id", "qualifiers", "task", "user_sid",
        "strings", "binary_hex", "note",
    ).rows()  # fmt: skip
    return found == [
        (
            r.number,
            r.ts.replace(tzinfo=None),
            r.source,
            r.computer,
            r.event_id_full & 0xFFFF,
            r.event_id_full >> 16,
            r.category,
            r.sid,
            list(r.strings),
            r.data.hex().upper() or None,
            None,
        )
        for r in records
    ]


def libevt_rows(path: Path) -> dict[int, tuple[Any, ...]]:
    """What libevt finds, records and recovered ones together, by record number."""
    pyevt = pytest.importorskip("pyevt", reason="libevt-python is only there on Linux")
    log = pyevt.file()
    log.open(str(path))
    rows = {}
    for count, get in (
        (log.number_of_recovered_records, log.get_recovered_record),
        (log.number_of_records, log.get_record),
    ):
        for i in range(count):
            r = get(i)  # one at a time: libevt frees what falls out of its cache, and then crashes
            rows[r.identifier] = (
                r.creation_time,
                r.source_name,
                r.computer_name,
                r.event_identifier & 0xFFFF,
                r.event_identifier >> 16,
                r.user_security_identifier,
                list(r.strings),
            )
    log.close()
    return rows


def our_rows(rows: pl.DataFrame) -> dict[int, tuple[Any, ...]]:
    if not rows.height:
        return {}
    ordered = rows.sort("recovered", descending=True).select(
        "record", "ts", "provider", "computer", "event_id", "qualifiers", "user_sid", "strings"
    )
    return {number: tuple(rest) for number, *rest in ordered.iter_rows()}


WRITTEN: dict[str, Callable[[], bytes]] = {
    "clean": lambda: write_evt(None, some_records(40)),
    "empty": lambda: write_evt(None, []),
    "dirty": lambda: write_evt(None, some_records(40), dirty=True),
    "wrapped": lambda: write_evt(None, some_records(200), max_size=8192, wrapped=True),
    "wrapped and dirty": lambda: write_evt(
        None, some_records(200), max_size=8192, wrapped=True, dirty=True
    ),
    "ring not yet full": lambda: write_evt(None, some_records(9), max_size=8192, wrapped=True),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_written_logs_are_read_back_exactly_and_as_libevt_reads_them(
    kind: str, tmp_path: Path
) -> None:
    content = WRITTEN[kind]()
    assert FORMAT.sniff(content[:65536])
    reading, rows = drain_bytes(tmp_path, content)
    log = rows.filter(~pl.col("recovered"))
    if log.height:
        numbers = log["record"].to_list()
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert is_as_written(log, some_records(len(numbers), numbers[0]))
    assert reading.records == log.height
    assert not any("missing" in note for note in reading.notes)
    libevt = libevt_rows(tmp_path / "SysEvent.Evt")
    ours = our_rows(rows)
    assert {n: ours.get(n) for n in libevt} == libevt
    if kind != "wrapped and dirty":  # of those, libevt loses what was written since the header
        assert set(log["record"] if log.height else []) <= set(libevt)


@pytest.mark.parametrize("cut", range(4, 260, 4))
def test_a_record_cut_at_any_place_of_the_physical_end_is_read_whole(
    cut: int, tmp_path: Path
) -> None:
    # the record before last is made as long as it takes to leave `cut` bytes to the physical end
    records = some_records(60)
    size = 0x30 + sum(len(pack_record(r)) for r in records) + cut
    size += size % 4
    last = replace(records[5], number=61, strings=("a" * 60, "b" * 60))
    after = replace(records[6], number=62)
    content = write_evt(None, [*records, last, after], max_size=size, wrapped=True)
    _, rows = drain_bytes(tmp_path, content)
    log = rows.filter(~pl.col("recovered"))
    first = int(log["record"][0])
    assert is_as_written(log, [*records[first - 1 :], last, after])
    libevt = libevt_rows(tmp_path / "SysEvent.Evt")
    ours = our_rows(rows)
    assert {n: ours.get(n) for n in libevt} == libevt


def test_the_newest_of_several_end_records_is_the_live_one(tmp_path: Path) -> None:
    content = write_evt(None, some_records(40), dirty=True)
    longer = write_evt(None, some_records(60), dirty=True)
    end = longer.rindex(struct.pack("<I", 0x11111111)) + 36
    reading, rows = drain_bytes(tmp_path, longer[:end] + content[end:])
    assert reading.records == rows.height == 60


def test_what_stands_behind_the_end_record_is_recovered(tmp_path: Path) -> None:
    short, long = write_evt(None, some_records(10)), write_evt(None, some_records(30))
    reading, rows = drain_bytes(tmp_path, short + long[len(short) :])
    assert reading.records == 10
    recovered = rows.filter("recovered")
    assert 17 <= recovered.height <= 20
    numbers = recovered["record"].to_list()
    assert is_as_written(recovered, some_records(len(numbers), numbers[0]))
    assert any("overwritten records recovered" in note for note in reading.notes)


def test_a_log_cut_at_seventy_percent_says_what_it_lost(tmp_path: Path) -> None:
    content = write_evt(None, some_records(100))
    reading, rows = drain_bytes(tmp_path, content[: len(content) * 7 // 10])
    assert is_as_written(rows, some_records(rows.height))
    assert 60 < rows.height < 80
    assert any("the file is cut" in note for note in reading.notes)
    missing = 100 - rows.height
    lost = f"lost: {missing} of the log's records are missing: numbers {rows.height + 1} to 100"
    assert lost in reading.notes


def test_a_cut_log_of_a_running_host_says_what_its_old_header_proves_to_be_lost(
    tmp_path: Path,
) -> None:
    content = write_evt(None, some_records(100), max_size=65536, dirty=True)
    size = 10_000
    reading, rows = drain_bytes(tmp_path, content[:size])
    last = rows["record"].max()
    assert isinstance(last, int)
    assert last < 75  # which is as far as the header goes
    assert (
        f"lost: the file is cut, {size:,} of {len(content):,} bytes, "
        f"records after number {last} are missing, at least up to 75"
    ) in reading.notes
    assert f"lost: {75 - last} of the log's records are missing: numbers {last + 1} to 75" in (
        reading.notes
    )


def test_a_log_of_a_running_host_has_lost_nothing_that_only_its_header_does_not_know(
    tmp_path: Path,
) -> None:
    content = bytearray(write_evt(None, some_records(100), dirty=True))
    end = content.index(struct.pack("<I", 0x11111111)) - 4
    content[end : end + 40] = bytes(40)
    reading, rows = drain_bytes(tmp_path, bytes(content))
    assert rows.height == 100
    assert not any(note.startswith("lost") for note in reading.notes)


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_log_cut_anywhere_keeps_every_whole_record(kind: str, tmp_path: Path) -> None:
    content = WRITTEN[kind]()
    whole = our_rows(drain_bytes(tmp_path, content)[1])
    for size in range(60, len(content), max(97, len(content) // 80)):
        _, rows = drain_bytes(tmp_path, content[:size])
        sound = rows.filter(pl.col("note").is_null()) if rows.height else rows
        ours = our_rows(sound)
        assert {n: whole.get(n) for n in ours} == ours


def test_a_cut_wrapped_log_with_a_damaged_header_is_still_put_in_order(tmp_path: Path) -> None:
    content = bytearray(write_evt(None, some_records(200), max_size=8192, wrapped=True))
    end = content.index(struct.pack("<I", 0x11111111)) - 4
    content[:48] = bytes(48)
    content[end : end + 40] = bytes(40)
    assert FORMAT.sniff(bytes(content))
    reading, rows = drain_bytes(tmp_path, bytes(content))
    numbers = rows.filter(~pl.col("recovered"))["record"].to_list()
    assert numbers == sorted(numbers)
    assert numbers[-1] == 200
    assert len(numbers) >= 30
    assert "the file header is damaged" in reading.notes


@pytest.mark.parametrize("kind", WRITTEN)
def test_one_flipped_bit_costs_at_most_what_it_hits(kind: str, tmp_path: Path) -> None:
    content = WRITTEN[kind]()
    before = Counter(str(row) for row in our_rows(drain_bytes(tmp_path, content)[1]).values())
    dice = random.Random(kind)  # noqa: S311 - damage is to be the same every time
    for _ in range(40):
        damaged = bytearray(content)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        if kind == "empty" and not FORMAT.sniff(bytes(damaged)):
            continue
        rows = drain_bytes(tmp_path, bytes(damaged))[1]
        after = Counter(str(row) for row in our_rows(rows).values())
        assert (before - after).total() <= 1


def test_zeroed_stretches_cost_only_what_they_cover(tmp_path: Path) -> None:
    content = write_evt(None, some_records(100))
    for start in range(48, len(content) - 600, 307):
        damaged = content[:start] + bytes(600) + content[start + 600 :]
        reading, rows = drain_bytes(tmp_path, damaged)
        assert rows.height >= 85
        assert any("missing" in n or "hold no record" in n for n in reading.notes) or (
            rows["note"].is_not_null().any() or reading.late_rejects or start > len(content) - 700
        )


def test_zeros_behind_the_file_change_nothing(tmp_path: Path) -> None:
    for kind in ("clean", "wrapped", "dirty"):
        content = WRITTEN[kind]()
        reading, rows = drain_bytes(tmp_path, content)
        padded, padded_rows = drain_bytes(tmp_path, content + bytes(5000))
        assert padded.records == reading.records
        assert rows.equals(padded_rows)


@pytest.mark.parametrize("seed", range(10))
def test_no_mutation_breaks_the_books(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311 - as above
    content = list(WRITTEN.values())[seed % len(WRITTEN)]()
    for _ in range(15):
        damaged = bytearray(content)
        for _ in range(dice.randrange(1, 30)):
            at = dice.randrange(len(damaged))
            match dice.randrange(5):
                case 0:
                    damaged[at] ^= 1 << dice.randrange(8)
                case 1:
                    damaged[at : at + 4] = dice.choice(
                        (b"LfLe", b"\xff" * 4, b"\x27\0\0\0", bytes(4))
                    )
                case 2:
                    del damaged[at : at + dice.randrange(1, 200)]
                case 3:
                    damaged[at:at] = damaged[: dice.randrange(1, 200)]
                case _:
                    damaged[at : at + 300] = dice.randbytes(300)
            damaged = damaged or bytearray(b"\0")
        try:
            drain_bytes(tmp_path, bytes(damaged))
        except UnreadableError:
            assert not FORMAT.sniff(bytes(damaged[:48]))


def test_a_damaged_record_is_kept_where_one_length_is_right_and_rejected_where_none_is(
    tmp_path: Path,
) -> None:
    records = some_records(12)
    at = 0x30 + sum(len(pack_record(r)) for r in records[:5])
    size = len(pack_record(records[5]))
    content = bytearray(write_evt(None, records))
    content[at : at + 4] = b"\x01\x02\x03\x04"
    reading, rows = drain_bytes(tmp_path, bytes(content))
    assert reading.records == rows.height == 12
    assert rows["note"][5] == f"length at its start is 67305985, not {size}"
    content[at + size - 4 : at + size] = b"\x05\x06\x07\x08"
    reading, rows = drain_bytes(tmp_path, bytes(content))
    assert (reading.records, rows.height) == (12, 11)
    [(position, reason, excerpt)] = reading.late_rejects
    assert (position, len(excerpt)) == (6, 200)
    assert reason.startswith(f"record at byte {at}: ")
    assert "lost: 1 of the log's records is missing: number 6" in reading.notes


PARTS = {  # offset of a dword in the record, hostile value, note
    "strings": (36, 0xFFFFFFF0, "strings lie outside the record"),
    "SID": (44, 0xFFFFFFF0, "SID lies outside the record"),
    "data": (52, 0xFFFFFFF0, "data lie outside the record"),
    "many strings": (24, 0xFFFF0004, "4 of 65535 strings present"),
    "time": (12, 0, "time is outside 1990 to 2100"),
    "type": (24, 0x00040003, "unknown event type 3"),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_outside_its_record_is_dropped_and_the_record_kept(
    part: str, tmp_path: Path
) -> None:
    record = replace(some_records(1)[0], sid="S-1-5-18", strings=("a", "", "b", "c"), data=b"1234")
    content = bytearray(write_evt(None, [record, replace(record, number=2)]))
    offset, value, note = PARTS[part]
    struct.pack_into("<I", content, 0x30 + offset, value)
    _, rows = drain_bytes(tmp_path, bytes(content))
    assert rows["note"].to_list() == [note, None]
    assert rows["provider"].to_list() == ["EventLog"] * 2
    assert rows["strings"].to_list() == [[] if part == "strings" else ["a", "", "b", "c"]] * 1 + [
        ["a", "", "b", "c"]
    ]


def test_lone_surrogates_become_replacement_characters(tmp_path: Path) -> None:
    record = replace(some_records(1)[0], source="App", strings=("a?b", "c"))
    content = write_evt(None, [record]).replace(b"?\0", b"\0\xd8")
    _, rows = drain_bytes(tmp_path, content)
    assert rows["strings"].to_list() == [["a�b", "c"]]


def test_the_data_of_6008_tell_when_the_system_went_down(tmp_path: Path) -> None:
    local = struct.pack("<8H", 2009, 2, 2, 3, 14, 30, 15, 0)
    utc = struct.pack("<8H", 2009, 2, 2, 3, 18, 30, 15, 0)
    stop = replace(some_records(1)[0], source="EventLog", event_id_full=0x80001778)
    records = [
        replace(stop, data=local + utc),
        replace(stop, number=2, data=local),
        replace(stop, number=3, data=local + b"\xff" * 16),
        replace(stop, number=4, source="Other", data=local + utc),
    ]
    _, rows = drain_bytes(tmp_path, write_evt(None, records))
    assert rows["decoded"].to_list() == ["2009-02-03T18:30:15Z", None, None, None]


def test_a_file_of_nothing_but_signatures_is_done_in_time(tmp_path: Path) -> None:
    for filling in (b"LfLe", b"\x40\0\0\0LfLe", b"\x40\0\0\0LfLe" + bytes(56)):
        content = write_evt(None, some_records(3))[:200] + filling * (1_000_000 // len(filling))
        drain_bytes(tmp_path, content)


def test_other_files_are_not_claimed(tmp_path: Path) -> None:
    for content in (b"", b"ElfFile\0" + bytes(5000), b"LfLe is how a log begins. " * 99):
        assert not FORMAT.sniff(content)
        with pytest.raises(UnreadableError):
            drain_bytes(tmp_path, content)


def test_the_load_sql_fills_the_table(tmp_path: Path) -> None:
    record = replace(some_records(1)[0], computer="mail01.example.net")
    batch = drain_bytes(tmp_path, write_evt(None, [record]))[1]
    assert batch.height == 1
    with duckdb.connect() as con:
        con.execute((Path("sql") / "tables" / "020_windows_event.sql").read_text())
        batch.write_parquet(tmp_path / "batch")
        con.read_parquet(str(tmp_path / "batch")).create_view("batch")
        con.execute(
            "INSERT INTO windows_event BY NAME"
            f" SELECT 1 AS source_id, * EXCLUDE (reject, excerpt) FROM ({sql_text('load', 'evt')})"
        )
        row = con.execute("SELECT host, computer, record, note FROM windows_event").fetchone()
    assert row == ("MAIL01", "mail01.example.net", 1, None)


@needs_corpus
@pytest.mark.parametrize("log", sorted((CORPUS / "evt").glob("*")), ids=lambda p: p.name)
def test_real_logs_hold_what_four_readers_counted(log: Path) -> None:
    truth = json.loads((CORPUS / "truth-events.json").read_text())[log.name]
    reading, rows = drain(log)
    own = rows.filter(~pl.col("recovered"))
    assert reading.records == own.height == truth["records"]
    assert rows["recovered"].sum() == truth["recoverable"]
    assert str(own["ts"].min()) == truth["first"]
    assert str(own["ts"].max()) == truth["last"]
    assert Counter(own["computer"].to_list()) == truth["machines"]
    counted = Counter(own.select("provider", "event_id").rows())
    assert counted == {(provider, event): n for provider, event, n in truth["events"]}


@needs_corpus
@pytest.mark.parametrize("log", sorted((CORPUS / "evt").glob("*")), ids=lambda p: p.name)
def test_real_logs_are_read_as_libevt_reads_them(log: Path) -> None:
    _, rows = drain(log)
    assert our_rows(rows) == libevt_rows(log)


@needs_corpus
def test_inserts_to_be_looked_up_elsewhere_are_kept_as_they_are() -> None:
    _, rows = drain(CORPUS / "evt" / "plaso__SysEvent.Evt")
    strings = rows["strings"].explode()
    assert strings.str.starts_with("%%").any()
    assert strings.str.contains("0xc000", literal=True).any()


@needs_corpus
@pytest.mark.parametrize("log", sorted((CORPUS / "evt").glob("*")), ids=lambda p: p.name)
def test_the_writer_packs_what_services_logged_byte_for_byte(log: Path) -> None:
    content = log.read_bytes()
    sound = drain(log)[1].filter(pl.col("note").is_null())
    for row in sound.gather_every(1 + sound.height // 500).iter_rows(named=True):
        at = content.rindex(struct.pack("<4sI", b"LfLe", row["record"])) - 4
        written, _, event_type = struct.unpack_from("<IIH", content, at + 16)
        packed = bytearray(
            pack_record(
                EvtRecord(
                    row["record"],
                    row["ts"],
                    row["provider"],
                    row["computer"],
                    row["qualifiers"] << 16 | row["event_id"],
                    event_type,
                    row["task"],
                    row["user_sid"],
                    tuple(row["strings"]),
                    bytes.fromhex(row["binary_hex"] or ""),
                )
            )
        )
        struct.pack_into("<I", packed, 16, written)  # the writer has it equal to TimeGenerated
        by_driver = content[at + 44 : at + 48] == bytes(4)  # no SID offset: padded otherwise
        if not by_driver and at + len(packed) <= len(content):
            assert content[at : at + len(packed)] == packed
