"""Counter logs: cells, counters, times over a change of the clock, growth, damage."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats._counter.path import divide, divide_all
from logpipe.formats.pdh_csv import FORMAT
from logpipe.ingest import ingest_file
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.store import Connection, open_store
from samples.writers.pdh_csv import write

SUMMER = "(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)"
WINTER = "(PDH-CSV 4.0) (W. Europe Standard Time)(-60)"
MEMORY, QUEUE = r"\\GW1\Memory\Available Bytes", r"\\GW1\SMTP Server(_Total)\Remote Queue Length"
REAL = Path(__file__).parents[3] / "shared" / "corpus" / "perfmon"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("pdh") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in ("source", "reject", "counter_sample", "counter"):
        store.execute(f"DELETE FROM {table}")
    return store


def line(*cells: str, divider: str = ",") -> str:
    return divider.join(f'"{cell}"' for cell in cells)


def offer(con: Connection, path: Path) -> Source:
    source = ingest_file(con, Offer(path, path.stat().st_size), 1)
    assert source.format == "pdh_csv", source.note
    assert source.records == source.rows + source.duplicates + source.rejects
    return source


def load(con: Connection, folder: Path, *lines: str, encoding: str = "utf-8") -> Source:
    path = folder / "gw1.csv"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return offer(con, path)


def values(con: Connection, columns: str = "record, counter, value") -> list[tuple[Any, ...]]:
    return con.execute(
        f"SELECT {columns} FROM counter_sample LEFT JOIN counter USING (counter_id) "
        "ORDER BY record, counter_id, value"
    ).fetchall()


def times(con: Connection) -> list[str]:
    query = "SELECT DISTINCT record, ts FROM counter_sample ORDER BY record"
    return [f"{ts:%m-%d %H:%M:%S}" for _, ts in con.execute(query).fetchall()]


def rejects(con: Connection) -> list[tuple[Any, ...]]:
    return con.execute("SELECT record, reason FROM reject ORDER BY record").fetchall()


def every(minutes: float, first: str, *, count: int) -> list[str]:
    """Lines with one value each, by wall time."""
    start = datetime.strptime(first, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - wall time
    walls = (start + timedelta(minutes=minutes * number) for number in range(count))
    return [line(f"{wall:%m/%d/%Y %H:%M:%S}.000", "1") for wall in walls]


def test_each_cell_with_a_value_is_a_row_and_a_blank_one_is_none(
    con: Connection, tmp_path: Path
) -> None:
    source = load(
        con, tmp_path, line(SUMMER, MEMORY, QUEUE),
        line("09/03/2007 07:00:00.015", "734003200.000000", " "),
        line("09/03/2007 07:05:00.000", "", "12"),
        line("09/03/2007 07:10:00", "-1", "1.5e-3"),
    )  # fmt: skip
    assert (source.rows, source.status, source.host) == (3, "loaded", "GW1")
    assert (source.zone, source.zone_known_by) == ("Europe/Berlin", "header")
    assert source.generation == "PDH-CSV 4.0"
    assert values(con) == [
        (2, "Available Bytes", 734003200.0),
        (3, "Remote Queue Length", 12.0),
        (4, "Available Bytes", -1.0),
        (4, "Remote Queue Length", 0.0015),
    ]
    assert con.execute("SELECT min(ts), max(local_ts) FROM counter_sample").fetchall() == [
        (datetime(2007, 9, 3, 5, 0, 0, 15000), None)  # noqa: DTZ001 - naive UTC
    ]


def test_a_line_of_blanks_alone_keeps_one_row_without_counter(
    con: Connection, tmp_path: Path
) -> None:
    moment = "09/03/2007 07:00:0{}.000"
    lines = [line(moment.format(n), " ", " ") for n in range(3)]
    source = load(con, tmp_path, line(SUMMER, MEMORY, QUEUE), *lines)
    assert (source.rows, source.rejects) == (3, 0)
    assert values(con) == [(2, None, None), (3, None, None), (4, None, None)]


def test_what_is_no_number_is_kept_as_text_beside_the_good_values(
    con: Connection, tmp_path: Path
) -> None:
    head = line(SUMMER, MEMORY, QUEUE, r"\\GW1\System\Threads")
    cells = [("-1.#IND", "7", " "), ("12,5", "7", "1.2.3"), ("nan", "7", "-"), ("x", "y", "z")]
    rows = [line(f"09/03/2007 07:00:0{n}.000", *cell) for n, cell in enumerate(cells)]
    assert load(con, tmp_path, head, *rows).rejects == 0
    assert values(con, "record, value, text") == [
        (2, None, "-1.#IND"), (2, 7.0, None),
        (3, 12.5, "12,5"), (3, 7.0, None), (3, None, "1.2.3"),
        (4, None, None), (4, 7.0, None), (4, None, "-"),
        (5, None, "x"), (5, None, "y"), (5, None, "z"),
    ]  # fmt: skip


def test_lines_of_another_width_and_without_time_are_refused(
    con: Connection, tmp_path: Path
) -> None:
    source = load(
        con, tmp_path, line(SUMMER, MEMORY, QUEUE),
        line("09/03/2007 07:00:00.000", "1", "2"),
        line("09/03/2007 07:00:01.000", "1"),
        line("09/03/2007 07:00:02.000", "1", "2", "3"),
        line("13/13/2007 07:00:03.000", "1", "2"),
        "Der Befehl wurde ausgeführt.",
        line("09/03/2007 07:00:05.000", "1", "2")[:-1],
    )  # fmt: skip
    assert (source.records, source.rows, source.status) == (6, 1, "partial")
    assert rejects(con) == [
        (3, "2 cells, 3 in the header line"),
        (4, "4 cells, 3 in the header line"),
        (5, "no readable date and time"),
        (6, "1 cells, 3 in the header line"),
        (7, "cut short: no quote at its end"),
    ]


def test_what_typeperf_says_is_no_record(con: Connection, tmp_path: Path) -> None:
    write(tmp_path)
    source = offer(con, tmp_path / "typeperf.csv")
    assert (source.records, source.rows, source.zone) == (3, 3, None)
    assert values(con) == [(3, "Private Bytes", 268435456.0), (4, None, None),
                           (5, "Private Bytes", -1.0)]  # fmt: skip
    local = con.execute("SELECT min(ts), min(local_ts) FROM counter_sample").fetchall()[0]
    assert local[0] == local[1] == datetime(2007, 11, 5, 9, 0, 1, 125000)  # noqa: DTZ001


def test_a_comment_in_the_last_header_cell_is_no_counter(con: Connection, tmp_path: Path) -> None:
    rows = [line("09/03/2007 07:00:00.000", "1"), line("09/03/2007 07:00:01.000", "1", " ")]
    source = load(con, tmp_path, line(SUMMER, MEMORY, "Nightly, all disks"), *rows)
    assert (source.rows, source.rejects) == (2, 0)
    assert con.execute("SELECT counter FROM counter").fetchall() == [("Available Bytes",)]


def test_two_marks_of_byte_order_are_none_too_many(con: Connection, tmp_path: Path) -> None:
    rows = every(5, "2007-10-03 10:00", count=2)
    source = load(con, tmp_path, f"\ufeff\ufeff{line(SUMMER, MEMORY)}", *rows)
    assert (source.records, source.rows) == (2, 2)


def test_tabs_divide_cells_of_the_tsv_form(con: Connection, tmp_path: Path) -> None:
    first = SUMMER.replace("CSV", "TSV")
    rows = [line("09/03/2007 07:00:00.000", "1", " ", divider="\t")]
    source = load(con, tmp_path, line(first, MEMORY, QUEUE, divider="\t"), *rows)
    assert (source.rows, source.generation) == (1, "PDH-TSV 4.0")
    assert values(con) == [(2, "Available Bytes", 1.0)]


def test_a_file_without_quotes_is_read(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, f"{SUMMER},{MEMORY},{QUEUE}", "09/03/2007 07:00:00.000,1,,", "")
    assert rejects(con) == [(2, "4 cells, 3 in the header line")]
    load(con, tmp_path, f"{SUMMER},{MEMORY},{QUEUE}", "09/03/2007 07:00:00.000,,2")
    assert values(con) == [(2, "Remote Queue Length", 2.0)]


def test_the_same_path_has_the_same_number_in_every_file(con: Connection, tmp_path: Path) -> None:
    load(con, tmp_path, line(SUMMER, MEMORY, QUEUE), line("09/03/2007 07:00:00.000", "1", "2"))
    load(con, tmp_path, line(SUMMER, QUEUE, MEMORY), line("09/04/2007 07:00:00.000", "3", "4"))
    assert con.execute("SELECT counter_id, path FROM counter ORDER BY 1").fetchall() == [
        (1, MEMORY), (2, QUEUE),
    ]  # fmt: skip
    assert values(con, "counter, value") == [
        ("Available Bytes", 1.0), ("Available Bytes", 4.0),
        ("Remote Queue Length", 2.0), ("Remote Queue Length", 3.0),
    ]  # fmt: skip


def test_a_header_in_mid_file_governs_what_follows(con: Connection, tmp_path: Path) -> None:
    source = load(
        con, tmp_path, line(SUMMER, MEMORY), line("09/03/2007 07:00:00.000", "1"),
        line(WINTER, QUEUE, MEMORY), line("11/03/2007 07:00:00.000", "2", "3"),
    )  # fmt: skip
    assert (source.records, source.rejects) == (2, 0)
    assert times(con) == ["09-03 05:00:00", "11-03 06:00:00"]
    assert values(con)[1:] == [(4, "Available Bytes", 3.0), (4, "Remote Queue Length", 2.0)]


def test_several_hosts_in_one_file_keep_their_names(con: Connection, tmp_path: Path) -> None:
    other = MEMORY.replace("GW1", "mail01.corp.example")
    source = load(con, tmp_path, line(SUMMER, MEMORY, other), line("09/03/2007 07:00:00", "1", "2"))
    assert values(con, "counter_sample.host, value") == [("GW1", 1.0), ("MAIL01", 2.0)]
    assert source.zone == "UTC"  # no witness of the zone of either: a third one may have collected
    assert "counters of 2 hosts" in (source.note or "")


def test_a_log_goes_on_in_utc_when_summer_time_ends(con: Connection, tmp_path: Path) -> None:
    before, after = every(30, "2007-10-28 02:00", count=2), every(30, "2007-10-28 02:00", count=4)
    source = load(con, tmp_path, line(SUMMER, MEMORY), *before, *after)
    assert times(con) == [f"10-28 0{m // 60}:{m % 60:02}:00" for m in range(0, 180, 30)]
    assert "dst_adjusted: the clock steps by an hour at line 4" in (source.note or "")


def test_a_log_goes_on_in_utc_when_summer_time_begins(con: Connection, tmp_path: Path) -> None:
    before, after = every(15, "2008-03-30 01:00", count=4), every(15, "2008-03-30 03:00", count=2)
    load(con, tmp_path, line(WINTER, MEMORY), *before, *after)
    assert times(con)[-3:] == ["03-30 00:45:00", "03-30 01:00:00", "03-30 01:15:00"]


def test_an_hour_of_silence_by_day_is_no_change_of_the_clock(
    con: Connection, tmp_path: Path
) -> None:
    before, after = every(15, "2008-03-30 11:00", count=4), every(15, "2008-03-30 13:00", count=2)
    source = load(con, tmp_path, line(WINTER, MEMORY), *before, *after)
    assert times(con)[-1] == "03-30 12:15:00"
    assert "dst" not in (source.note or "")


def test_a_log_over_a_whole_year_comes_back_to_its_bias(con: Connection, tmp_path: Path) -> None:
    summer = [*every(15, "2008-03-30 01:00", count=4), *every(15, "2008-03-30 03:00", count=4)]
    autumn = [*every(15, "2008-10-26 02:00", count=4), *every(15, "2008-10-26 02:00", count=8)]
    load(con, tmp_path, line(WINTER, MEMORY), *summer, *autumn)
    assert times(con)[-8:-6] == ["10-26 01:00:00", "10-26 01:15:00"]


def test_a_header_that_is_cut_gives_local_times(con: Connection, tmp_path: Path) -> None:
    head = line("(PDH-CSV 4.0) (RTZ 2 (", r"\\SRV\Память\Доступно МБ")
    source = load(con, tmp_path, head, line("09/03/2007 07:00:00.000", "1"), encoding="cp1251")
    assert (source.zone, source.rejects) == (None, 0)
    assert con.execute("SELECT object, counter FROM counter").fetchall() == [
        ("Память", "Доступно МБ")
    ]
    assert con.execute("SELECT ts = local_ts FROM counter_sample").fetchall() == [(True,)]


def test_names_in_a_western_code_page_stay_western(con: Connection, tmp_path: Path) -> None:
    head = line(
        SUMMER, r"\\SRV\Prozess(_Total)\Auslagerungsdateigröße", r"\\SRV\Größe\Übertragen äöü"
    )
    load(con, tmp_path, head, line("09/03/2007 07:00:00.000", "1", "2"), encoding="cp1252")
    assert con.execute("SELECT min(counter) FROM counter").fetchall() == [
        ("Auslagerungsdateigröße",)
    ]


def test_a_log_that_grew_is_read_from_where_it_ended(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "gw1.csv"
    rows = [line(f"09/03/2007 07:0{n}:00.000", str(n), " ") for n in range(4)]
    text = "\r\n".join([line(SUMMER, MEMORY, QUEUE), *rows, ""])
    path.write_text(text[: len(text) // 2])  # ends within a line
    first = offer(con, path)
    path.write_text(text)
    second = offer(con, path)
    assert first.rejects == 1
    assert (second.records, second.rows + second.duplicates) == (4, 4)
    assert [record for record, *_ in values(con)] == [2, 3, 4, 5]


def test_paths_are_divided_where_objects_instances_and_counters_end() -> None:
    parts = {
        r"\\H\Paging File(\??\C:\pagefile.sys)\% Usage": (
            "H", "Paging File", r"\??\C:\pagefile.sys", "% Usage"),
        r"\\H\SMTP Server(SMTP 1)\Badmailed Messages (NDR of DSN)": (
            "H", "SMTP Server", "SMTP 1", "Badmailed Messages (NDR of DSN)"),
        r"\\H\SMTP Server\Badmailed Messages (NDR of DSN)": (
            "H", "SMTP Server", None, "Badmailed Messages (NDR of DSN)"),
        r"\\H\Thread(store/3#1)\ID Process": ("H", "Thread", "store/3#1", "ID Process"),
        r"\\H\Process(a(b)c)\% Processor Time": ("H", "Process", "a(b)c", "% Processor Time"),
        r"\Memory\Pages/sec": (None, "Memory", None, "Pages/sec"),
        r"\\H": ("H", None, None, r"\\H"),
        "Notes": (None, None, None, "Notes"),
    }  # fmt: skip
    assert {path: tuple(divide(path))[1:] for path in parts} == parts


def test_a_path_that_comes_twice_in_a_header_is_two_counters() -> None:
    assert [c.path for c in divide_all((r"\A\B", r"\A\B", r"\A\C"))] == [
        r"\A\B", r"\A\B [2]", r"\A\C",
    ]  # fmt: skip


def test_other_tables_are_not_claimed() -> None:
    assert FORMAT.sniff(line(SUMMER, MEMORY).encode())
    assert FORMAT.sniff(b'\r\n"(PDH-CSV 4.0)","\\\\H\\A\\B"\r\n')
    assert not FORMAT.sniff(b'"(CSV 4.0)","PDH-CSV 4.0"\r\n')
    assert not FORMAT.sniff(b'"a"\r\n"(PDH-CSV 4.0)"\r\n')
    assert not FORMAT.sniff(b"")


def test_damaged_logs_keep_their_books(con: Connection, tmp_path: Path) -> None:
    write(tmp_path)
    whole = (tmp_path / "GW1_000001.csv").read_bytes()
    seeded = random.Random(7)  # noqa: S311 - damage, no secret
    path = tmp_path / "hurt.csv"
    for _ in range(120):
        hurt = bytearray(whole)
        for _ in range(seeded.randrange(1, 6)):
            at = seeded.randrange(60, len(hurt))
            piece = seeded.choice([b"\0", b"\n", b'"', b",", b"\xff", b"\r", b"9" * 400, b""])
            hurt[at : at + seeded.choice([0, 1, 40])] = piece
        path.write_bytes(hurt[: seeded.randrange(80, len(hurt))])
        con.execute("DELETE FROM source")  # else one may be the beginning of another
        con.execute("DELETE FROM counter_sample")
        source = ingest_file(con, Offer(path, path.stat().st_size), 1)
        assert source.status in {"loaded", "partial"}, source.note
        assert source.records == source.rows + source.duplicates + source.rejects, source.note


@pytest.mark.skipif(not REAL.is_dir(), reason="no real files beside this checkout")
def test_a_real_log_is_read_whole(con: Connection) -> None:
    source = offer(con, REAL / "sift__hartford_deny_slice.csv")
    assert (source.records, source.rows, source.status) == (20, 20, "loaded")
    counted = con.execute(
        "SELECT count(*), count(value), count(DISTINCT counter_id), sum(value) "
        "FROM counter_sample WHERE counter_id = 2"
    ).fetchall()[0]
    assert counted[:3] == (20, 20, 1)
    assert str(source.first_ts) == "2026-04-03 00:21:38.236000"  # 19:21:38 and 300 minutes
