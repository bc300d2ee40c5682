"""Copies of one log in any order, encoding and length: each record stands once."""

import itertools
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks import generate
from logpipe.analyze import cover, ingest
from logpipe.store import ask, open_store
from samples.generator.evt import EvtRecord, write_evt
from samples.generator.evtx import EvtxRecord, write_evtx

INPUTS = Path(__file__).parents[1] / "samples" / "inputs"
HEAD = (
    "#Software: Microsoft Internet Information Services 6.0\n"
    "#Fields: date time c-ip cs-username s-computername cs-method cs-uri-query sc-status\n"
)
ROW = "2007-09-{:02} 05:{:02}:{:02} 192.0.2.10 pc1 GW1 RCPT +TO:<{}@x.example> 250\n"


def rows_after(files: Sequence[bytes], table: str, scratch: Path) -> int:
    """How many rows stand in a table when the files came one after another, their books whole."""
    scratch.mkdir(parents=True)
    with open_store(scratch / "x.duckdb") as con:
        for number, data in enumerate(files):
            file = scratch / f"{number}.log"
            file.write_bytes(data)
            ingest(con, [file])
        wrong = ask(con, "FROM source WHERE records <> rows + duplicates + rejects")
        assert wrong == []
        (told,) = ask(con, "SELECT sum(rejects) AS n FROM source")
        assert ask(con, "SELECT count(*) AS n FROM reject") == [told]
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


CHAINS = [
    ("utf-8", "utf-16", "utf-8", 0),  # cut at a line end
    ("utf-8", "utf-16", "utf-8", 3),  # in the last value of a line
    ("utf-16", "utf-8", "utf-16", 3),
    ("utf-8", "utf-8", "utf-16", 40),  # in the middle of a line, which is refused
]


@pytest.mark.parametrize(("first", "second", "third", "cut"), CHAINS)
def test_three_lengths_in_two_encodings_count_once_in_every_order(
    first: str, second: str, third: str, cut: int, tmp_path: Path
) -> None:
    lines = w3c(90).splitlines(keepends=True)
    lines[9] = "2007-09-03 05:00:07 192.0.2.10\n"  # refused
    texts = ["".join(lines[:end]) for end in (30, 60, 90)]
    texts = [text[: len(text) - cut] for text in texts[:2]] + texts[2:]
    codings = (first, second, third)
    copies = [text.encode(coding) for text, coding in zip(texts, codings, strict=True)]
    for number, order in enumerate(itertools.permutations(copies)):
        scratch = tmp_path / str(number)
        assert rows_after(order, "smtp_event", scratch) == 87
        with open_store(scratch / "x.duckdb", read_only=True) as con:
            assert [row["record"] for row in ask(con, "FROM reject")] == [10]
            mended = "FROM source WHERE rejects = 0 AND note LIKE 'the last line was half%'"
            assert {row["status"] for row in ask(con, mended)} <= {"loaded"}


def test_a_line_that_both_copies_refuse_is_told_once_where_the_log_is_read_anew(
    tmp_path: Path,
) -> None:
    whole = (INPUTS / "tracking_5x" / "20020429.log").read_bytes()
    assert len(each_order([whole[:-20], whole], "tracking_event", tmp_path)) == 1
    with open_store(tmp_path / "0" / "x.duckdb", read_only=True) as con:
        assert [row["record"] for row in ask(con, "FROM reject")] == [31, 34]


def test_a_copy_below_the_border_of_columns_is_one_of_the_log_above_it(tmp_path: Path) -> None:
    generate.w3c(tmp_path / "large.log", 2 << 20)
    large = (tmp_path / "large.log").read_bytes().replace(b" +pc", b" +pc\xc2\xa0", 3)
    assert b"\xc2\xa0" in large
    cut = large[: large.rindex(b"\n", 0, 500_000) + 1]
    assert len(each_order([large, cut], "smtp_event", tmp_path / "b")) == 1


def evt(numbers: Sequence[int], computer: str = "GW1") -> bytes:
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


def evtx(numbers: Sequence[int]) -> bytes:
    return write_evtx(
        [EvtxRecord(n, generate.START + timedelta(minutes=n), "P", "C", 5, strings=(f"text {n}",))
         for n in numbers],
        channel="System",
    )  # fmt: skip


XML = (
    '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>'
    '<Provider Name="P"/><EventID>5</EventID><TimeCreated SystemTime="2024-05-06T07:00:0{0}.000Z"/>'
    "<EventRecordID>{0}</EventRecordID><Channel>System</Channel><Computer>C</Computer></System>"
    "<EventData><Data>{1}</Data></EventData></Event>"
)


def xml(events: Sequence[tuple[int, str]]) -> bytes:
    return f"<Events>{''.join(XML.format(*event) for event in events)}</Events>".encode()


CHUNK, FILE_HEADER = 65_536, 4096
LONG = evtx(range(1, 300))
TWICE = {
    "evt, one record": (evt([1, 2, 3, 4, 4, 5, 6, 3, 7]), 7),
    "evt, the whole log": (evt(range(1, 50)) * 2, 49),
    "evtx, one record": (evtx([1, 2, 3, 3, 4]), 4),
    "evtx, a chunk": (LONG[: FILE_HEADER + CHUNK] + LONG[FILE_HEADER:], 299),
    "xml, one record": (xml([(1, "a"), (2, "b"), (2, "b"), (3, "c")]), 3),
    "xml, one number": (xml([(1, "a"), (2, "b"), (2, "c"), (3, "c")]), 4),
}


@pytest.mark.parametrize("name", TWICE)
def test_an_event_that_stands_twice_in_one_log_counts_once(name: str, tmp_path: Path) -> None:
    data, events = TWICE[name]
    assert rows_after([data], "windows_event", tmp_path / "x") == events


@pytest.mark.parametrize("years", [-36, 89], ids=["1980", "2105"])
def test_events_count_once_where_only_times_that_no_clock_shows_overlap(
    years: int, tmp_path: Path
) -> None:
    shown = generate.START.replace(year=generate.START.year + years)
    copies = [
        write_evt(None, [
            EvtRecord(n, shown if 30 <= n < 50 else generate.START + timedelta(minutes=n),
                      "SMTPSVC", "GW1", 0x40000001)
            for n in numbers
        ])
        for numbers in (range(1, 50), range(30, 80), range(30, 50))
    ]  # fmt: skip
    assert each_order(copies, "windows_event", tmp_path) == {79}


TRACE = (
    "Received,SenderAddress,RecipientAddress,Subject,Status,Size,MessageTraceId,StartDate,Index\n"
)


def trace(messages: Sequence[int], asked: str = "2024-05-06") -> str:
    """An export of a message trace, which tells when it was asked for and the places in it."""
    return TRACE + "".join(
        f"2024-05-06T07:{n:02}:00Z,a@x.example,b@y.example,Hi,Delivered,10,{n},{asked},{place}\n"
        for place, n in enumerate(messages)
    )


def test_a_message_trace_in_two_encodings_counts_once(tmp_path: Path) -> None:
    copies = [trace(range(10)).encode(coding) for coding in ("utf-8", "utf-16")]
    assert each_order(copies, "tracking_event", tmp_path) == {10}
    sample = (INPUTS / "message_trace" / "summary.csv").read_bytes()  # with several recipients
    copies = [sample, sample.decode("utf-16").encode()]
    assert each_order(copies, "tracking_event", tmp_path / "sample") == {4}


def test_message_traces_that_overlap_count_each_message_once(tmp_path: Path) -> None:
    exports = [(range(10), "2024-05-01"), (range(5, 15), "2024-05-05"), (range(20), "2024-05-06")]
    copies = [trace(*export).encode() for export in exports]
    assert each_order(copies, "tracking_event", tmp_path) == {20}


def test_a_row_counts_as_often_as_in_the_message_trace_that_has_it_most_often(
    tmp_path: Path,
) -> None:
    copies = [trace(messages).encode() for messages in ([1, 1, 2], [1, 2, 3], [1, 1, 1, 4])]
    assert each_order(copies, "tracking_event", tmp_path) == {6}


HEADINGS = "Message,Id,RecordId,ProviderName,LogName,MachineName,TimeCreated,LevelDisplayName\n"


def told(numbers: Sequence[int], hours: int = 2) -> bytes:
    """What Get-WinEvent and Export-Csv make of these events, some hours east of Greenwich."""
    times = {n: generate.START + timedelta(minutes=n, hours=hours) for n in numbers}
    return (
        HEADINGS.encode()
        + "".join(
            f"text {n},5,{n},P,System,C.corp.example,{ts:%m/%d/%Y %I:%M:%S %p},Information\n"
            for n, ts in times.items()
        ).encode()
    )


@pytest.mark.parametrize("order", ["export first", "log first"])
def test_a_text_export_gives_way_to_the_log_in_every_order(order: str, tmp_path: Path) -> None:
    files = [told([3, 5, 60]), evtx(range(1, 50))]
    with open_store(tmp_path / "x.duckdb") as con:
        for number, data in enumerate(files if order == "export first" else files[::-1]):
            (tmp_path / f"{number}.log").write_bytes(data)
            ingest(con, [tmp_path / f"{number}.log"], zones={"C": "UTC-05:00"} if number else {})
        rows = ask(con, "SELECT record, len(strings) AS n FROM windows_event ORDER BY record")
        assert [row["record"] for row in rows] == [*range(1, 50), 60]
        assert [row["n"] for row in rows] == [1] * 49 + [None]
        books = "SELECT rows, duplicates, status FROM source WHERE format = 'event_export'"
        assert ask(con, books) == [{"rows": 1, "duplicates": 2, "status": "loaded"}]


def test_a_text_export_that_gave_way_as_a_whole_is_a_duplicate(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(told([3, 5]))
    (tmp_path / "b.evtx").write_bytes(evtx(range(1, 50)))
    with open_store(tmp_path / "x.duckdb") as con:
        ingest(con, [tmp_path / "a.csv", tmp_path / "b.evtx"])
        assert ask(con, "SELECT status, first_ts FROM source WHERE format = 'event_export'") == [
            {"status": "duplicate", "first_ts": None}
        ]


def test_numbers_that_a_text_export_has_are_no_gap_and_its_own_gaps_are_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_bytes(told([11, 12, 14, 40, 60]))
    (tmp_path / "b.evtx").write_bytes(evtx([*range(1, 11), *range(15, 30)]))
    with open_store(tmp_path / "x.duckdb") as con:
        ingest(con, [tmp_path / "a.csv", tmp_path / "b.evtx"])
        (gap,) = [gap for gap in cover(con)["gaps"] if gap["reason"] == "missing records"]
        assert gap["missing"] == 1
        assert gap["what"] == "System: records 11 to 14, but for 3 in a text export"


def test_text_exports_of_one_log_count_once_though_a_zone_was_told_in_between(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path / "x.duckdb") as con:
        for number, numbers in enumerate((range(1, 20), range(10, 30), range(5, 35))):
            (tmp_path / f"{number}.csv").write_bytes(told(numbers))
            ingest(con, [tmp_path / f"{number}.csv"], zones={"C": "Europe/Berlin"})
        assert ask(con, "SELECT count(*) AS n FROM windows_event") == [{"n": 34}]


def viewed(events: Sequence[int]) -> bytes:
    """What Event Viewer saves as CSV, which has no numbers: these events, in this order."""
    return b"Level,Date and Time,Source,Event ID,Task Category\n" + b"".join(
        b"Information,3/1/2017 7:%02d:00 AM,P,7036,None,entered state %d\n" % (n, n) for n in events
    )


def test_an_event_without_number_counts_as_often_as_in_the_export_that_has_it_most_often(
    tmp_path: Path,
) -> None:
    saved = [[1, 2, 2, 3, 4], [6, 5, 4, 3, 2], [2, 2, 2, 3, 4, 5, 6, 7]]
    copies = [viewed(events) for events in saved]
    assert each_order(copies, "windows_event", tmp_path) == {9}


def test_exports_of_two_logs_that_share_an_event_by_chance_are_both_counted(
    tmp_path: Path,
) -> None:
    copies = [viewed([1, 3, 5, 7, 9, 10]), viewed([1, 2, 4, 6, 8, 10])]
    assert each_order(copies, "windows_event", tmp_path) == {12}
