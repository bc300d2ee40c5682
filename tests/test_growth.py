"""A log that grew, an older copy of it, and a file replaced in place: each record is in once."""

from pathlib import Path
from random import Random

import pytest

from logpipe.analyze import ingest
from logpipe.formats import all_formats
from logpipe.model import Format
from logpipe.store import Connection, ask, open_store
from samples.generator.evt import write_evt
from samples.generator.evtx import write_evtx
from tests.ingested import HEADER, event, evtx_event, w3c

INPUTS = Path(__file__).parents[1] / "samples" / "inputs"
GROWING = [format_ for format_ in all_formats() if format_.growth != "none"]


def sample(format_: Format) -> bytes:
    """The longest sample of a format."""
    files = [path for path in (INPUTS / format_.name).rglob("*") if path.is_file()]
    return max((path.read_bytes() for path in files), key=len, default=b"")


def content(con: Connection, table: str) -> list[tuple[object, ...]]:
    """What a table holds, whichever file brought it."""
    columns = [
        row["column_name"]
        for row in ask(
            con, f"SELECT column_name FROM duckdb_columns() WHERE table_name = '{table}'"
        )
        if row["column_name"] not in ("source_id", "record", "host")
    ]
    return con.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY ALL").fetchall()


def cuts(data: bytes, name: str) -> list[int]:
    """Places to cut: at a line end, and anywhere, in the second half."""
    rng = Random(name)  # noqa: S311 - the same cuts each time
    lines = [at + 1 for at, byte in enumerate(data) if byte == 0x0A and at > len(data) // 2]
    places = rng.sample(lines[:-1], min(2, len(lines) - 1)) if len(lines) > 1 else []
    return places + [rng.randrange(len(data) // 2, len(data) - 1) for _ in range(2)]


@pytest.mark.parametrize("format_", GROWING, ids=lambda format_: format_.name)
def test_a_log_read_before_and_after_it_grew_gives_what_the_whole_gives(
    format_: Format, tmp_path: Path
) -> None:
    data = sample(format_)
    if not data:
        pytest.skip("its samples lie in the bundles")
    (tmp_path / "whole").write_bytes(data)
    with open_store(tmp_path / "whole.duckdb") as con:
        (whole,) = ingest(con, [tmp_path / "whole"])
        expected = content(con, format_.table)
    for number, cut in enumerate(cuts(data, format_.name)):
        for order in ("grown", "older copy"):
            log = tmp_path / f"log{number}"
            old = tmp_path / f"old{number}"
            old.write_bytes(data[:cut])
            log.write_bytes(data)
            with open_store(tmp_path / f"{number}{order}.duckdb") as con:
                for file in [old, log] if order == "grown" else [log, old]:
                    for source in ingest(con, [file]):
                        assert source.records == source.rows + source.duplicates + source.rejects
                assert content(con, format_.table) == expected, (cut, order)
                wrong = ask(con, "FROM source WHERE records <> rows + duplicates + rejects")
                assert wrong == []
                fresh = ask(con, "SELECT sum(rows) AS n FROM source")[0]["n"]
                assert fresh == whole.rows, (cut, order)


def test_a_file_replaced_in_place_is_told_from_one_that_grew(tmp_path: Path) -> None:
    header = (
        "#Software: Microsoft Internet Information Services 6.0\n"
        "#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status\n"
    )
    row = "2007-09-{:02} 05:00:0{} 192.0.2.10 pc1 GW1 RCPT +TO:<bob@x.example> 250\n"
    log = tmp_path / "ex.log"
    with open_store(tmp_path / "x.duckdb") as con:
        log.write_text(header + row.format(3, 1))
        ingest(con, [log])
        log.write_text(header + row.format(3, 1) + row.format(3, 2))
        (grown,) = ingest(con, [log])
        log.write_text(header + row.format(4, 1) + row.format(4, 2) + row.format(4, 3))
        (replaced,) = ingest(con, [log])
        assert (grown.rows, grown.duplicates) == (1, 1)
        assert "goes on where" in (grown.note or "")
        assert (replaced.rows, replaced.duplicates) == (3, 0)
        assert "replaces" in (replaced.note or "")
        assert ask(con, "SELECT count(*) AS n FROM smtp_event") == [{"n": 5}]


def test_a_copy_whose_cut_line_reads_otherwise_in_the_whole_gives_way_to_it(
    tmp_path: Path,
) -> None:
    data = next((INPUTS / "http_proxy").iterdir()).read_bytes()
    old, log = tmp_path / "old.log", tmp_path / "new.log"
    half = data + data[:20]  # half of a header line, which is no record
    old.write_bytes(half)
    log.write_bytes(half + bytes(9) + data[20:])  # NULs in that line: a record, and refused
    with open_store(tmp_path / "x.duckdb") as con:
        first, second = ingest(con, [old]) + ingest(con, [log])
        assert (first.rows, second.duplicates) == (first.records, 0)
        assert second.records == second.rows + second.rejects
        retired = ask(con, "SELECT rows, status, note FROM source WHERE source_id = 1")
        assert (retired[0]["rows"], retired[0]["status"]) == (0, "duplicate")
        assert "read anew from a longer copy" in retired[0]["note"]


def test_a_copy_that_held_nothing_but_half_a_header_is_no_beginning(tmp_path: Path) -> None:
    data = next((INPUTS / "http_proxy").iterdir()).read_bytes()
    old, log = tmp_path / "old.log", tmp_path / "new.log"
    old.write_bytes(data[: data.index(b"\r\n") - 40])
    log.write_bytes(data[: old.stat().st_size] + bytes(9) + data[old.stat().st_size :])
    with open_store(tmp_path / "x.duckdb") as con:
        first, second = ingest(con, [old]) + ingest(con, [log])
        assert (first.records, second.records) == (0, 5)
        assert (second.rows, second.duplicates, second.rejects) == (4, 0, 1)


def test_every_copy_of_a_growing_log_is_whole_when_the_whole_is_there(tmp_path: Path) -> None:
    whole = HEADER + w3c(9)
    line = len(w3c(1))
    with open_store(tmp_path / "x.duckdb") as con:
        for name, rows in (("a", 3), ("b", 6)):  # each ends in the middle of a line
            (tmp_path / name).write_text(whole[: len(HEADER) + rows * line + 30])
            assert ingest(con, [tmp_path / name])[0].status == "partial"
        (tmp_path / "c").write_text(whole)
        ingest(con, [tmp_path / "c"])
        states = ask(con, "SELECT status, rejects FROM source ORDER BY source_id")
        assert states == [{"status": "loaded", "rejects": 0}] * 3


def test_what_a_half_became_beside_its_whole_is_what_ingest_says(tmp_path: Path) -> None:
    logs = [tmp_path / "half.log", tmp_path / "whole.log"]
    logs[0].write_text((HEADER + w3c(9))[:-100])
    logs[1].write_text(HEADER + w3c(9))
    with open_store(tmp_path / "x.duckdb") as con:
        assert [source.status for source in ingest(con, logs)] == ["loaded", "loaded"]


@pytest.mark.parametrize("kind", ["evt", "evtx"])
def test_a_cut_event_log_gives_way_to_the_whole_that_replaces_it(kind: str, tmp_path: Path) -> None:
    data = (
        write_evt(None, [event(n) for n in range(1, 60)])
        if kind == "evt"
        else write_evtx([evtx_event(n) for n in range(1, 60)], channel="System")
    )
    log = tmp_path / f"System.{kind}"
    with open_store(tmp_path / "x.duckdb") as con:
        log.write_bytes(data[: len(data) * 4 // 10])
        assert ingest(con, [log])[0].status == "partial"
        log.write_bytes(data)
        (whole,) = ingest(con, [log])
        assert (whole.status, whole.rows, whole.duplicates) == ("loaded", 59, 0)
        assert "replaces" not in (whole.note or "")
        (cut,) = ask(con, "FROM source WHERE source_id = 1")
        assert (cut["status"], cut["rejects"]) == ("duplicate", 0)
        assert ask(con, "FROM reject") == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (2, 0, 3, 1)])
def test_older_copies_that_come_after_the_whole_log_add_nothing(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    header = (
        "#Software: Microsoft Internet Information Services 6.0\n"
        "#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status\n"
    )
    whole = header + "".join(
        f"2007-09-03 05:{n:02}:00 192.0.2.10 pc1 GW1 RCPT +TO:<bob{n}@x.example> 250\n"
        for n in range(40)
    )
    row = len(whole.splitlines()[-1]) + 1
    # the copies were taken while a line was written
    copies = [whole, *(whole[: len(header) + row * n - 30] for n in (10, 20, 30))]
    with open_store(tmp_path / "x.duckdb") as con:
        for number in order:
            file = tmp_path / f"{number}.log"
            file.write_text(copies[number])
            ingest(con, [file])
        assert ask(con, "SELECT count(*) AS n FROM smtp_event") == [{"n": 40}]
        assert ask(con, "FROM source WHERE records <> rows + duplicates + rejects") == []
