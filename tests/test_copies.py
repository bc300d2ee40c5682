"""Copies of one log in any order, encoding and length: each record stands once."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import generate
from logpipe.analyze import ingest
from logpipe.store import ask, open_store
from samples.generator.evt import EvtRecord, write_evt

INPUTS = Path(__file__).parents[1] / "samples" / "inputs"
HEAD = (
    "#Software: Microsoft Internet Information Services 6.0\n"
    "#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status\n"
)
ROW = "2007-09-{:02} 05:{:02}:{:02} 192.0.2.10 pc1 GW1 RCPT +TO:<{}@x.example> 250\n"


def rows_after(files: Sequence[bytes], table: str, scratch: Path) -> int:
    """How many rows stand in a table when the files came one after another."""
    scratch.mkdir(parents=True)
    with open_store(scratch / "x.duckdb") as con:
        for number, data in enumerate(files):
            file = scratch / f"{number}.log"
            file.write_bytes(data)
            ingest(con, [file])
        wrong = ask(con, "FROM source WHERE records <> rows + duplicates + rejects")
        assert wrong == []
        return int(ask(con, f"SELECT count(*) AS n FROM {table}")[0]["n"])


def each_order(copies: Sequence[bytes], table: str, scratch: Path) -> set[int]:
    orders = itertools.permutations(copies)
    return {rows_after(o, table, scratch / str(n)) for n, o in enumerate(orders)}


def w3c(rows: int, start: int = 0) -> str:
    return HEAD + "".join(ROW.format(3, n // 60, n % 60, n) for n in range(start, start + rows))


def test_three_lengths_of_a_mailbox_count_once_in_every_order(tmp_path: Path) -> None:
    whole = (INPUTS / "mbox" / "postmaster.mbox").read_bytes()
    copies = [whole[: len(whole) * part // 100] for part in (60, 83, 100)]
    assert len(each_order(copies, "delivery_report", tmp_path)) == 1


def test_an_older_copy_counts_once_where_the_clock_was_set_back_later(tmp_path: Path) -> None:
    long = w3c(50) + "".join(ROW.format(3, 4, n, f"again{n}") for n in range(20))
    long = long.replace("2007-09-03 05:04", "2007-09-02 23:59")
    assert each_order([long.encode(), w3c(30).encode()], "smtp_event", tmp_path) == {70}


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_short_copy_in_another_shape_counts_once_in_every_order(
    coding: str, tmp_path: Path
) -> None:
    short = w3c(46).replace("\n", "\r\n").encode(coding)
    assert each_order([short, w3c(86).encode()], "smtp_event", tmp_path) == {86}


def test_a_copy_below_the_border_of_columns_is_one_of_the_log_above_it(tmp_path: Path) -> None:
    generate.w3c(tmp_path / "large.log", 2 << 20)
    large = (tmp_path / "large.log").read_bytes().replace(b" +pc", b" +pc\xc2\xa0", 3)
    assert b"\xc2\xa0" in large
    cut = large[: large.rindex(b"\n", 0, 500_000) + 1]
    assert len(each_order([large, cut], "smtp_event", tmp_path / "b")) == 1


def evt(numbers: range, computer: str = "GW1") -> bytes:
    start = generate.START
    return write_evt(None, [
        EvtRecord(n, start + timedelta(minutes=n), "SMTPSVC", computer, 0x40000001, 4,
                  strings=(f"text {n}",))
        for n in numbers
    ])  # fmt: skip


def test_event_logs_that_overlap_and_name_no_computer_count_once(tmp_path: Path) -> None:
    copies = [evt(range(1, 50), ""), evt(range(30, 80), "")]
    assert each_order(copies, "windows_event", tmp_path) == {79}


@pytest.mark.parametrize("order", ["remains first", "whole first"])
def test_a_sure_event_stands_for_a_recovered_one_in_every_order(order: str, tmp_path: Path) -> None:
    short, whole = evt(range(1, 200)), evt(range(1, 400))
    remains = short + whole[len(short) :]  # what stands behind the end of a log is recovered
    files = [remains, whole] if order == "remains first" else [whole, remains]
    with open_store(tmp_path / "x.duckdb") as con:
        for number, data in enumerate(files):
            (tmp_path / f"{number}.evt").write_bytes(data)
            (source,) = ingest(con, [tmp_path / f"{number}.evt"])
            if data is remains and number == 0:
                assert source.recovered > 100
        assert ask(con, "SELECT count(*) AS n FROM windows_event")[0]["n"] == 399
        assert ask(con, "SELECT sum(recovered) AS n FROM source") == [{"n": 0}]
        assert ask(con, "SELECT 1 FROM windows_event WHERE recovered") == []
