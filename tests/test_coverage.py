"""What logs cover, and what is missing from them."""

# ruff: noqa: DTZ001 - the store keeps naive UTC
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from logpipe.analyze import cover
from logpipe.formats import all_formats
from logpipe.report.covered import coverage_lines
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask, insert, open_store

START = datetime(2009, 2, 2)  # a Monday
DAYS = 21


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        yield con


def add_source(con: Connection, number: int, path: str, format_: str, **told: Any) -> None:
    row = {
        "source_id": number, "path": path, "format": format_, "host": "HUB1",
        "host_known_by": "content", "records": 1, "rows": 1, "duplicates": 0, "rejects": 0,
        "recovered": 0, "status": "loaded", "run_id": 1, "first_ts": START, "last_ts": START,
    } | told  # fmt: skip
    known = {name: value for name, value in row.items() if value is not None}
    insert(con, "source", pl.DataFrame([known]))


def speak(con: Connection, source_id: int, hours: list[int], *, host: str = "HUB1") -> None:
    """Tracking rows of one host, one in each of these hours."""
    rows = pl.DataFrame({"ts": [START + timedelta(hours=hour) for hour in hours]}).with_columns(
        source_id=source_id, record=pl.int_range(1, len(hours) + 1), recipient_no=1,
        host=pl.lit(host), event=pl.lit("RECEIVE"), **{"class": pl.lit("enter")},
    )  # fmt: skip
    insert(con, "tracking_event", rows)


def record(con: Connection, source_id: int, numbers: list[int], **told: Any) -> None:
    """Events of one host with these record numbers, one a minute."""
    rows = pl.DataFrame({"record": numbers}).with_columns(
        source_id=source_id, host=pl.lit("HUB1"), recovered=False,
        ts=pl.Series([START + timedelta(minutes=n) for n in numbers]),
        **{name: pl.lit(value) for name, value in told.items() if value is not None},
    )  # fmt: skip
    insert(con, "windows_event", rows)


def add_days(con: Connection, name: str, days: list[int], **told: Any) -> None:
    """One tracking log a day, with a row in every hour; ``name`` is a format of the date."""
    for day in days:
        begin = START + timedelta(days=day)
        add_source(
            con, day + 100, f"logs/{begin:{name}}", "tracking_2007",
            first_ts=begin, last_ts=begin + timedelta(hours=23), **told,
        )  # fmt: skip
        speak(con, day + 100, [24 * day + hour for hour in range(24)])


def gaps(con: Connection, reason: str) -> list[dict[str, Any]]:
    return [gap for gap in cover(con)["gaps"] if gap["reason"] == reason]


def test_every_hour_with_a_row_is_covered(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    speak(con, 1, [0, 0, 1, 5])
    hours = cover(con)["hours"]
    assert [(row["host"], row["log"], row["rows"]) for row in hours] == [
        ("HUB1", "tracking", 2), ("HUB1", "tracking", 1), ("HUB1", "tracking", 1),
    ]  # fmt: skip


def test_a_log_that_falls_silent_while_another_host_speaks_has_a_gap(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    add_source(con, 2, "b.log", "tracking_2007", host="HUB2")
    every = list(range(24 * DAYS))
    speak(con, 1, [hour for hour in every if not 200 <= hour < 210])
    speak(con, 2, every, host="HUB2")
    (gap,) = gaps(con, "silent")
    assert (gap["host"], gap["missing"]) == ("HUB1", 10)
    # from the last row before to the first one after
    assert gap["from_ts"] == START + timedelta(hours=199)
    assert gap["until_ts"] == START + timedelta(hours=210)
    assert "idle-until-restart" in gap["weakens"]


def test_nights_without_mail_are_no_gap(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    add_source(con, 2, "b.log", "tracking_2007", host="HUB2")
    every = list(range(24 * DAYS))
    speak(con, 1, [hour for hour in every if 7 <= hour % 24 < 19])
    speak(con, 2, every, host="HUB2")
    assert gaps(con, "silent") == []


def test_an_hour_in_which_nobody_speaks_is_no_gap(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    add_source(con, 2, "b.log", "tracking_2007", host="HUB2")
    some = [hour for hour in range(24 * DAYS) if not 200 <= hour < 230]
    speak(con, 1, some)
    speak(con, 2, some, host="HUB2")
    assert gaps(con, "silent") == []


def test_a_number_left_out_in_the_names_of_one_day_is_a_missing_file(con: Connection) -> None:
    for at, number in enumerate((1, 2, 5)):
        add_source(
            con, number, f"case.zip!logs/MSGTRK20090202-{number}.LOG", "tracking_2007",
            first_ts=START + timedelta(hours=at), last_ts=START + timedelta(hours=at + 1),
        )  # fmt: skip
    (gap,) = gaps(con, "missing file")
    assert (gap["missing"], gap["what"]) == (2, "MSGTRK20090202-3 to -4")


def test_record_numbers_left_out_of_an_event_log_are_missing_records(con: Connection) -> None:
    add_source(con, 1, "sys.evt", "evt")
    record(con, 1, [5, 6, 7, 11, 12])
    (gap,) = gaps(con, "missing records")
    assert (gap["missing"], gap["what"]) == (3, "sys.evt: records 8 to 10")
    assert "crash-loop" in gap["weakens"]


def test_an_event_log_that_begins_later_than_the_other_logs_has_rolled_over(
    con: Connection,
) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    add_source(con, 2, "sys.evt", "evt")
    speak(con, 1, list(range(48)))
    rows = pl.DataFrame(
        {"source_id": [2], "record": [9000], "ts": [START + timedelta(hours=30)],
         "host": ["HUB1"], "recovered": [False]}
    )  # fmt: skip
    insert(con, "windows_event", rows)
    (gap,) = gaps(con, "rolled over")
    assert (gap["from_ts"], gap["missing"]) == (START, 8999)


def test_every_rule_that_ships_says_which_logs_it_needs(con: Connection) -> None:
    from logpipe.rules import load_rules  # noqa: PLC0415 - only here

    told = {row["rule"] for row in ask(con, "FROM rule_need")}
    assert {rule.id for rule in load_rules(None)} == told


def test_the_strip_fits_a_terminal_and_shows_what_is_missing(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    speak(con, 1, [hour for hour in range(24 * DAYS) if not 100 <= hour < 200])
    lines = list(coverage_lines(**cover(con)))
    assert max(map(len, lines)) < 80
    strip = next(line for line in lines if line.startswith("HUB1 tracking"))
    assert "#" in strip
    assert ".." in strip


def test_what_was_not_read_is_not_called_covered(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    speak(con, 1, list(range(24)))
    add_source(con, 2, "cut.blg", "blg", status="failed", note="the header is cut", rows=0)
    add_source(con, 3, "half.log", "smtpsvc_w3c", status="partial", rejects=2, note="lost: a line")
    lines = list(coverage_lines(**cover(con)))
    assert "No gap in what was read; see below for what was not." in lines
    assert lines[-5:] == [
        "Not read, so not covered:", "  cut.blg: the header is cut", "",
        "Read in part:", "  half.log: 2 records refused; lost: a line",
    ]  # fmt: skip


def test_machines_are_told_what_was_not_read(con: Connection) -> None:
    add_source(con, 1, "odd.blg", "blg", status="failed", note="no known log format")
    add_source(con, 2, "half.log", "smtpsvc_w3c", status="partial", note="lost: a line")
    cover(con)
    rows = ask(con, sql_text("reports", "coverage"))
    told = {(row["what"], row["text"]) for row in rows}
    assert told == {
        ("unread", "odd.blg: no known log format"), ("partial", "half.log: lost: a line"),
    }  # fmt: skip


def test_other_exchange_logs_cover_their_hours(con: Connection) -> None:
    add_source(con, 1, "ews.log", "exchange_log")
    row = {"source_id": 1, "record": 1, "ts": START, "host": "HUB1"}
    insert(con, "log_row", pl.DataFrame([row]))
    (hour,) = cover(con)["hours"]
    assert (hour["host"], hour["log"], hour["hour"]) == ("HUB1", "exchange", START)


def test_reports_and_listings_are_said_to_be_no_logs(con: Connection) -> None:
    add_source(con, 1, "ndr.eml", "ndr")
    add_source(con, 2, "queue.csv", "queue_export")
    lines = list(coverage_lines(**cover(con)))
    assert lines == [
        "No log with dated rows: nothing is covered.", "",
        "2 files of reports and listings are not counted: they are no continuous log.",
    ]  # fmt: skip


def test_every_format_is_a_log_or_of_one_moment(con: Connection) -> None:
    known = ask(con, "SELECT format FROM log_kind UNION ALL SELECT format FROM momentary")
    assert sorted(row["format"] for row in known) == sorted(one.name for one in all_formats())


@pytest.mark.parametrize("channels", [(None, None), ("System", None), (None, "System")])
def test_records_that_another_copy_of_the_log_brought_are_no_gap(
    channels: tuple[str | None, str | None], con: Connection
) -> None:
    """The rows that both copies have are taken out of the one that came last."""
    add_source(con, 1, "old/a.evt", "evt")
    add_source(con, 2, "new/b.evt", "evt", duplicates=6)
    record(con, 1, [40, 41, 42, 43, 44, 45], channel=channels[0])
    record(con, 2, [38, 39, 46, 47, 51], channel=channels[1])
    (gap,) = gaps(con, "missing records")
    name = "System" if any(channels) else "new/b.evt"
    assert (gap["missing"], gap["what"]) == (3, f"{name}: records 48 to 50")


CUT = "lost: the file is cut, 9 of 99 bytes, records after number 7 are missing, at least up to 20"


def test_what_a_cut_event_log_lacks_behind_its_end_is_a_gap_unless_a_copy_goes_on(
    con: Connection,
) -> None:
    add_source(con, 1, "sys.evt", "evt", status="partial", note=CUT)
    record(con, 1, [5, 6, 7])
    (gap,) = gaps(con, "missing records")
    assert (gap["missing"], gap["what"]) == (13, "sys.evt: records 8 to 20, the file is cut")
    assert "  HUB1 events: missing records, 2009-02-02 00:07 and later" in coverage_lines(
        **cover(con)
    )
    add_source(con, 2, "whole.evt", "evt", duplicates=3)
    record(con, 2, list(range(8, 31)))
    assert gaps(con, "missing records") == []


def test_a_chain_of_copies_is_one_log(con: Connection) -> None:
    for number, numbers in enumerate(([1, 2, 3, 8, 9, 14], [4, 5, 6, 7], [10, 11, 12, 13]), 1):
        add_source(con, number, f"{number}.evt", "evt", duplicates=number - 1)
        record(con, number, numbers)
    assert gaps(con, "missing records") == []


def test_the_records_of_another_log_fill_no_gap(con: Connection) -> None:
    add_source(con, 1, "sys.evt", "evt", duplicates=1)
    add_source(con, 2, "app.evt", "evt", duplicates=1)
    record(con, 1, [5, 6, 7, 11, 12])
    record(con, 2, [6, 7, 8, 9, 10, 11])
    (gap,) = gaps(con, "missing records")
    assert gap["what"] == "sys.evt: records 8 to 10"


@pytest.mark.parametrize(
    "name", ["ex%y%m%d.log", "MSGTRK%Y%m%d-1.LOG", "%Y%m%d.log", "SENDX%Y%m%d-1.LOG.gz"]
)
def test_days_without_a_file_of_a_daily_log_are_told(name: str, con: Connection) -> None:
    add_days(con, name, [0, 1, 2, 3, 7, 8, 9, 10])
    (gap,) = gaps(con, "no file")
    assert (gap["from_ts"], gap["until_ts"]) == (datetime(2009, 2, 6), datetime(2009, 2, 9))
    assert gap["what"].endswith(
        "for 2009-02-06 to 2009-02-08: nothing was logged, or the files are missing"
    )
    assert (gap["missing"], gap["sure"]) == (3, False)


def test_weekends_without_files_are_no_gap(con: Connection) -> None:
    add_days(con, "ex%y%m%d.log", [day for day in range(DAYS) if day % 7 < 5])
    assert gaps(con, "no file") == []


def test_logs_that_are_rare_or_not_daily_have_no_missing_days(con: Connection) -> None:
    add_days(con, "MSGTRKMA%Y%m%d-1.LOG", [0, 4, 10, 16, 20])
    for week in range(3):  # exYYMMWW.log
        begin = START + timedelta(days=7 * week)
        add_source(
            con, week + 1, f"ex0902{week + 1:02}.log", "smtpsvc_w3c",
            first_ts=begin, last_ts=begin + timedelta(days=6),
        )  # fmt: skip
    add_source(con, 9, "ex090210.log", "smtpsvc_w3c", last_ts=START + timedelta(hours=2))
    assert gaps(con, "no file") == []


def test_days_that_a_file_of_many_days_holds_are_not_missing(con: Connection) -> None:
    add_days(con, "%Y%m%d.log", [0, 1, 2, 6, 7])
    add_source(con, 1, "all.log", "tracking_2007", last_ts=START + timedelta(days=30))
    assert gaps(con, "no file") == []


def test_days_without_a_file_are_told_with_their_silence(con: Connection) -> None:
    add_days(con, "%Y%m%d.log", [day for day in range(DAYS) if day not in (8, 9)])
    add_source(con, 1, "b.log", "tracking_2007", host="HUB2")
    speak(con, 1, list(range(24 * DAYS)), host="HUB2")
    (gap,) = gaps(con, "silent")
    assert "; no file for 2009-02-10 to 2009-02-11:" in gap["what"]
    assert gaps(con, "no file") == []


def test_logs_of_unknown_hosts_are_not_silent(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007", host=None)
    add_source(con, 2, "b.log", "tracking_2007", host="HUB2")
    every = list(range(24 * DAYS))
    speak(con, 1, [hour for hour in every if not 200 <= hour < 230], host="")
    con.execute("UPDATE tracking_event SET host = NULL WHERE host = ''").fetchall()
    speak(con, 2, every, host="HUB2")
    assert gaps(con, "silent") == []


def cleared(name: str) -> str:
    told = {"SubjectUserName": "ann", "SubjectDomainName": "CORP", "Channel": name}
    return json.dumps({"LogFileCleared": told}, separators=(",", ":"))


def test_a_cleared_event_log_is_a_gap(con: Connection) -> None:
    add_source(con, 1, "a.log", "tracking_2007")
    add_source(con, 2, "System.evtx", "evtx")
    speak(con, 1, [-5, 0])
    event = {"channel": "System", "event_id": 104, "provider": "Microsoft-Windows-Eventlog"}
    record(con, 2, [60], data=cleared("Application"), **event)
    (gap,) = gaps(con, "cleared")
    assert gap["what"] == r"Application: the log was cleared at 2009-02-02 01:00 by CORP\ann"
    assert gap["from_ts"] == START - timedelta(hours=5)
    assert "crash-loop" in gap["weakens"]


def test_what_one_account_clears_in_one_hour_is_one_gap(con: Connection) -> None:
    add_source(con, 1, "System.evtx", "evtx")
    event = {"channel": "System", "event_id": 104, "provider": "Microsoft-Windows-Eventlog"}
    names = ["System", "Application", "A", "B", "C", "D", "E"]
    for number, name in enumerate(names, 1):
        record(con, 1, [number], data=cleared(name), **event)
    (gap,) = gaps(con, "cleared")
    assert gap["what"].startswith("Application, System, A, B, C and 2 more: the logs were cleared")


def clear_security(con: Connection, saved: list[int]) -> None:
    """Clear the log with record 40, after these of its records were saved."""
    add_source(con, 1, "saved.evtx", "evtx")
    add_source(con, 2, "Security.evtx", "evtx")
    record(con, 1, saved, channel="Security")
    event = {"event_id": 1102, "provider": "Microsoft-Windows-Eventlog", "data": cleared("")}
    record(con, 2, [40], channel="Security", **event)


def test_a_log_that_was_saved_before_it_was_cleared_lost_nothing(con: Connection) -> None:
    clear_security(con, [37, 38, 39])
    assert gaps(con, "cleared") == []


def test_a_log_that_was_saved_long_before_lost_what_came_since(con: Connection) -> None:
    clear_security(con, [35, 36, 37])
    (gap,) = gaps(con, "cleared")
    assert gap["from_ts"] == START + timedelta(minutes=37)


def test_the_security_log_of_windows_2003_names_who_cleared_it(con: Connection) -> None:
    add_source(con, 1, "SecEvent.Evt", "evt")
    strings = ["SYSTEM", "NT AUTHORITY", "(0x0,0x3E7)", "ann", "CORP", "(0x0,0x1F)"]
    event = pl.DataFrame(
        {"source_id": [1], "record": [1], "ts": [START], "host": ["HUB1"], "recovered": [False],
         "event_id": [517], "provider": ["Security"], "strings": [strings]}
    )  # fmt: skip
    insert(con, "windows_event", event)
    (gap,) = gaps(con, "cleared")
    assert gap["what"] == r"Security: the log was cleared at 2009-02-02 00:00 by CORP\ann"
