"""Exported message tracking: CSV and lists of PowerShell, XML of Exchange System Manager."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats._export import tracking_shape
from logpipe.formats.tracking_export import FORMAT
from logpipe.settle import settle
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

FOLDER = SAMPLES / "tracking_export"
NAMES = "Timestamp,EventId,Sender,Recipients,MessageId\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("export") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    empty(store)
    return store


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_sample_is_claimed_by_this_format_alone(path: Path) -> None:
    assert claims(path) == ["tracking_export"]


def test_times_are_local_and_lists_without_content_are_unknown(con: Connection) -> None:
    source = load(con, FOLDER / "german.csv")
    assert (source.rows, source.rejects, source.zone, source.host) == (2, 0, None, "EX1")
    assert rows(con, "tracking_event", "ts::VARCHAR, local_ts::VARCHAR, recipient, recipients") == [
        ("2024-05-06 09:00:01", "2024-05-06 09:00:01", None, 2),
        ("2024-05-06 09:00:02", "2024-05-06 09:00:02", "bob@corp.example", 1),
    ]
    (kept,) = con.execute(
        "SELECT extra['Recipients'] FROM tracking_event WHERE record = 3"
    ).fetchall()
    assert kept == ("System.String[]",)


ASKED = "Timestamp : 0{0}.03.2017 0{1}:10:05\nEventId : SEND\nSender : a@x.example\n"
ARRIVED = "MessageInfo : 2017-03-0{0}T0{1}:0{2}:04.123Z;SRV=EX16.x.example:TOTAL=1\n\n"


@pytest.mark.parametrize(
    ("arrived", "zone"),
    [
        ([(7, 6, 9), (7, 4, 0), (8, 6, 8)], "UTC+01:00"),  # one of them was delayed
        ([(7, 7, 9), (8, 7, 9)], "UTC"),
        ([(7, 6, 9), (8, 5, 9)], None),  # the distance changed, or mail was late
        ([(7, 6, 9)], None),
    ],
)
def test_utc_values_beside_the_times_tell_their_zone_where_all_days_agree(
    arrived: list[tuple[int, int, int]], zone: str | None, con: Connection, tmp_path: Path
) -> None:
    text = "".join(ASKED.format(told[0], 7) + ARRIVED.format(*told) for told in arrived)
    source = load_text(con, tmp_path, "\n" + text)
    assert (source.rows, source.zone) == (len(arrived), zone)
    assert source.zone_known_by == ("UTC values" if zone else None)
    ((first,),) = rows(con, "tracking_event", "min(ts)::VARCHAR")
    assert first == ("2017-03-07 06:10:05" if zone == "UTC+01:00" else "2017-03-07 07:10:05")


def test_the_zone_of_the_server_is_not_taken_for_that_of_who_ran_the_command(
    con: Connection,
) -> None:
    source = load(con, FOLDER / "german.csv")
    con.execute("DELETE FROM host_zone")
    con.execute("INSERT INTO host_zone VALUES ('EX1', 'Europe/London', 'event 6013')")
    found = "SELECT zone, zone_known_by FROM source"
    settle(con, {})
    assert con.execute(found).fetchall() == [(None, None)]
    settle(con, {str(source.host): "Europe/Berlin"})
    assert con.execute(found).fetchall() == [("Europe/Berlin", "--tz")]
    con.execute("DELETE FROM host_zone")


def test_a_list_is_read_with_its_wrapped_lines_and_its_cut_recipients(con: Connection) -> None:
    source = load(con, FOLDER / "list.txt")
    assert (source.records, source.rows) == (3, 2)
    assert rejects(con) == [(33, "no readable date and time")]
    assert rows(con, "tracking_event", "record, recipient_no, recipient, status_code")[:2] == [
        (3, 1, "bob@partner.example", "4.4.7"),
        (3, 2, "eve@partner.example", "4.4.7"),
    ]
    cut = "SELECT list(recipient ORDER BY recipient), any_value(recipients) FROM tracking_event"
    assert con.execute(f"{cut} WHERE record = 20").fetchall() == [
        (["a@corp.example", "b@corp.example", "c@corp.example", "d@corp.example"], 9)
    ]
    (subject,) = con.execute("SELECT min(subject) FROM tracking_event WHERE record = 3").fetchall()
    assert subject == ("A subject that is longer than the window of the shell is wide",)


def test_xml_of_exchange_system_manager_is_read_in_utc(con: Connection) -> None:
    source = load(con, FOLDER / "tracking-center.xml")
    assert (source.records, source.rows, source.rejects, source.zone) == (3, 2, 1, "UTC")
    assert rows(con, "tracking_event", "record, ts::VARCHAR, event, class, recipient, host") == [
        (1, "2002-02-06 16:50:23", "1027", "enter", "bob@partner.example", "MAIL01"),
        (1, "2002-02-06 16:50:23", "1027", "enter", "c=us;a= ;p=corp;o=site;s=eve;", "MAIL01"),
        (3, "2002-02-06 16:50:25", "1031", "ok", None, "MAIL01"),
    ]


def test_a_document_type_is_refused_before_its_entities_mean_anything(
    con: Connection, tmp_path: Path
) -> None:
    text = (
        '<!DOCTYPE a [<!ENTITY b "boo">]><TrackHistory><Exchange_MessageTrackingEntry>'
        "<TimeLogged>2002-2-6 16:50:23</TimeLogged><EntryType>&b;</EntryType>"
        "</Exchange_MessageTrackingEntry></TrackHistory>"
    )
    source = load_text(con, tmp_path, text)
    assert (source.rows, source.rejects) == (0, 2)
    assert "boo" not in str(rows(con, "reject", "reason"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("9/3/2007 7:00:15 PM", "2007-09-03 19:00:15"),
        ("2007-09-03T07:00:15.1234567+02:00", "2007-09-03 05:00:15.123456"),
        ("03.09.2007 07:00:15", "2007-09-03 07:00:15"),
        ("3/9/2007 07:00:15", "2007-09-03 07:00:15"),
        ("\u200e9/\u200e3/\u200e2007 \u200f\u200e7:00:15\u202fAM", "2007-09-03 07:00:15"),
        ("2007/9/3 午後 7:00:15", "2007-09-03 19:00:15"),
        ("3-Sep-07 7.00.15", "2007-09-03 07:00:15"),
    ],
)
def test_times_are_read_as_shells_of_many_languages_print_them(
    written: str, read: str, con: Connection, tmp_path: Path
) -> None:
    load_text(con, tmp_path, f"{NAMES}{written},SEND,a@x.example,b@x.example,m1\n")
    assert rows(con, "tracking_event", "ts::VARCHAR") == [(read,)]


def test_the_order_of_day_and_month_brings_times_closest_together(
    con: Connection, tmp_path: Path
) -> None:
    text = "".join(f"0{day}/09/2007 07:00,SEND,a@x.example,b@x.example,m\n" for day in (3, 4, 5))
    source = load_text(con, tmp_path, NAMES + text)
    assert "day/month/year: that brings the times closest together" in (source.note or "")


def test_many_recipients_share_a_value_without_a_copy_for_each(
    con: Connection, tmp_path: Path
) -> None:
    many = ";".join(f"r{n}@x.example" for n in range(20_000))
    names = "Timestamp,EventId,Sender,Recipients,MessageSubject\n"
    text = f'{names}2007-09-03T07:00:15Z,SEND,a@x.example,"{many}",{"s" * 90_000}\n'
    source = load_text(con, tmp_path, text)
    assert (source.records, source.rows) == (1, 1)
    counted = con.execute("SELECT count(*), count(subject) FROM tracking_event").fetchall()
    assert counted == [(20_000, 1)]


def test_other_tables_are_not_claimed() -> None:
    assert FORMAT.sniff(NAMES.encode())
    assert not FORMAT.sniff(b"Timestamp,EventId,Amount\n")
    assert not FORMAT.sniff(b"<History><a/></History>")


def test_damage_costs_records_and_never_the_books(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, tmp_path, FORMAT, 100, monkeypatch)


def test_a_comma_is_never_followed_without_bound() -> None:
    # 60,000 commas took 48 s where each looked for an @ to the end of the text
    assert re.search(r"(?<!\\)[*+]|\{\d+,\}", tracking_shape.BREAKS.pattern) is None
    found, whole = tracking_shape.recipients_of("x," * 60_000 + "end@x.example")
    assert whole
    assert found[-1].endswith("end@x.example")
