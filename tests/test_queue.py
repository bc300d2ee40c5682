"""The queue rebuilt from logs: the table, any moment of it, and what was seen beside it."""

# ruff: noqa: DTZ001 - the store keeps naive UTC
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logpipe.analyze import ingest, queue_at
from logpipe.cases import give
from logpipe.derived import rebuild_derived
from logpipe.errors import LogpipeError
from logpipe.named import read_moment
from logpipe.report.queued import queue_lines
from logpipe.store import Connection, ask, open_store
from samples.generator import facts, hosts
from samples.generator.eventlog import Machine
from samples.generator.known import CENTRAL, gateway
from samples.generator.mechanism import Server

TRACKED = "ts,host,event,message_id,recipient,sender\n"
START = datetime(2007, 9, 3)


def tracked(name: str, recipient: str, entered: str, ended: str | None) -> str:
    """Two rows of one message, or one where it has no end."""
    rows = [f"2007-09-03 {entered},EX1,1019,{name},{recipient},alice@corp.example\n"]
    if ended:
        rows.append(f"2007-09-03 {ended},EX1,1031,{name},{recipient},alice@corp.example\n")
    return "".join(rows)


LOG = TRACKED + "".join(
    [
        tracked("a@x", "bob@partner.example", "08:10:00", "11:30:00"),
        tracked("a@x", "eve@partner.example", "08:10:00", "12:30:00"),
        tracked("b@x", "bob@partner.example", "09:00:00", "10:00:00"),
        tracked("c@x", "kim@other.example", "09:40:00", None),
        tracked("d@x", "kim@other.example", "09:50:00", "09:50:05"),
        tracked("e@x", "kim@third.example", "10:10:00", "10:50:00"),
        tracked("z@x", "kim@third.example", "14:00:00", "14:00:01"),
    ]
)
COUNTERS = """\
ts,host,object,instance,counter,value
2007-09-03 09:55:00,EX1,SMTP Server,_Total,Remote Queue Length,3
2007-09-03 10:05:00,EX1,SMTP Server,_Total,Remote Queue Length,7
2007-09-03 10:00:30,EX1,SMTP Server,SMTP 1,Remote Queue Length,9
"""
LISTED = """\
ts,host,kind,destination,message_count
2007-09-03 09:58:00,EX1,queue,partner.example,2
2007-09-03 09:58:00,EX1,queue,fourth.example,1
2007-09-03 06:00:00,EX1,queue,partner.example,99
"""
RESTART = """\
ts,host,computer,provider,event_id,strings
2007-09-03 12:00:00,EX1,ex1,Service Control Manager,7036,"[Microsoft Exchange Information Store, stopped]"
2007-09-03 12:01:00,EX1,ex1,Service Control Manager,7036,"[Microsoft Exchange Information Store, running]"
2007-09-03 13:50:00,EX1,ex1,Service Control Manager,7036,"[Microsoft Exchange Information Store, stopped]"
2007-09-03 13:51:00,EX1,ex1,Service Control Manager,7036,"[Microsoft Exchange Information Store, running]"
"""  # noqa: E501 - lines of CSV


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        give(con, "tracking_event", LOG)
        give(con, "counter_sample", COUNTERS)
        give(con, "queue_entry", LISTED)
        give(con, "windows_event", RESTART)
        rebuild_derived(con)
        yield con


def at(con: Connection, moment: datetime, hosts: list[str] | None = None) -> list[dict[str, Any]]:
    found = queue_at(con, moment, hosts)
    return [dict(zip(found.names, row, strict=True)) for row in found.rows]


def test_every_full_hour_has_what_waited_and_the_age_of_the_oldest(con: Connection) -> None:
    rows = ask(con, "FROM queue_depth ORDER BY destination, hour")
    hours = [
        (row["destination"], row["hour"].hour, row["waiting"], row["oldest_min"]) for row in rows
    ]
    assert hours == [
        ("other.example", 10, 1, 20.0),
        ("other.example", 11, 1, 80.0),
        ("other.example", 12, 1, 140.0),
        ("other.example", 13, 1, 200.0),
        ("other.example", 14, 1, 260.0),
        ("partner.example", 9, 2, 50.0),
        ("partner.example", 10, 1, 110.0),
        ("partner.example", 11, 1, 170.0),
        ("partner.example", 12, 1, 230.0),
    ]


def test_the_table_and_the_moment_agree_with_counting_pairs(con: Connection) -> None:
    for hour in range(7, 15):
        moment = START + timedelta(hours=hour)
        counted = ask(
            con,
            "SELECT domain, count(*) AS waiting, min(entered) AS oldest FROM waiting_message "
            "WHERE entered <= $at AND until_ts > $at GROUP BY domain ORDER BY domain",
            {"at": moment},
        )
        expected = [
            (row["domain"], row["waiting"], (moment - row["oldest"]).total_seconds() / 60)
            for row in counted
        ]
        table = ask(con, "FROM queue_depth WHERE hour = $at ORDER BY destination", {"at": moment})
        assert [(r["destination"], r["waiting"], r["oldest_min"]) for r in table] == expected
        rebuilt = [
            (row["destination"], row["rebuilt"], row["oldest_min"])
            for row in at(con, moment)
            if row["destination"] and row["rebuilt"]
        ]
        assert rebuilt == expected


def test_each_restart_has_the_queue_before_and_half_an_hour_after(con: Connection) -> None:
    rows = ask(con, "FROM restart_effect ORDER BY start_at")
    told = [(r["waiting_before"], r["waiting_after"], r["oldest_before_min"]) for r in rows]
    # the log ends before the second half hour does: unknown, not empty
    assert told == [(2, 1, 230.0), (1, None, 250.0)]


def test_what_was_seen_stands_beside_what_was_rebuilt(con: Connection) -> None:
    rows = at(con, datetime(2007, 9, 3, 9, 59))
    seen = {row["destination"]: (row["rebuilt"], row["seen"], row["seen_by"]) for row in rows}
    assert seen == {
        None: (3, 3, "Remote Queue Length"),
        "partner.example": (2, 2, "listing"),
        "other.example": (1, None, None),
        "fourth.example": (0, 1, "listing"),
    }


def test_a_moment_that_no_log_reaches_is_unknown_and_not_empty(con: Connection) -> None:
    moment = datetime(2007, 9, 3, 23)
    assert at(con, moment) == []
    lines = list(queue_lines([], ask(con, "FROM log_span"), moment))
    assert "No mail log, listing or counter reaches that moment." in lines
    assert "  EX1 tracking_2003: 2007-09-03 08:10 to 2007-09-03 14:00" in lines


def test_hosts_can_be_chosen(con: Connection) -> None:
    moment = datetime(2007, 9, 3, 10, 30)
    assert at(con, moment, ["EX2"]) == []
    assert {row["host"] for row in at(con, moment, ["EX1"])} == {"EX1"}


def test_lines_say_all_and_escape_what_strangers_wrote(con: Connection) -> None:
    rows = at(con, datetime(2007, 9, 3, 9, 59))
    rows.append(rows[-1] | {"destination": "evil\x1b[2J.example", "rebuilt": 1})
    text = "\n".join(queue_lines(rows, [], datetime(2007, 9, 3, 9, 59), 200))
    assert "EX1: 3 messages, the oldest for 1 h 49 min" in text
    assert "a listing of 09:58:00 has 2" in text
    assert "seen: 3 by counter Remote Queue Length at 09:55:00" in text
    assert "\x1b" not in text


def test_no_line_is_too_wide_and_places_stay_whole(con: Connection) -> None:
    place = f"{'deep/' * 30}x.log"
    rows = [
        row | {"source": place, "record": 7, "destination": row["destination"] and "d" * 200}
        for row in at(con, datetime(2007, 9, 3, 9, 59))
    ]
    lines = list(queue_lines(rows, [], datetime(2007, 9, 3, 9, 59)))
    wide = {line.strip() for line in lines if len(line) > 80}
    assert wide == {f"{place}:7"}


def ends(server: Server) -> dict[tuple[str, str], datetime]:
    """Return when each recipient of a message was served in the simulation."""
    return {
        (one.message.id, recipient): one.at
        for fact in server.facts
        if isinstance(fact, facts.Session)
        for one in fact.transactions
        for recipient, reply in one.replies
        if reply[0] != "4"
    }


def modelled(server: Server, moment: datetime) -> dict[str, int]:
    """Return how many messages wait for each domain there, of those that wait for a minute."""
    served = ends(server)
    never = moment + timedelta(days=9)
    spans: dict[tuple[str, str], tuple[datetime, datetime]] = {}
    for fact in server.facts:
        if isinstance(fact, facts.Accepted):
            for recipient in fact.message.recipients:
                key = fact.message.id, recipient.split("@")[1]
                ended = served.get((fact.message.id, recipient), never)
                spans[key] = fact.at, max(ended, spans.get(key, (fact.at, ended))[1])
    return Counter(
        domain
        for (_, domain), (entered, ended) in spans.items()
        if entered <= moment < ended and ended - entered > timedelta(minutes=1)
    )


def test_at_any_minute_the_rebuilt_queue_is_that_of_the_simulation(tmp_path: Path) -> None:
    scene = hosts.set_scene(tmp_path, "day", seed=5, difficulty="normal", days=1)
    start = scene.span[0]
    down = {"partner.example": (start + timedelta(hours=8), start + timedelta(hours=11))}
    server = gateway(scene, rate=400, down=down)
    hosts.write_relay(scene, server, Machine("GW1", start - timedelta(days=20), CENTRAL))
    with open_store(tmp_path / "day.duckdb") as con:
        ingest(con, [tmp_path / "day"])
        rebuild_derived(con)
        for minute in (0, 487, 555, 601, 659, 661, 700, 719, 833, 1201):
            moment = start + timedelta(minutes=minute, seconds=30)
            rebuilt = {
                row["destination"]: row["rebuilt"]
                for row in at(con, moment)
                if row["destination"] and row["rebuilt"]
            }
            assert rebuilt == modelled(server, moment), moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2007-09-10T12:00", datetime(2007, 9, 10, 12)),
        ("2007-09-10 12:00:30Z", datetime(2007, 9, 10, 12, 0, 30)),
        ("2007-09-10T12:00+02:00", datetime(2007, 9, 10, 10)),
    ],
)
def test_a_moment_is_utc_unless_it_says_otherwise(text: str, moment: datetime) -> None:
    assert read_moment(text, "--at") == moment


@pytest.mark.parametrize("text", ["yesterday", "", "2007-13-01", "0001-01-01T00:00+23:00"])
def test_what_is_no_moment_is_told(text: str) -> None:
    with pytest.raises(LogpipeError, match="no moment"):
        read_moment(text, "--at")


def test_the_command_prints_it_and_says_what_to_run_first(con: Connection, tmp_path: Path) -> None:
    con.close()
    store = tmp_path / "x.duckdb"
    asked = [sys.executable, "-m", "logpipe", "queue", "--at", "2007-09-03T09:59", "-f", "csv"]
    done = subprocess.run(  # noqa: S603 - our own program
        [*asked, "--db", str(store)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1].startswith("EX1,,3,109.0,3,Remote Queue Length,")
    with open_store(tmp_path / "empty.duckdb"):
        pass
    done = subprocess.run(  # noqa: S603 - our own program
        [*asked, "--db", str(tmp_path / "empty.duckdb")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "made by 'logpipe detect'" in done.stderr
