"""``logpipe trace``: one message through all hosts and logs, hop by hop."""

# ruff: noqa: DTZ001 - the store keeps naive UTC
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logpipe.analyze import ingest
from logpipe.cases import give
from logpipe.derived import rebuild_derived
from logpipe.errors import LogpipeError
from logpipe.portable import flaws
from logpipe.report._trace_words import no_match_words
from logpipe.report.html import render_html
from logpipe.report.text import clean
from logpipe.report.traced import Traced, listed_lines, trace_lines
from logpipe.report.traced_page import render_trace
from logpipe.report.traced_rows import print_found, print_traced
from logpipe.sqlfiles import sql_files
from logpipe.store import Connection, open_store
from logpipe.trace import MOST_MATCHES, Wanted, find_messages, trace_message
from samples.generator import build
from tests.test_report import CHROMIUM, PAYLOADS, Page, in_browser, report

SAMPLES = Path(__file__).parents[1] / "samples"
HEAD = "ts,host,event,component,message_id,network_id,internal_id,sender,recipient,subject,"
HEAD += "client_host,server_host,status,status_code\n"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def loaded(path: Path, *inputs: Path) -> Path:
    with open_store(path) as con:
        ingest(con, list(inputs))
        rebuild_derived(con)
    return path


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A relay that loses mail until a restart, and the Exchange behind it, whose clock is wrong."""
    folder = tmp_path_factory.mktemp("fleet")
    truth = build("relayed", folder, seed=5)
    return loaded(folder / "x.duckdb", folder / "relayed"), truth


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    truth = json.loads((SAMPLES / "gateway2003.truth.json").read_text("utf-8"))
    store = tmp_path_factory.mktemp("gateway") / "x.duckdb"
    return loaded(store, SAMPLES / "gateway2003"), truth


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_store(tmp_path / "x.duckdb") as con:
        yield con


def row(
    ts: str, host: str, event: str, message: str = "a@x.example", **known: str
) -> dict[str, str]:
    return {
        "ts": f"2021-05-03 {ts}", "host": host, "event": event, "component": "SMTP",
        "message_id": message, "sender": "alice@corp.example", "recipient": "bob@partner.example",
        "subject": "Quarterly figures",
    } | known  # fmt: skip


def track(con: Connection, *rows: dict[str, str]) -> None:
    """Give tracking rows and make the tables that a trace stands on."""
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD.strip().split(","))
    writer.writeheader()
    writer.writerows(rows)
    give(con, "tracking_event", text.getvalue())
    rebuild_derived(con)


def traced(con: Connection, what: str = "a@x.example", *, raw: bool = False) -> Traced:
    (found,) = find_messages(con, Wanted(what))
    return trace_message(con, found["mail"], raw=raw)


def of_kind(found: Traced, entry: str) -> list[Any]:
    return [one for one in found.entries if one["entry"] == entry]


def gaps(found: Traced) -> list[str]:
    return [one["text"] for one in of_kind(found, "gap")]


def through_both(fleet: tuple[Path, dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages of the truth that idled on the relay and were delivered behind it."""
    return [
        one
        for one in fleet[1]["idle_messages"]
        if one["released_by"] == "delivery"
        and all(name.endswith("@corp.example") for name in one["recipients"])
    ]


def test_hops_stand_in_true_order_though_the_raw_times_do_not(
    fleet: tuple[Path, dict[str, Any]],
) -> None:
    store, truth = fleet
    ahead = timedelta(seconds=truth["skew_s"]["EX10"])
    assert ahead < timedelta(seconds=-60)
    mails = through_both(fleet)[:5]
    assert len(mails) == 5
    with open_store(store, read_only=True) as con:
        for mail in mails:
            found = traced(con, mail["message_id"])
            assert [hop["host"] for hop in found.hops] == ["RELAY1", "EX10"]
            relay, exchange = found.hops
            assert exchange["own_in_ts"] < relay["own_out_ts"]  # the raw times say otherwise
            true = exchange["own_in_ts"] - ahead
            assert abs(exchange["in_ts"] - true) < timedelta(seconds=2)
            hosts = [step["host"] for step in of_kind(found, "step")]
            assert hosts == sorted(hosts, reverse=True)  # RELAY1 to its end, then EX10
            (clock,) = [one for one in found.clocks if one["host"] == "EX10"]
            assert clock["moved"]
            assert abs(clock["ahead_s"] - ahead.total_seconds()) < 2
            outcomes = {one["recipient"]: one["outcome"] for one in found.recipients}
            assert outcomes == dict.fromkeys(mail["recipients"], "delivered")


def test_waits_have_their_true_span_and_cause_and_the_restart_that_ended_them(
    fleet: tuple[Path, dict[str, Any]],
) -> None:
    store, truth = fleet
    (restart,) = [one for one in truth["restarts"] if one["service"] == "SMTPSVC"]
    with open_store(store, read_only=True) as con:
        for mail in through_both(fleet)[5:9]:
            found = traced(con, mail["message_id"])
            (wait,) = [one for one in of_kind(found, "wait") if one["kind"] == "idle"]
            assert wait["at_ts"] == moment(mail["accepted_at"])
            assert abs(wait["until_ts"] - moment(mail["released_at"])) < timedelta(minutes=1)
            (freed,) = of_kind(found, "restart")
            assert (freed["host"], freed["kind"]) == ("RELAY1", "SMTPSVC")
            assert abs(freed["at_ts"] - moment(restart["start"])) < timedelta(seconds=30)
            order = [one["entry"] for one in found.entries if one["entry"] != "gap"]
            assert order[:4] == ["step", "wait", "restart", "step"]


def test_both_times_are_shown_and_the_clock_is_told_once(
    fleet: tuple[Path, dict[str, Any]],
) -> None:
    with open_store(fleet[0], read_only=True) as con:
        found = traced(con, through_both(fleet)[0]["message_id"])
    text = "\n".join(trace_lines(found))
    assert "Times are by the clock of RELAY1, which saw it first; ~ is a time moved to it." in text
    assert text.count("behind (spread") == 1
    (received,) = [one for one in of_kind(found, "step") if "RECEIVE" in one["text"]]
    assert f"~{received['at_ts'].isoformat(' ', 'milliseconds')}  EX10  received" in text
    assert f"its clock: {received['ts'].isoformat(' ', 'milliseconds')}" in text
    page = Page(render_trace(found))
    assert f"its clock: {received['ts'].isoformat(' ', 'milliseconds')}" in page.text


def test_a_message_of_the_gateway_comes_with_lines_and_the_report_that_ends_it(
    gateway: tuple[Path, dict[str, Any]],
) -> None:
    store, truth = gateway
    mail = next(one for one in truth["idle_messages"] if one["released_by"] == "ndr")
    with open_store(store, read_only=True) as con:
        found = traced(con, f"<{mail['message_id']}>", raw=True)
    (outcome,) = found.recipients
    assert (outcome["recipient"], outcome["outcome"]) == (mail["recipients"][0], "returned")
    assert abs(outcome["at_ts"] - moment(mail["released_at"])) < timedelta(minutes=1)
    text = "\n".join(trace_lines(found))
    assert f"+<{mail['message_id']}>" in text  # the raw DATA line
    assert "not named in this log: sender, recipient and time fit" in text
    assert "a restart of SMTPSVC set it free" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_events_that_name_the_message_are_steps_and_lines_of_one_moment_are_one(
    tmp_path: Path,
) -> None:
    truth = json.loads((SAMPLES / "exchange2003.truth.json").read_text("utf-8"))
    mail = next(one for one in truth["ndrs"] if one["status"] == "4.4.7")
    folder = SAMPLES / "exchange2003"
    store = loaded(tmp_path / "x.duckdb", folder)
    with open_store(store, read_only=True) as con:
        found = traced(con, mail["message_id"])
    events = [one for one in of_kind(found, "step") if one["log"] == "events"]
    assert any("3028" in one["text"] for one in events)
    (outcome,) = [one for one in found.recipients if one["recipient"] == mail["recipient"]]
    assert outcome["outcome"] == "returned"
    assert "4.4.7" in outcome["text"]
    moments = [
        (one["ts"], one["text"], one["other"]) for one in of_kind(found, "step") if one["source"]
    ]
    assert len(moments) == len(set(moments))


def test_a_host_without_a_log_here_is_called_out_on_either_side(con: Connection) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE", client_host="mx.far.example"),
        row("08:00:02", "EX1", "SEND", server_host="hub7.corp.example"),
    )
    found = traced(con)
    assert gaps(found) == [
        "came from mx.far.example: no log of it here",
        "handed to hub7.corp.example: no log of it here",
    ]
    text = "\n".join(trace_lines(found))
    assert "SMTP or tracking logs of hub7.corp.example of 2021-05-03 08:00 UTC" in text
    (outcome,) = found.recipients
    assert outcome["outcome"] == "handed-on"
    assert "no log here tells more" in outcome["text"]


def test_a_host_whose_logs_do_not_name_the_message_is_another_gap(con: Connection) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE"),
        row("08:00:02", "EX1", "SEND", server_host="EX2"),
        row("07:00:00", "EX2", "RECEIVE", "other@x.example"),
        row("09:00:00", "EX2", "DELIVER", "other@x.example"),
        row("08:30:00", "EX3", "RECEIVE", "third@x.example"),
        row("08:00:01", "EX1", "SEND", server_host="EX3", recipient="eve@partner.example"),
    )
    told = gaps(traced(con))
    assert "handed to EX2: its mail logs here do not name this message" in told
    assert any(
        one.startswith("handed to EX3: its mail logs here (2021-05-03 08:30") for one in told
    )


def test_a_log_that_ends_before_the_message_did_is_said_to(con: Connection) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE"),
        row("08:00:01", "EX1", "DEFER", status="451 4.7.1 later", server_host="mx.partner.example"),
        row("08:30:00", "EX1", "RECEIVE", "last@x.example"),
    )
    found = traced(con)
    assert "log of EX1 ends; what became of the message for 1 recipient is unknown" in gaps(found)
    (hop,) = found.hops
    assert hop["out_ts"] is None
    assert [one["outcome"] for one in found.recipients] == ["open"]
    lines = list(trace_lines(found))
    text = " ".join(" ".join(lines).split())
    assert "said: 451 4.7.1 later" in text
    assert "next hop mx.partner.example" in text
    assert "out not seen" in text


def test_hosts_whose_clocks_no_mail_compares_keep_their_times_and_this_is_said(
    con: Connection,
) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE"),
        row("12:00:00", "EX2", "DELIVER"),
    )
    found = traced(con)
    assert [one["known_by"] for one in found.clocks] == ["first", None]
    assert any("no mail tells how far" in one for one in gaps(found))
    assert any("no row tells how it came to EX2" in one for one in gaps(found))
    assert "its times stand as they are" in "\n".join(trace_lines(found))


def handed(number: int, ahead: int) -> list[dict[str, str]]:
    """A message from EX1 by EX2, whose clock is ahead by seconds, to EX3 of half an hour more."""
    at = datetime(2021, 5, 3, 8) + timedelta(minutes=number)
    mail = f"m{number}@x.example"

    def told(seconds: int, host: str, event: str, **known: str) -> dict[str, str]:
        return row(f"{at + timedelta(seconds=seconds):%H:%M:%S}", host, event, mail, **known)

    return [
        told(0, "EX1", "RECEIVE"),
        told(2, "EX1", "SEND", server_host="EX2"),
        told(2 + ahead, "EX2", "RECEIVE", client_host="EX1"),
        told(5 + ahead, "EX2", "SEND", server_host="EX3"),
        told(5 + 2 * ahead, "EX3", "RECEIVE", client_host="EX2"),
        told(7 + 2 * ahead, "EX3", "DELIVER", server_host="EX3"),
    ]


@pytest.mark.parametrize("ahead", [-900, 900])
def test_clocks_are_set_over_hosts_between_and_the_first_host_is_the_true_one(
    con: Connection, ahead: int
) -> None:
    track(con, *(one for number in range(30, 40) for one in handed(number, ahead)))
    found = traced(con, "m33@x.example")
    assert [hop["host"] for hop in found.hops] == ["EX1", "EX2", "EX3"]
    assert [one["text"].split(" (")[0] for one in of_kind(found, "step")] == [
        "received", "sent to another server", "received", "sent to another server",
        "received", "delivered to a mailbox",
    ]  # fmt: skip
    far = {one["host"]: one for one in found.clocks}["EX3"]
    assert (far["known_by"], round(far["ahead_s"])) == ("by way of", 2 * ahead)
    assert found.head["seconds"] == pytest.approx(7)
    assert not of_kind(found, "wait")


def test_a_short_wait_is_named_and_its_cause_is_not_made_up(con: Connection) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE"),
        row("08:05:00", "EX1", "DELIVER"),
    )
    (wait,) = of_kind(traced(con), "wait")
    assert wait["kind"] == "short"
    assert wait["until_ts"] - wait["at_ts"] == timedelta(minutes=5)


def test_time_between_the_logs_of_two_hosts_is_a_wait_between_them(con: Connection) -> None:
    near = [one for number in range(10, 15) for one in handed(number, 0)]
    late = handed(20, 0)
    for one in late[2:]:
        one["ts"] = one["ts"].replace(" 08:20", " 08:50")
    track(con, *near, *late)
    waits = of_kind(traced(con, "m20@x.example"), "wait")
    assert [one["kind"] for one in waits] == ["between-hosts"]
    assert "handed over by EX1" in waits[0]["text"]


def test_a_gap_of_the_log_within_its_life_is_called_out(con: Connection) -> None:
    track(con, row("08:00:00", "EX1", "RECEIVE"), row("10:00:00", "EX1", "DELIVER"))
    con.execute(
        "INSERT INTO log_gap BY NAME SELECT 'EX1' AS host, 'tracking' AS log, 'silent' AS reason, "
        "TIMESTAMP '2021-05-03 08:30' AS from_ts, TIMESTAMP '2021-05-03 09:30' AS until_ts, "
        "1 AS missing, 'no row in 1 h in which other logs speak' AS what, false AS sure"
    )
    (gap,) = [one for one in of_kind(traced(con), "gap") if one["kind"] == "log-gap"]
    assert gap["text"] == (
        "tracking log of EX1: silent, no row in 1 h in which other logs speak "
        "(there may have been nothing to log)"
    )


def test_reports_and_listings_are_steps_and_alone_they_name_what_to_collect(
    con: Connection,
) -> None:
    give(
        con,
        "delivery_report",
        "ts,host,kind,recipient,action,status,original_message_id,original_sender\n"
        "2021-05-04 08:00,GW1,dsn,bob@partner.example,delayed,4.4.7,<a>,alice@corp.example\n"
        "2021-05-05 08:00,GW1,dsn,bob@partner.example,failed,4.4.7,<a>,alice@corp.example\n",
    )
    give(
        con,
        "queue_entry",
        "ts,host,kind,queue,status,message_id,recipient,last_error,retries\n"
        "2021-05-03 09:00,GW1,message,GW1\\3,Retry,<a>,bob@partner.example,451 later,7\n",
    )
    con.execute("UPDATE delivery_report SET original_message_id = 'a@x.example'")
    con.execute("UPDATE queue_entry SET message_id = 'a@x.example'")
    rebuild_derived(con)
    found = traced(con)
    assert [one["text"] for one in of_kind(found, "step")] == [
        "seen waiting in GW1\\3, Retry, attempts: 7",
        "report found: delayed (dsn)",
        "report found: failed (dsn)",
    ]
    (outcome,) = found.recipients
    assert (outcome["outcome"], outcome["text"]) == ("reported", "report found: failed (dsn) 4.4.7")
    assert gaps(found) == ["no SMTP or tracking log here of GW1 names this message"]


def test_an_id_speaks_before_an_address_and_an_address_before_a_subject(con: Connection) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE", network_id="11aa-22bb", internal_id="4711"),
        row("09:00:00", "EX1", "RECEIVE", "b@x.example", recipient="a@x.example"),
        row("10:00:00", "EX2", "RECEIVE", "c@x.example", subject="100% of 4711_ and a@x.example"),
    )

    def ids(what: str, **narrow: Any) -> list[str]:
        return [one["mail"] for one in find_messages(con, Wanted(what, **narrow))]

    assert ids("a@x.example") == ["a@x.example"]
    assert ids(" <a@x.example> ") == ["a@x.example"]
    assert ids("11AA-22bb") == ["a@x.example"]
    assert ids("4711") == ["a@x.example"]
    assert ids("BOB@partner.example") == ["c@x.example", "a@x.example"]
    assert ids("QUARTERLY fig") == ["b@x.example", "a@x.example"]
    assert ids("100% of") == ["c@x.example"]
    for pattern in ("q%y", "q.*y", "A@X.example2", "4711."):
        with pytest.raises(LogpipeError, match="no message"):
            ids(pattern)
    assert ids("bob@partner.example", hosts=["ex2"]) == ["c@x.example"]
    assert ids("alice@corp.example", since=datetime(2021, 5, 3, 9)) == [
        "c@x.example",
        "b@x.example",
    ]
    assert ids("alice@corp.example", until=datetime(2021, 5, 3, 9)) == ["a@x.example"]
    with pytest.raises(LogpipeError, match="--from, --to or --host"):
        ids("a@x.example", since=datetime(2030, 1, 1))
    with pytest.raises(LogpipeError, match="no host EX9 in the store; known: EX1, EX2"):
        ids("a@x.example", hosts=["EX9"])


def test_many_messages_are_listed_newest_first_with_how_many_more(con: Connection) -> None:
    rows = [row(f"08:{n:02}:00", "EX1", "RECEIVE", f"m{n:02}@x.example") for n in range(25)]
    track(con, *rows)
    found = find_messages(con, Wanted("quarterly"))
    assert [one["mail"] for one in found] == [f"m{n:02}@x.example" for n in range(24, 4, -1)]
    lines = list(listed_lines(found, MOST_MATCHES))
    assert lines[0] == "25 messages have these words in the subject; the newest first:"
    assert "and 5 older; --from, --to and --host narrow what is listed" in lines
    assert "Next: logpipe trace ID, with one of these ids" in lines
    out = io.StringIO()
    print_found(found, shape="json", out=out)
    listed = json.loads(out.getvalue())
    assert listed["matches"] == 25
    assert list(listed["messages"][0]) == [
        "mail", "entered", "sender", "recipient", "recipients", "subject", "hosts",
    ]  # fmt: skip


def test_what_is_nowhere_says_where_it_was_looked_for_and_what_to_collect(
    con: Connection, tmp_path: Path
) -> None:
    track(con, row("08:00:00", "EX1", "RECEIVE"))
    with pytest.raises(LogpipeError) as raised:
        find_messages(con, Wanted("x\n\x1b[2J" + "y" * 5000))
    assert "looked in tracking of EX1, 2021-05-03 08:00 to 2021-05-03 08:00 UTC" in str(
        raised.value
    )
    assert "collect" in str(raised.value)
    assert "no subjects" not in str(raised.value)
    with pytest.raises(LogpipeError, match="no host GW9 in the store; known: EX1"):
        find_messages(con, Wanted("x", hosts=["GW9"]))
    for nothing in ("", "  ", "<>  ".strip("<>")):
        with pytest.raises(LogpipeError, match="give a Message-ID"):
            find_messages(con, Wanted(nothing))
    con.close()
    done = logpipe(tmp_path / "x.duckdb", "a\nb\x1b[2J")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    with open_store(tmp_path / "bare.duckdb"):
        pass
    done = logpipe(tmp_path / "bare.duckdb", "a@x.example")
    assert done.returncode == 2
    assert "run 'logpipe detect'" in done.stderr


def test_where_only_smtp_logs_are_it_says_that_they_have_no_subjects() -> None:
    log = {"host": "GW1", "log": "smtp", "first_ts": None, "last_ts": None}
    words = no_match_words("quarterly figures", [log], narrowed=False)
    assert words.endswith("; SMTP logs have no subjects; collect logs of the host that took it in")


def logpipe(store: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "logpipe", "trace", *map(str, arguments), "--db", str(store)]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_the_command_prints_text_json_rows_and_a_page(con: Connection, tmp_path: Path) -> None:
    track(
        con,
        row("08:00:00", "EX1", "RECEIVE", client_host="=cmd"),
        row("08:00:02", "EX1", "DELIVER"),
        row("08:00:02", "EX1", "RECEIVE", "b@x.example"),
    )
    lines = list(trace_lines(traced(con)))
    con.close()
    store, page = tmp_path / "x.duckdb", tmp_path / "trace.html"
    assert logpipe(store, "a@x.example").stdout.splitlines() == lines
    story = json.loads(logpipe(store, "a@x.example", "-f", "json").stdout)
    assert list(story) == ["message", "clocks", "hops", "recipients", "entries"]
    assert story["entries"][0]["at_ts"] == "2021-05-03T08:00:00Z"
    rows = list(csv.DictReader(io.StringIO(logpipe(store, "a@x.example", "-f", "csv").stdout)))
    assert rows[0]["other"] == "'=cmd"
    done = logpipe(store, "a@x.example", "--html", page)
    assert (done.returncode, done.stderr) == (0, f"Wrote {page}\n")
    assert "Quarterly figures" in Page(page.read_text("utf-8")).text
    again = logpipe(store, "a@x.example", "--html", page)
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    assert logpipe(store, "a@x.example", "--html", page, "--force").returncode == 0
    several = logpipe(store, "quarterly", "--html", tmp_path / "other.html")
    assert several.returncode == 2
    assert "2 messages have these words" in several.stdout
    assert "name one by its id" in several.stderr
    assert not (tmp_path / "other.html").exists()


def poison(number: int, payload: str) -> list[dict[str, str]]:
    """A message with a payload in every field that a stranger writes."""
    # what no file can hold is no row either
    text = payload.replace("\udce4", "").replace("\x00", "")[:20_000]
    known = dict.fromkeys(("sender", "subject", "status", "client_host", "server_host"), text)
    own = known | {"internal_id": f"no{number}", "recipient": f"{text}@x"}
    mail, host = f"p{number} {text}", f"H{number}{text[:4000]}"
    return [
        row("08:00:00", host, "RECEIVE", mail, **own),
        row("09:00:00", host, text or "FAIL", mail, **own),
        row("09:30:00", host, "SEND", mail, **own),
    ]


def test_a_payload_in_any_field_stays_text_on_the_terminal_and_on_the_page(
    con: Connection, tmp_path: Path
) -> None:
    track(con, *(one for n, payload in enumerate(PAYLOADS) for one in poison(n, payload)))
    pages = []
    for number in range(len(PAYLOADS)):
        found = traced(con, f"no{number}")
        lines = list(trace_lines(found))
        assert all(line == clean(line) and len(line) <= 80 for line in lines)
        pages.append(render_trace(found))
        page = Page(pages[-1])
        assert not {"script", "iframe", "link", "img", "form", "svg"} & set(page.elements)
        assert not [name for _, name in page.attributes if name.startswith("on") or name == "style"]
        assert page.links == ["#steps"]
        assert "default-src 'none'; style-src 'sha256-" in pages[-1]
        out = io.StringIO()
        for shape in ("json", "jsonl", "csv"):
            print_traced(found, shape=shape, out=out)
    if CHROMIUM is None:
        pytest.skip("needs chromium to run the page in a real browser")
    # without the policy, so that it is the escaping that is tested
    bare = re.sub(r"<meta http-equiv=[^>]*>", "", "\n".join(pages))
    assert "<title>owned</title>" not in in_browser(bare, tmp_path)


def test_the_page_looks_like_the_report_by_the_same_style(con: Connection) -> None:
    track(con, row("08:00:00", "EX1", "RECEIVE"), row("08:00:02", "EX1", "DELIVER"))
    page, whole = render_trace(traced(con)), render_html(report())
    style = whole[whole.index("<style>") : whole.index("</style>")]
    assert style in page
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_the_queries_of_a_trace_are_portable() -> None:
    files = [path for path in sql_files("reports") if path.stem.startswith("trace_")]
    assert len(files) >= 10
    for path in files:
        text = path.read_text("utf-8")
        assert not list(flaws(text)), path.name
        assert text.startswith("-- ")


def test_a_strangers_host_of_the_same_first_name_is_no_host_of_ours(con: Connection) -> None:
    give(
        con,
        "windows_event",
        "ts,host,computer,provider,event_id,strings\n"
        "2021-05-03 07:00:00,MAIL,mail.corp.example,EventLog,6005,[]\n",
    )
    track(
        con,
        row("08:00:00", "MAIL", "RECEIVE"),
        row("08:00:01", "MAIL", "SEND", server_host="EX1"),
        row("08:00:02", "EX1", "RECEIVE", client_host="mail.corp.example"),
        row("08:00:03", "EX1", "SEND", server_host="mail.travel.example"),
    )
    found = traced(con)
    assert [hop["came_from"] for hop in found.hops] == [[], ["MAIL"]]
    assert [hop["next_hosts"] for hop in found.hops] == [["EX1"], ["mail.travel.example"]]
    (outcome,) = found.recipients
    assert "handed to mail.travel.example by EX1" in outcome["text"]
    assert gaps(found) == ["handed to mail.travel.example: no log of it here"]
