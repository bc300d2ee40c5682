"""Counting commands and named queries, against a count of the raw lines in plain Python."""
# ruff: noqa: DTZ001, E501 - times of a store are naive UTC; rows of cases are long

import csv
import gzip
import json
import re
import shlex
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from logpipe.analyze import ingest
from logpipe.cases import give
from logpipe.cli import app
from logpipe.derived import rebuild_derived
from logpipe.named import filled, named_queries, named_query, read_span, read_values, run_named
from logpipe.portable import flaws
from logpipe.report.narrow import table_lines
from logpipe.sqlfiles import split_header, sql_files
from logpipe.store import Connection, ask, open_store

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
PAGE = ROOT / "docs" / "asking.md"
PARAM = re.compile(r"'(?:[^']|'')*'|--[^\n]*|\$(\w+)")
# reports that serve logpipe itself: a check of rules, the steps of a trace
INTERNAL = {
    path.stem for path in sql_files("reports") if re.match(r"odd_findings|trace_", path.stem)
}


def made(tmp: Path, bundle: str) -> Path:
    path = tmp / f"{bundle}.duckdb"
    with open_store(path) as con:
        ingest(con, [SAMPLES / bundle])
        rebuild_derived(con)
    return path


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("gateway"), "gateway2003")


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("exchange"), "exchange2003")


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "case.duckdb") as con:
        yield con


def asked(con: Connection, name: str, **given: Any) -> list[dict[str, Any]]:
    query = named_query(name)
    values = read_values(query, {key.rstrip("_"): value for key, value in given.items()})
    found = run_named(con, query, values)
    return [dict(zip(found.names, row, strict=True)) for row in found.rows]


def of_store(path: Path, name: str, **given: Any) -> list[dict[str, Any]]:
    with open_store(path, read_only=True) as con:
        return asked(con, name, **given)


def logpipe(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def lines_of(folder: Path, suffix: str) -> Iterator[list[str]]:
    """The fields of every data line, by blanks or tabs, of a folder of logs, files in order."""
    for path in sorted(folder.rglob(f"*{suffix}*")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for line in raw.decode().splitlines():
            if line and not line.startswith("#"):
                yield line.split("\t" if "\t" in line else " ")


# --- who uses a relay


def by_hand() -> dict[str, dict[str, Any]]:
    """The clients of samples/gateway2003, from the lines of its W3C files."""
    clients: dict[str, dict[str, Any]] = {}
    for day, clock, address, name, _, _, _, _, verb, _, argument, status, *_ in lines_of(
        SAMPLES / "gateway2003" / "logs", ".log"
    ):
        if name.startswith("OutboundConnection"):
            continue
        one = clients.setdefault(
            address, {"count": Counter(), "names": set(), "senders": Counter(), "seen": []}
        )
        one["seen"].append(datetime.fromisoformat(f"{day}T{clock}"))
        one["names"].add(name)
        good = status.startswith("2")
        one["count"]["connections"] += verb in {"EHLO", "HELO"} and good
        one["count"]["messages"] += verb == "DATA" and good
        one["count"]["accepted"] += verb == "RCPT" and good
        one["count"]["refused"] += verb == "RCPT" and status >= "400"
        one["count"]["failures"] += status >= "400"
        if verb == "MAIL" and good:
            found = re.search(r"<(.*?)>", argument)
            one["senders"][(found[1] if found else "").lower()] += 1
    return clients


def test_relay_clients_are_those_counted_by_hand_from_the_w3c_files(gateway: Path) -> None:
    told = {row["client"]: row for row in of_store(gateway, "relay-clients")}
    hand = by_hand()
    assert told.keys() == hand.keys()
    assert len(told) > 30
    for client, row in told.items():
        want = hand[client]
        for key in ("connections", "messages", "accepted", "refused", "failures"):
            assert row[key] == want["count"][key], (client, key)
        assert set(row["names"].split(", ")) == want["names"]
        assert row["senders"] == len(want["senders"])
        assert row["top_senders"].count("(") == min(3, len(want["senders"]))
        most = max(want["senders"].values())
        assert f"({most})" in row["top_senders"].split(", ")[0]
        assert (row["first_seen"], row["last_seen"]) == (min(want["seen"]), max(want["seen"]))
        assert (row["host"], row["log"]) == ("GW1", "smtp")


def test_what_a_w3c_log_does_not_tell_is_unknown_not_no(gateway: Path) -> None:
    rows = of_store(gateway, "relay-clients")
    assert {(row["tls"], row["authenticated"]) for row in rows} == {(None, None)}
    printed = logpipe("relay-clients", "--db", gateway).stdout
    assert "Not known: authenticated, tls." in printed


def test_a_window_of_clients_is_that_of_their_lines(gateway: Path) -> None:
    start, end = datetime(2007, 9, 5), datetime(2007, 9, 6, 12)
    rows = of_store(gateway, "relay-clients", from_=start.isoformat(), to=end.isoformat())
    want: Counter[str] = Counter()
    for day, clock, address, name, _, _, _, _, verb, _, _, status, *_ in lines_of(
        SAMPLES / "gateway2003" / "logs", ".log"
    ):
        at = datetime.fromisoformat(f"{day}T{clock}")
        if start <= at < end and verb == "DATA" and status == "250" and "Outbound" not in name:
            want[address] += 1
    assert {row["client"]: row["messages"] for row in rows if row["messages"]} == want


def test_where_no_protocol_log_is_message_tracking_tells_the_clients(exchange: Path) -> None:
    want: dict[str, set[str]] = defaultdict(set)
    for fields in lines_of(SAMPLES / "exchange2003" / "EX1.log", ".log"):
        # date, time, client-ip, client-hostname, partner, server-hostname, server-ip, recipient, event, id
        if fields[8] == "1019" and fields[2] != "-":
            want[fields[2]].add(fields[9])
    rows = of_store(exchange, "relay-clients")
    assert {row["client"]: row["messages"] for row in rows} == {k: len(v) for k, v in want.items()}
    assert {row["log"] for row in rows} == {"tracking"}
    for key in ("connections", "refused", "authenticated", "tls", "failures"):
        assert {row[key] for row in rows} == {None}, key


W3C = """
ts,host,site,direction,kind,peer,peer_name,verb,argument,address,reply_code
2007-09-03 08:00:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,EHLO,+pc1,,250
2007-09-03 08:00:01,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,STARTTLS,,,220
2007-09-03 08:00:02,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,EHLO,+pc1,,250
2007-09-03 08:00:03,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,AUTH,LOGIN,,235
2007-09-03 08:00:04,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,MAIL,+FROM:<>,<>,250
2007-09-03 08:00:05,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,RCPT,+TO:<b@x.example>,b@x.example,250
2007-09-03 08:00:06,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,BDAT,+100,,250
2007-09-03 08:00:07,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,BDAT,+90+LAST,,250
2007-09-03 08:00:08,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,QUIT,,,240
2007-09-03 09:00:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,HELO,+pc1,,250
2007-09-03 09:00:01,GW1,SMTPSVC1,in,command,192.0.2.11,=cmd(),HELO,+pc2,,250
2007-09-03 09:00:02,GW1,SMTPSVC1,in,command,192.0.2.11,=cmd(),MAIL,+FROM:<a@x.example>,a@x.example,250
2007-09-03 09:00:03,GW1,SMTPSVC1,in,command,192.0.2.11,=cmd(),RCPT,+TO:<b@y.example>,b@y.example,550
"""


def test_a_greeting_after_starttls_is_no_connection_and_chunks_are_one_message(
    con: Connection,
) -> None:
    give(con, "smtp_event", W3C)
    rebuild_derived(con)
    first, second = asked(con, "relay-clients")
    assert (first["connections"], first["messages"], first["senders"]) == (2, 1, 1)
    assert (first["tls"], first["authenticated"], first["top_senders"]) == (
        "both",
        "both",
        "<> (1)",
    )
    # others of this host used both, so that this log would tell
    assert (second["tls"], second["authenticated"]) == ("no", "no")
    assert (second["messages"], second["refused"], second["failures"]) == (0, 1, 1)
    assert second["top_failure"] == "550 to RCPT (1)"


def test_a_log_without_replies_does_not_tell_what_was_accepted(con: Connection) -> None:
    give(con, "smtp_event", "\n".join(re.sub(r",\d*$", ",", line) for line in W3C.splitlines()))
    rebuild_derived(con)
    for row in asked(con, "relay-clients"):
        assert (row["messages"], row["accepted"], row["refused"], row["failures"]) == (None,) * 4


RECEIVED = """
ts,host,connector,session,sequence,direction,kind,peer,verb,argument,address,reply_code
2024-05-06 07:00:00,EX1,EX1\\Front,S1,0,in,reply,192.0.2.70,,220 EX1,,220
2024-05-06 07:00:01,EX1,EX1\\Front,S1,1,in,command,192.0.2.70,EHLO,app1,,
2024-05-06 07:00:01,EX1,EX1\\Front,S1,2,in,reply,192.0.2.70,,250 OK,,250
2024-05-06 07:00:02,EX1,EX1\\Front,S1,3,in,command,192.0.2.70,MAIL,FROM:<a@x.example>,a@x.example,
2024-05-06 07:00:02,EX1,EX1\\Front,S1,4,in,reply,192.0.2.70,,250 2.1.0 OK,,250
2024-05-06 07:00:03,EX1,EX1\\Front,S1,5,in,command,192.0.2.70,RCPT,TO:<b@y.example>,b@y.example,
2024-05-06 07:00:03,EX1,EX1\\Front,S1,6,in,reply,192.0.2.70,,550 5.7.1 Unable to relay <b@y.example>,,550
2024-05-06 07:00:04,EX1,EX1\\Front,S1,7,in,command,192.0.2.70,QUIT,,,
2024-05-06 07:00:04,EX1,EX1\\Front,S1,8,in,reply,192.0.2.70,,221 bye,,221
"""
TRACKED = """
ts,host,event,class,component,message_id,sender,recipient,client_ip,client_host,server_ip,connector
2024-05-06 07:00:05,EX1,RECEIVE,enter,SMTP,m1,a@x.example,b@y.example,192.0.2.70,app1,192.0.2.1,EX1\\Default
2024-05-06 07:00:06,EX1,RECEIVE,enter,SMTP,m2,a@x.example,b@y.example,192.0.2.1,EX1,192.0.2.1,EX1\\Default
2024-05-06 07:00:07,EX1,RECEIVE,enter,SMTP,m3,c@x.example,b@y.example,192.0.2.71,app2,192.0.2.1,EX1\\Relay
2024-05-06 07:00:08,EX1,RECEIVE,enter,STOREDRIVER,m4,c@x.example,b@y.example,192.0.2.1,EX1,192.0.2.1,
2024-05-07 07:00:00,EX1,RECEIVE,enter,SMTP,m5,a@x.example,b@y.example,192.0.2.70,app1,192.0.2.1,EX1\\Default
"""


def test_protocol_and_tracking_never_count_one_message_and_lose_no_client(con: Connection) -> None:
    give(con, "smtp_event", RECEIVED)
    con.execute("UPDATE source SET format = 'smtp_protocol'")
    give(con, "tracking_event", TRACKED)
    rebuild_derived(con)
    rows = {(row["client"], row["log"]): row for row in asked(con, "relay-clients")}
    assert {key: row["messages"] for key, row in rows.items()} == {
        ("192.0.2.70", "smtp"): 0,  # its message of that day is not counted from tracking
        ("192.0.2.71", "tracking"): 1,  # its connector keeps no log
        ("192.0.2.70", "tracking"): 1,  # a day without a protocol log
    }
    session = rows["192.0.2.70", "smtp"]
    assert (session["connections"], session["refused"], session["tls"]) == (1, 1, "no")
    assert session["authenticated"] == "no"
    assert session["top_failure"] == "550 5.7.1 Unable to relay (address) (1)"
    assert rows["192.0.2.71", "tracking"]["names"] == "app2"


# --- how long mail took


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def tracked_lives() -> dict[tuple[str, str], dict[str, datetime]]:
    """Entry, delivery and return of each message and recipient of samples/exchange2003."""
    kinds = {
        "1019": "enter",
        "1027": "enter",
        "1023": "ok",
        "1028": "ok",
        "1031": "ok",
        "1030": "ndr",
    }
    lives: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
    for fields in lines_of(SAMPLES / "exchange2003" / "EX1.log", ".log"):
        day, clock = fields[0], fields[1].removesuffix(" GMT")
        year, month, date = map(int, day.split("-"))
        hour, minute, second = map(int, clock.split(":"))
        kind = kinds.get(fields[8])
        if kind:
            life = lives[fields[9], fields[7].lower()]
            at = datetime(year, month, date, hour, minute, second)
            life[kind] = min(at, life.get(kind, at))
    return lives


def test_percentiles_are_those_counted_by_hand_from_message_tracking(exchange: Path) -> None:
    waits: dict[str, list[float]] = defaultdict(list)
    fates: dict[str, Counter[str]] = defaultdict(Counter)
    for (_, recipient), life in tracked_lives().items():
        domain = recipient.rpartition("@")[2]
        if "ok" in life and life["ok"] <= life.get("ndr", life["ok"]):
            fates[domain]["delivered"] += 1
            waits[domain].append((life["ok"] - life["enter"]).total_seconds())
        else:
            fates[domain]["returned" if "ndr" in life else "waiting"] += 1
    rows = of_store(exchange, "latency", by="destination")
    assert {row["grouped_by"] for row in rows} == fates.keys()
    for row in rows:
        domain = row["grouped_by"]
        assert {key: row[key] for key in ("delivered", "returned", "waiting")} == {
            key: fates[domain][key] for key in ("delivered", "returned", "waiting")
        }, domain
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
            want = quantile(waits[domain], share) if waits[domain] else None
            assert row[name] == (None if want is None else pytest.approx(want, abs=0.051))


def test_without_a_beginning_the_baseline_is_unknown_never_zero(gateway: Path) -> None:
    for row in of_store(gateway, "latency", by="destination"):
        assert (row["baseline_p95"], row["change"]) == (None, None)
    assert "Not known: baseline_p95, change." in logpipe("latency", "--db", gateway).stdout


@pytest.mark.parametrize("by", ["host", "hour", "connector", "destination"])
def test_the_baseline_is_the_same_group_before(exchange: Path, by: str) -> None:
    split = "2007-10-20"
    before = {
        row["grouped_by"]: row["p95"] for row in of_store(exchange, "latency", by=by, to=split)
    }
    for row in of_store(exchange, "latency", by=by, from_=split):
        if by != "hour":
            assert row["baseline_p95"] == before.get(row["grouped_by"])
        if row["baseline_p95"] and row["p95"] is not None:
            assert row["change"] == pytest.approx(
                row["p95"] / row["baseline_p95"], rel=0.2, abs=0.02
            )
        else:
            assert row["change"] is None


LATE = """
ts,host,event,class,message_id,sender,recipient
2007-09-03 08:10:00,EX1,1019,enter,a,s@x.example,r@y.example
2007-09-03 08:10:10,EX1,1031,ok,a,s@x.example,r@y.example
2007-09-03 09:10:00,EX1,1019,enter,b,s@x.example,r@y.example
2007-09-03 09:10:50,EX1,1031,ok,b,s@x.example,r@y.example
2007-09-04 08:30:00,EX1,1019,enter,c,s@x.example,r@y.example
2007-09-04 08:30:20,EX1,1031,ok,c,s@x.example,r@y.example
2007-09-04 08:40:00,EX1,1019,enter,d,s@x.example,r@y.example
"""


def test_an_hour_is_compared_with_the_same_hour_of_the_day(con: Connection) -> None:
    give(con, "tracking_event", LATE)
    rebuild_derived(con)
    (row,) = asked(con, "latency", by="hour", from_="2007-09-04")
    assert (row["grouped_by"], row["delivered"], row["waiting"]) == ("2007-09-04T08:00Z", 1, 1)
    assert (row["p95"], row["baseline_p95"], row["change"]) == (20, 10, 2)


def test_since_goes_back_from_the_newest_moment_in_the_logs_not_from_now(con: Connection) -> None:
    give(con, "tracking_event", LATE)
    rebuild_derived(con)
    (row,) = asked(con, "latency", since="20m")
    assert row["delivered"] == 1
    (row,) = asked(con, "latency", since="1d")
    assert row["delivered"] == 2  # and what entered 30 minutes before is the baseline
    assert row["baseline_p95"] == 10


def test_mail_that_tracking_and_the_smtp_log_tell_of_is_counted_once(con: Connection) -> None:
    give(con, "tracking_event", LATE.replace("EX1", "GW1"))
    outside = """
ts,host,site,direction,kind,peer,peer_name,verb,argument,address,reply_code,message_id
2007-09-03 08:10:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,MAIL,+FROM:<s@x.example>,s@x.example,250,
2007-09-03 08:10:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,RCPT,+TO:<r@y.example>,r@y.example,250,
2007-09-03 08:10:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,DATA,+<a>,,250,a
2007-09-09 08:10:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,MAIL,+FROM:<s@x.example>,s@x.example,250,
2007-09-09 08:10:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,RCPT,+TO:<r@y.example>,r@y.example,250,
2007-09-09 08:10:00,GW1,SMTPSVC1,in,command,192.0.2.10,pc1,DATA,+<z>,,250,z
"""
    give(con, "smtp_event", outside)
    rebuild_derived(con)
    counted = ask(con, "SELECT log, count(*) AS n FROM counted_message GROUP BY log ORDER BY log")
    assert counted == [{"log": "smtp", "n": 1}, {"log": "tracking_2003", "n": 4}]
    (row,) = asked(con, "latency", from_="2007-09-05")
    # an SMTP log without an outbound side tells no end of any message
    assert (row["delivered"], row["waiting"], row["p95"]) == (None, None, None)


def test_a_list_that_was_expanded_is_no_delivery_and_its_members_wait_from_its_entry(
    con: Connection,
) -> None:
    give(con, "tracking_event", """
ts,host,event,class,message_id,sender,recipient,related,connector
2024-05-06 08:00:00,EX1,RECEIVE,enter,m,s@x.example,list@y.example,,EX1\\Default
2024-05-06 08:00:05,EX1,EXPAND,replaced,m,s@x.example,r@z.example,list@y.example,
2024-05-06 08:00:30,EX1,SEND,ok,m,s@x.example,r@z.example,,Internet
""")  # fmt: skip
    rebuild_derived(con)
    (row,) = asked(con, "latency", by="connector")
    assert (row["grouped_by"], row["delivered"], row["p50"]) == ("Internet", 1, 30)


# --- what stands at the top


def test_domains_and_senders_are_those_counted_by_hand(exchange: Path) -> None:
    domains: dict[str, set[str]] = defaultdict(set)
    for message, recipient in tracked_lives():
        domains[recipient.rpartition("@")[2]].add(message)
    rows = of_store(exchange, "top-domains", most="100")
    assert {row["domain"]: row["messages"] for row in rows} == {
        k: len(v) for k, v in domains.items()
    }
    assert [row["messages"] for row in rows] == sorted(
        (len(v) for v in domains.values()), reverse=True
    )
    for row in rows:
        ends = ("delivered", "failed", "returned", "open")
        assert sum(row[key] for key in ends) == row["recipients"]
    senders = of_store(exchange, "top-senders", most="1000")
    assert sum(row["recipients"] for row in senders) == len(tracked_lives())
    first = of_store(exchange, "top-senders", by="returned", most="1")
    assert first[0]["returned"] == max(row["returned"] for row in senders)


def test_a_message_that_passed_two_hosts_is_counted_once_by_its_last(con: Connection) -> None:
    give(con, "tracking_event", """
ts,host,event,class,message_id,sender,recipient
2024-05-06 08:00:00,HUB1,RECEIVE,enter,m,s@x.example,r@z.example
2024-05-06 08:00:10,HUB1,SEND,ok,m,s@x.example,r@z.example
2024-05-06 08:00:20,EDGE1,RECEIVE,enter,m,s@x.example,r@z.example
2024-05-06 08:01:00,EDGE1,FAIL,fail,m,s@x.example,r@z.example
2024-05-06 08:02:00,EDGE1,RECEIVE,enter,n,s@x.example,r@z.example
2024-05-06 08:02:01,EDGE1,SEND,ok,n,s@x.example,r@z.example
""")  # fmt: skip
    rebuild_derived(con)
    (row,) = asked(con, "top-domains")
    assert (row["messages"], row["delivered"], row["failed"], row["p95"]) == (2, 1, 1, 1)


def test_errors_are_those_counted_by_hand_from_the_replies(gateway: Path) -> None:
    want: Counter[str] = Counter()
    for fields in lines_of(SAMPLES / "gateway2003" / "logs", ".log"):
        if fields[3] == "OutboundConnectionResponse" and fields[10].lstrip("+")[:1] in "45":
            want[fields[10].lstrip("+")[:3]] += 1
    rows = [row for row in of_store(gateway, "top-errors") if row["logs"] == "smtp"]
    assert {row["code"]: row["tries"] for row in rows} == want
    assert [row["words"] for row in rows] == [
        "(address): Greylisted, please try again later",
        "(address): Recipient address rejected: User unknown",
    ]
    assert [row["enhanced"] for row in rows] == ["4.7.1", "5.1.1"]
    place = rows[0]
    raw = Path(place["source"]).read_text("utf-8").splitlines()[place["record"] - 1]
    assert "RCPT" in raw or "451" in raw


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("550 5.1.1 <bob+b@x.example>: unknown", "550 5.1.1 (address): unknown"),
        ("450 4.2.0 [192.0.2.1] said no at 2024-05-06T07:00:01Z", "450 4.2.0 (ip) said no at (time)"),
        ("421 mx1.partner.example too busy (id w3si1234567wra.12)", "421 (host) too busy (id (id).12)"),
        ("550 4.4.7 QUEUE.Expired; message expired", "550 4.4.7 QUEUE.Expired; message expired"),
        ("DNS failure (0xC00402E7):  retry after 86400 s", "DNS failure (0xC00402E7): retry after (number) s"),
        ("refused 2001:db8::70", "refused (ip)"),
        (None, None),
    ],
)  # fmt: skip
def test_words_lose_what_differs_from_message_to_message(
    con: Connection, text: str | None, words: str | None
) -> None:
    assert ask(con, "SELECT lp_alike($text) AS w", {"text": text}) == [{"w": words}]


def test_a_failure_of_which_several_logs_tell_is_counted_from_one(con: Connection) -> None:
    give(con, "tracking_event", """
ts,host,event,class,message_id,sender,recipient,status,status_code
2024-05-06 08:00:00,EX1,RECEIVE,enter,m,s@x.example,r@z.example,,
2024-05-06 08:00:10,EX1,FAIL,fail,m,s@x.example,r@z.example,550 5.1.1 <r@z.example> unknown,5.1.1
""")  # fmt: skip
    give(con, "smtp_event", """
ts,host,connector,session,sequence,direction,kind,peer,verb,argument,address,reply_code
2024-05-06 08:00:08,EX1,Internet,S9,1,out,command,198.51.100.1,MAIL,FROM:<s@x.example>,s@x.example,
2024-05-06 08:00:08,EX1,Internet,S9,2,out,reply,198.51.100.1,,250 OK,,250
2024-05-06 08:00:09,EX1,Internet,S9,3,out,command,198.51.100.1,RCPT,TO:<r@z.example>,r@z.example,
2024-05-06 08:00:09,EX1,Internet,S9,4,out,reply,198.51.100.1,,550 5.1.1 <r@z.example> unknown,,550
""")  # fmt: skip
    con.execute("UPDATE source SET format = 'smtp_protocol' WHERE format = 'smtpsvc_w3c'")
    rebuild_derived(con)
    (row,) = asked(con, "top-errors")
    # the SmtpSend log names no message, message tracking does
    assert (row["code"], row["enhanced"], row["words"]) == ("550", "5.1.1", "(address) unknown")
    assert (row["messages"], row["tries"], row["logs"]) == (1, 1, "tracking")


# --- named queries


def test_every_report_that_users_may_want_is_a_named_query() -> None:
    names = {query.name for query in named_queries()}
    assert names == {path.stem for path in sql_files("reports")} - INTERNAL


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_a_header_says_what_there_is_and_each_parameter_what_it_means(query: Any) -> None:
    used = {name for name in PARAM.findall(query.sql) if name}
    assert used == {param.name for param in query.params}
    assert query.grain.startswith("One row: ")
    assert query.empty.endswith(".")
    for param in query.params:
        assert param.text
        assert param.kind in {"text", "number", "moment", "span", "hosts"}
        assert not param.choices or param.default in param.choices


@pytest.mark.parametrize("path", sql_files("reports"), ids=lambda path: path.stem)
def test_reports_use_nothing_that_other_engines_lack(path: Path) -> None:
    assert list(flaws(path.read_text("utf-8"))) == []


VALUES: dict[str, dict[str, str]] = {
    "latency": {"by": "hour", "from": "2007-09-11T12:00", "hosts": "GW1,gw2.o'brien.example"},
    "relay-clients": {"since": "2d", "to": "2007-09-13T12:00"},
    "top-errors": {"by": "last_seen", "most": "3"},
    "queue_at": {"at": "2007-09-10T12:00"},
    "waits": {"incident": "$by'; DROP TABLE source; --"},
    "event_words": {"incident": "remote-outage"},
}


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_the_printed_text_gives_the_same_rows_in_any_duckdb_tool(gateway: Path, query: Any) -> None:
    given = VALUES.get(query.name, {})
    pairs = [part for name, value in given.items() for part in ("-p", f"{name}={value}")]
    printed = logpipe("query", "--name", query.name, *pairs, "--sql")
    assert printed.exit_code == 0
    with duckdb.connect(str(gateway), read_only=True) as bare:
        pasted = bare.execute(printed.stdout).fetchall()
    with open_store(gateway, read_only=True) as con:
        ours = run_named(con, query, read_values(query, given)).rows
    assert pasted == ours
    shown = logpipe("query", "--name", query.name, *pairs, "--db", gateway, "-f", "json")
    assert len(json.loads(shown.stdout)) == len(ours)


def test_a_value_is_filled_in_where_the_parameter_stands_and_nowhere_else() -> None:
    query = named_query("latency")
    text = filled(query, read_values(query, {"by": "hour", "hosts": ["gw1.corp.example"]}))
    assert "CASE 'hour'" in text
    assert "CAST(['GW1'] AS VARCHAR[])" in text
    assert "over all time before $from." in text  # a comment


def test_the_queries_are_listed_with_their_parameters() -> None:
    listed = logpipe("query", "--list").stdout
    assert "latency\n" in listed
    assert "-p by=host" in listed
    rows = json.loads(logpipe("query", "--list", "-f", "json").stdout)
    since = next(row for row in rows if (row["name"], row["parameter"]) == ("latency", "since"))
    assert (since["kind"], since["unit"], since["default"]) == ("span", "minutes", None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["query"], "give a SELECT, or --name"),
        (["query", "SELECT 1", "--name", "latency"], "give a SELECT, or --name"),
        (["query", "SELECT 1", "-p", "by=hour"], "go with --name"),
        (["query", "--name", "nonsense"], "no query is named nonsense; there are coverage"),
        (["query", "--name", "latency", "-p", "by"], "-p by: write NAME=VALUE"),
        (["query", "--name", "latency", "-p", "of=x"], "no parameter of; it has by, from"),
        (["query", "--name", "latency", "-p", "by=day"], "by day: give one of host, hour"),
        (["query", "--name", "queue_at"], "queue_at: give at, the moment"),
        (["query", "--name", "top-errors", "-p", "most=many"], "most many: no whole number"),
        (["latency", "--from", "yesterday"], "from yesterday: no moment"),
        (["latency", "--since", "1 day"], "since 1 day: no span of time"),
        (["latency", "--since", "0h"], "since 0h: no span of time"),
        (["latency", "--since", "1d", "--from", "2007-09-03"], "give from or since, not both"),
        (["top", "domains", "--by", "size"], "by size: give one of messages"),
    ],
)
def test_a_slip_of_the_pen_is_told(arguments: list[str], words: str) -> None:
    done = logpipe(*arguments)
    assert words in str(done.exception)


def test_a_span_is_minutes_hours_days_or_weeks() -> None:
    spans = [read_span(text, "since") for text in ("90m", "24h", "7d", "2w")]
    assert spans == [90, 1440, 10080, 20160]
    assert timedelta(minutes=spans[1]) == timedelta(days=1)


@pytest.mark.parametrize("command", ["latency", "relay-clients", "top errors", "top senders"])
def test_a_store_without_derived_tables_says_what_to_run(tmp_path: Path, command: str) -> None:
    store = tmp_path / "x.duckdb"
    with open_store(store):
        pass
    done = logpipe(*command.split(), "--db", store)
    assert re.search(r"table \w+ is made by 'logpipe detect'", str(done.exception))


# --- how it is printed


@pytest.mark.parametrize(
    "command", ["latency --by hour", "relay-clients", "top errors", "top domains"]
)
def test_where_nothing_is_found_it_says_what_to_collect(gateway: Path, command: str) -> None:
    asked_ = [*command.split(), "--to", "2000-01-01", "--db", gateway]
    table = logpipe(*asked_)
    assert table.exit_code == 0
    assert re.search(r"[Cc]ollect", table.stdout)
    assert "GW1 smtp: 2007-09-03 00:03 to 2007-09-13 22:58" in table.stdout
    machine = logpipe(*asked_, "-f", "json")
    assert json.loads(machine.stdout) == []
    assert re.search(r"[Cc]ollect", machine.stderr)


@pytest.mark.parametrize("command", ["relay-clients", "queue --at 2007-09-10T12:00"])
def test_a_host_that_is_not_in_the_store_is_told_with_those_that_are(
    gateway: Path, command: str
) -> None:
    assert logpipe(*command.split(), "--host", "GW1", "--db", gateway).exit_code == 0
    done = logpipe(*command.split(), "--host", "GW9", "--db", gateway)
    assert str(done.exception) == "no host GW9 in the store; known: GW1"


@pytest.mark.parametrize("query", named_queries(), ids=lambda query: query.name)
def test_no_line_of_a_table_is_wider_than_the_terminal(gateway: Path, query: Any) -> None:
    with open_store(gateway, read_only=True) as con:
        values = read_values(query, VALUES.get(query.name, {}))
        names, numeric, rows = run_named(con, query, values)
    for width in (20, 40, 80, 132, 500) if rows else ():
        lines = list(table_lines(names, numeric, rows, order=query.columns, width=width))
        assert max(map(len, lines)) <= width
        assert len(lines) >= len(rows) + 3


def test_what_strangers_wrote_is_cleaned_cut_and_never_folded() -> None:
    rows = [("a\x1b[2J\u202eb\nc" + "x" * 90, 1), ("界" * 60, None)]
    lines = list(table_lines(["name", "n"], [False, True], rows, width=44))
    assert len(lines[2:4]) == 2
    assert lines[2].startswith(r"a\u001b[2J\u202eb\ncx")
    assert "..." in lines[2]
    assert all(cell_len(line) <= 44 for line in lines)
    assert lines[3].endswith("?")


def test_times_and_numbers_are_shown_whole_or_not_at_all() -> None:
    rows = [("host", datetime(2007, 9, 3, 5), 123456789012)]
    (head, _, line, *_) = table_lines(["h", "ts", "n"], [False, False, True], rows, width=20)
    assert (head.split(), line.split()) == (["h", "n"], ["host", "123456789012"])


def test_a_number_has_no_more_digits_than_mean_something() -> None:
    rows = [("a", 168275.0), ("b", 0.0034), ("c", 9687.73), ("d", 0.0)]
    lines = list(table_lines(["name", "n"], [False, True], rows, width=40))
    assert [line.split()[1] for line in lines[2:6]] == ["168275", "0.0034", "9687.73", "0"]


def test_latency_shows_the_median_before_counts_that_are_mostly_zero(gateway: Path) -> None:
    since = ["--by", "destination", "--from", "2007-09-11"]
    told = logpipe("latency", *since, "--db", gateway).stdout
    assert told.split()[:3] == ["destination", "delivered", "p50"]


def test_csv_of_clients_is_safe_to_open_in_a_spreadsheet(con: Connection, tmp_path: Path) -> None:
    give(con, "smtp_event", W3C)
    rebuild_derived(con)
    con.close()
    printed = logpipe("relay-clients", "--db", tmp_path / "case.duckdb", "-f", "csv").stdout
    names = [row["names"] for row in csv.DictReader(printed.splitlines())]
    assert names == ["pc1", "'=cmd()"]


def test_the_grouping_column_is_named_for_what_it_groups(gateway: Path) -> None:
    rows = json.loads(logpipe("latency", "--by", "hour", "--db", gateway, "-f", "json").stdout)
    assert rows[0]["hour"] == "2007-09-03T00:00Z"
    lines = logpipe("latency", "--by", "hour", "--db", gateway, "-f", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_headers_of_reports_hold_no_other_keys() -> None:
    known = {"title", "grain", "columns", "unknown", "empty", "params"}
    for path in sql_files("reports"):
        if path.stem not in INTERNAL:
            assert split_header(path)[0].keys() <= known, path.stem


def test_what_the_page_shows_is_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SAMPLES / "gateway2003", tmp_path / "samples" / "gateway2003")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    shown = re.findall(r"^```console\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    for block in shown:
        for part in re.split(r"^\$ logpipe ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            done = logpipe(*shlex.split(command))
            assert done.exit_code == 0
            if output.strip():
                assert done.stdout.rstrip() == output.rstrip(), command
