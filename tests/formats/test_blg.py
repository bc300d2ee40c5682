"""Binary counter logs: what is decoded, what is left out, what is refused, and how."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from struct import pack, pack_into
from typing import Any

import pytest

from logpipe.errors import UnreadableError
from logpipe.formats._blg.trace import PROVIDER
from logpipe.formats.blg import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store
from samples.writers.blg import SIZE, START, Object, log, objects, write

REAL = Path(__file__).parents[3] / "shared" / "corpus" / "perfmon" / "pal__SampleLog.blg"
needs_real = pytest.mark.skipif(not REAL.is_file(), reason="no real files beside this checkout")
UTC_OF = datetime.fromisoformat
RELOG = "relog in.blg -f CSV -o out.csv"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("blg") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "counter_sample", "counter"):
        store.execute(f"DELETE FROM {table}")
    return store


def offer(con: Connection, path: Path, data: bytes | None = None) -> Source:
    if data is not None:
        path.write_bytes(data)
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "blg", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def series(con: Connection, path: str) -> list[float | None]:
    """The values of one counter, sample by sample; None where it has none."""
    found = dict(
        con.execute(
            "SELECT record, value FROM counter_sample JOIN counter USING (counter_id) "
            "WHERE path = ?",
            [path],
        ).fetchall()
    )
    (last,) = con.execute("SELECT max(record) FROM counter_sample").fetchall()[0]
    return [found.get(record) for record in range(1, last + 1)]


def refusal(path: Path, data: bytes | None = None) -> str:
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UnreadableError) as told, FORMAT.read(path, path.parent):
        pass
    return str(told.value)


def minutes(number: int) -> list[list[Object]]:
    return [objects(minute) for minute in range(number)]


def all_values(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute(
        "SELECT ts, path, value FROM counter_sample JOIN counter USING (counter_id) "
        "ORDER BY ts, path"
    ).fetchall()


def test_a_log_of_whole_objects_gives_a_row_for_each_value(con: Connection, tmp_path: Path) -> None:
    write(tmp_path)
    source = offer(con, tmp_path / "GW1_000001.blg")
    assert (source.status, source.host, source.zone) == ("loaded", "GW1", "UTC")
    assert (source.records, source.rows) == (6, 6)
    assert source.generation == "Windows 5.2.3790"
    assert source.first_ts == UTC_OF("2007-09-03 05:00:00")
    assert source.last_ts == UTC_OF("2007-09-03 05:05:00")
    assert "experimental" in (source.note or "")
    (counter,) = con.execute(
        "SELECT host, object, instance, counter FROM counter WHERE path = ?",
        [r"\\GW1\Process(svchost#1)\Working Set"],
    ).fetchall()
    assert counter == ("GW1", "Process", "svchost#1", "Working Set")


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (r"Memory\Available Bytes", [300_000_000 - 4096 * minute for minute in range(6)]),
        (r"LogicalDisk(C:)\% Free Space", [200 / 3] * 6),
        (r"System\System Up Time", [601_200 + 60 * minute for minute in range(6)]),
        (r"LogicalDisk(C:)\Disk Transfers/sec", [None] + [1.5] * 5),
        (r"LogicalDisk(C:)\Disk Bytes/sec", [None] + [6144] * 5),
        (r"Process(inetinfo)\% Processor Time", [None] + [10] * 5),
        (r"Processor(_Total)\% Processor Time", [None] + [100 / 6] * 5),
        (r"LogicalDisk(C:)\% Disk Time", [None] + [20] * 5),
        (r"LogicalDisk(C:)\Avg. Disk Queue Length", [None] + [0.2] * 5),
        (r"LogicalDisk(C:)\Avg. Disk sec/Transfer", [None] + [12 / 90] * 5),
        (r"LogicalDisk(C:)\Avg. Disk Bytes/Transfer", [None] + [4096] * 5),
    ],
)
def test_each_type_of_counter_is_worked_out_as_windows_does(
    con: Connection, tmp_path: Path, path: str, values: list[float | None]
) -> None:
    offer(con, tmp_path / "x.blg", log(minutes(6)))
    assert series(con, rf"\\GW1\{path}") == [
        None if value is None else pytest.approx(value, rel=1e-6) for value in values
    ]


def test_a_rate_never_spans_two_processes_of_one_name(con: Connection, tmp_path: Path) -> None:
    offer(con, tmp_path / "x.blg", log(minutes(6)))
    name = r"\\GW1\Process({})\% Processor Time"
    assert series(con, name.format("svchost#1"))[3] is None
    assert series(con, name.format("_Total"))[3] is None
    assert None not in series(con, name.format("svchost"))[1:]
    assert None not in series(con, r"\\GW1\Process(svchost#1)\Private Bytes")


def test_a_count_that_fell_or_did_not_move_gives_no_false_rate(
    con: Connection, tmp_path: Path
) -> None:
    samples = minutes(3)
    samples[2] = [objects(0)[2] if one.title == 236 else one for one in samples[2]]
    samples.append(samples[2])
    offer(con, tmp_path / "x.blg", log(samples))
    disk = r"\\GW1\LogicalDisk(C:)"
    assert series(con, disk + r"\Disk Reads/sec") == [None, pytest.approx(1), None, 0]
    assert series(con, disk + r"\Avg. Disk Bytes/Transfer") == [None, 4096, None, None]


def test_types_that_nothing_proves_are_left_out_and_counted(
    con: Connection, tmp_path: Path
) -> None:
    source = offer(con, tmp_path / "x.blg", log(minutes(6)))
    assert "left out, as nothing proves them: 12 of type 0x22410500" in (source.note or "")
    assert not con.execute("FROM counter WHERE counter = 'Messages Refused/sec'").fetchall()


def test_a_counter_without_a_title_is_left_out_and_counted(con: Connection, tmp_path: Path) -> None:
    samples = [[*objects(0), Object(9998, ((24, 0x10100),), {None: (5,)})]]
    source = offer(con, tmp_path / "x.blg", log(samples))
    assert "1 of counters that the log does not name" in (source.note or "")


@pytest.mark.parametrize(
    ("title", "words"),
    [(4, "Available Bytes"), (230, "of all processes"), (236, "reads and writes")],
)
def test_a_sample_whose_sums_do_not_hold_is_rejected_alone(
    con: Connection, tmp_path: Path, title: int, words: str
) -> None:
    samples = minutes(3)
    for one in samples[1]:
        if one.title == title:
            name, values = next(iter(one.instances.items()))
            one.instances[name] = [
                value + (1 << 21) * (place in {1, 7}) for place, value in enumerate(values)
            ]
    source = offer(con, tmp_path / "x.blg", log(samples))
    assert (source.rows, source.rejects, source.status) == (2, 1, "partial")
    ((record, reason),) = con.execute("SELECT record, reason FROM reject").fetchall()
    assert record == 2
    assert words in reason


def test_a_log_of_single_counters_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    data = log(minutes(3)).replace(b"BL\x03\x05", b"BL\x03\x01")
    words = refusal(tmp_path / "x.blg", data)
    assert "BLG) of GW1, 2007-09-03 05:00:00 to 2007-09-03 05:02:00 UTC" in words
    assert "not decoded: single counters (record 0x0103), which only whole objects prove" in words
    assert RELOG in words


def test_a_log_whose_times_do_not_fit_its_zone_is_refused(tmp_path: Path) -> None:
    data = bytearray(log(minutes(3)))
    pack_into("<i", data, 72 + 96, 300)
    words = refusal(tmp_path / "x.blg", bytes(data))
    assert "not decoded: its two times are not a zone's distance apart" in words
    assert RELOG in words


def test_a_log_without_names_is_refused(tmp_path: Path) -> None:
    data = log(minutes(1)).replace("GW1".encode("utf-16-le"), "GW2".encode("utf-16-le"), 1)
    assert "not decoded: its counters have no names" in refusal(tmp_path / "x.blg", data)


def test_an_event_trace_without_counters_is_called_one(tmp_path: Path) -> None:
    words = refusal(tmp_path / "x.blg", log(minutes(1))[:SIZE])
    assert "event trace (ETL) without performance counters" in words


def test_buffers_of_several_processors_may_come_in_any_order(
    con: Connection, tmp_path: Path
) -> None:
    data = log(minutes(6))
    offer(con, tmp_path / "x.blg", data)
    expected = all_values(con)
    for table in ("source", "counter_sample"):
        con.execute(f"DELETE FROM {table}")
    buffers = [data[at : at + SIZE] for at in range(0, len(data), SIZE)]
    source = offer(con, tmp_path / "y.blg", b"".join([buffers[0], *reversed(buffers[1:])]))
    assert source.status == "loaded"
    assert all_values(con) == expected


def test_the_hour_that_comes_twice_in_autumn_is_two_hours(con: Connection, tmp_path: Path) -> None:
    data = bytearray(log(minutes(2), seconds=3600))
    pack_into("<i", data, 72 + 96 + 84, 0)  # winter: one hour less than in summer
    local = _local(START + timedelta(hours=1))
    data = data.replace(pack("<Q", local), pack("<Q", local - 36_000_000_000))
    source = offer(con, tmp_path / "x.blg", bytes(data))
    assert (source.rows, source.rejects) == (2, 0)
    assert source.last_ts == UTC_OF("2007-09-03 06:00:00")


def _local(moment: datetime) -> int:
    passed = moment - datetime(1601, 1, 1, tzinfo=moment.tzinfo) + timedelta(hours=2)
    return passed // timedelta(microseconds=1) * 10


def test_a_sample_with_a_lost_piece_is_rejected_and_the_others_stay(
    con: Connection, tmp_path: Path
) -> None:
    data = log(minutes(6))
    piece = data.index(PROVIDER, data.index(b"BL\x03\x00", 2 * SIZE))  # of two
    hurt = data[:piece] + bytes(16) + data[piece + 16 :]
    source = offer(con, tmp_path / "x.blg", hurt)
    assert (source.rows, source.rejects, source.status) == (5, 1, "partial")
    ((reason,),) = con.execute("SELECT reason FROM reject").fetchall()
    assert "pieces of it are missing: 1 of 2" in reason


def test_samples_that_the_catalog_counts_and_the_log_lacks_are_lost(
    con: Connection, tmp_path: Path
) -> None:
    data = log(minutes(6))
    source = offer(con, tmp_path / "x.blg", data.replace(pack("<II", 6, 6), pack("<II", 9, 6)))
    assert "lost: 3 of 9 samples that its catalog counts" in (source.note or "")
    assert source.status == "partial"


@pytest.mark.parametrize("lengths", [(3, 6), (6, 3)])
def test_a_longer_copy_of_a_log_brings_each_sample_once(
    con: Connection, tmp_path: Path, lengths: tuple[int, int]
) -> None:
    for number in lengths:
        offer(con, tmp_path / f"{number}.blg", log(minutes(number)))
    ((rows, values),) = con.execute(
        "SELECT count(*), count(DISTINCT (ts, counter_id)) FROM counter_sample"
    ).fetchall()
    assert rows == values
    assert con.execute("SELECT count(DISTINCT ts) FROM counter_sample").fetchall() == [(6,)]


def test_other_files_are_not_claimed() -> None:
    assert not FORMAT.sniff(b"")
    assert not FORMAT.sniff(b"\0" * 65536)
    assert not FORMAT.sniff(b"ElfFile\0" + b"\0" * 4096)


def test_hostile_numbers_cost_nothing(tmp_path: Path) -> None:
    whole = log(minutes(1))
    object_ = whole.index(pack("<I", 230) + bytes(16))  # its title
    for place, number in ((20, 0xFFFFFFF0), (28, 0x7FFFFFFF), (-12, 0), (-8, 0xFFFFFFFF)):
        hurt = bytearray(whole)
        pack_into("<I", hurt, object_ + place, number)
        assert "do not add up" in refusal(tmp_path / "x.blg", bytes(hurt))
    many = whole.replace(pack("<II", 1, 2), pack("<II", 1, 0xFFFFFFFF))
    assert "pieces of it are missing: 2 of 4294967295" in refusal(tmp_path / "x.blg", many)
    for size in (0, 1, 72, 0xFFFFFFFF):
        words = refusal(tmp_path / "x.blg", pack("<I", size) + whole[4:])
        assert "BLG" in words or "ETL" in words


def test_damage_is_told_and_raises_nothing_else(con: Connection, tmp_path: Path) -> None:
    whole = log(minutes(3))
    seeded = random.Random(7)  # noqa: S311 - damage, no secret
    path = tmp_path / "hurt.blg"
    for _ in range(60):
        hurt = bytearray(whole)
        for _ in range(seeded.randrange(1, 8)):
            hurt[seeded.randrange(80, len(hurt))] = seeded.randrange(256)
        path.write_bytes(hurt[: seeded.randrange(80, len(hurt))])
        if FORMAT.sniff(path.read_bytes()):
            con.execute("DELETE FROM source")
            con.execute("DELETE FROM counter_sample")
            source = ingest_file(con, Offer(path, path.stat().st_size), 1)
            assert source.status in {"loaded", "partial", "failed"}


def test_a_file_shorter_than_a_buffer_header_is_refused_too(tmp_path: Path) -> None:
    assert "without performance counters" in refusal(tmp_path / "short.blg", b"\0" * 47)


@pytest.fixture(scope="module")
def real(store: Connection) -> Connection:
    for table in ("source", "reject", "counter_sample", "counter"):
        store.execute(f"DELETE FROM {table}")
    source = offer(store, REAL)
    assert (source.status, source.records, source.rows, source.host) == (
        "loaded",
        11,
        11,
        "ZACH-PC",
    )
    assert source.note is not None
    assert "left out" not in source.note
    assert "catalog" not in source.note
    store.execute(
        "CREATE OR REPLACE TEMP TABLE cell AS SELECT record, ts, object, instance, counter, value "
        "FROM counter_sample JOIN counter USING (counter_id)"
    )
    return store


def cells(con: Connection, counter: str, where: str = "true") -> dict[tuple[Any, ...], float]:
    rows = con.execute(
        f"SELECT record, object, instance, value FROM cell WHERE counter = ? AND {where}", [counter]
    ).fetchall()
    assert rows
    return {row[:3]: row[3] for row in rows}


@needs_real
def test_a_real_log_is_decoded_whole(real: Connection) -> None:
    rows = real.execute("SELECT count(*), count(DISTINCT ts), min(ts), max(ts) FROM cell")
    first, last = UTC_OF("2007-08-14 19:40:38.659"), UTC_OF("2007-08-14 19:50:38.599")
    assert rows.fetchall() == [(17153, 11, first, last)]


@needs_real
@pytest.mark.parametrize(
    ("whole", "parts", "slack"),
    [
        ("% Processor Time", ("% User Time", "% Privileged Time"), 0.03),
        ("Disk Bytes/sec", ("Disk Read Bytes/sec", "Disk Write Bytes/sec"), 1e-6),
        ("Disk Transfers/sec", ("Disk Reads/sec", "Disk Writes/sec"), 1e-6),
        ("% Disk Time", ("% Disk Read Time", "% Disk Write Time"), 1e-6),
        ("IO Data Bytes/sec", ("IO Read Bytes/sec", "IO Write Bytes/sec"), 1e-6),
        ("Segments/sec", ("Segments Received/sec", "Segments Sent/sec"), 1e-6),
    ],
)
def test_parts_of_a_real_log_sum_up(
    real: Connection, whole: str, parts: tuple[str, ...], slack: float
) -> None:
    pieces = [cells(real, part) for part in parts]
    for place, value in cells(real, whole).items():
        assert value == pytest.approx(sum(piece[place] for piece in pieces), abs=slack)


@needs_real
def test_instances_of_a_real_log_sum_up(real: Connection) -> None:
    for counter in ("Private Bytes", "Working Set", "Thread Count", "Handle Count"):
        parts = cells(real, counter, "instance <> '_Total'")
        for place, total in cells(real, counter, "instance = '_Total'").items():
            assert total == sum(value for key, value in parts.items() if key[0] == place[0])
    ((processes,),) = real.execute(
        "SELECT count(*) FROM (SELECT record FROM cell WHERE object = 'Process' "
        "AND counter = 'ID Process' GROUP BY record HAVING count(*) - 1 <> (SELECT c.value "
        "FROM cell AS c WHERE c.counter = 'Processes' AND c.record = cell.record))"
    ).fetchall()
    assert processes == 0


@needs_real
def test_values_of_a_real_log_are_where_they_must_be(real: Connection) -> None:
    for counter in ("% Processor Time", "% Idle Time", "% Committed Bytes In Use", "% Free Space"):
        assert all(0 <= value <= 100.3 for value in cells(real, counter).values())
    for low, high in (
        ("Working Set", "Working Set Peak"), ("Virtual Bytes", "Virtual Bytes Peak"),
        ("Private Bytes", "Virtual Bytes"), ("Committed Bytes", "Commit Limit"),
    ):  # fmt: skip
        most = cells(real, high)
        wrong = {k for k, v in cells(real, low).items() if v > most[k]}
        assert {instance for _, _, instance in wrong} <= {"Idle", "_Total"}
    ids = cells(real, "ID Process").values()
    assert all(value == int(value) and value % 4 == 0 for value in ids)


@needs_real
def test_queue_time_and_rate_of_a_real_log_agree(real: Connection) -> None:
    queue = cells(real, "Avg. Disk Queue Length")
    busy, rate = cells(real, "% Disk Time"), cells(real, "Disk Transfers/sec")
    for place, mean in cells(real, "Avg. Disk sec/Transfer").items():
        assert mean * rate[place] == pytest.approx(queue[place], rel=2e-4)  # Little's law
        if place[1:] != ("LogicalDisk", "_Total"):  # of shares that is the mean, of queues the sum
            assert busy[place] == pytest.approx(100 * queue[place], rel=2e-5)
    moved = cells(real, "Disk Bytes/sec")
    for place, mean in cells(real, "Avg. Disk Bytes/Transfer").items():
        assert mean * rate[place] == pytest.approx(moved[place], abs=1e-6)


@needs_real
def test_uptime_of_a_real_log_rises_with_the_clock(real: Connection) -> None:
    uptime = real.execute(
        "SELECT ts - to_microseconds(CAST(value * 1000000 AS BIGINT)) FROM cell "
        "WHERE counter = 'System Up Time'"
    ).fetchall()
    boot = UTC_OF("2007-08-14 19:07:16.500")  # as the header of the log has it
    assert all(abs(began - boot) < timedelta(milliseconds=20) for (began,) in uptime)
