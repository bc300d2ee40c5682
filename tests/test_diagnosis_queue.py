"""Known problems of waiting mail, KB934709 and KB941060: which verdict each case comes to."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from logpipe.analyze import build_report
from logpipe.report.text import summary_lines
from logpipe.store import Connection, ask
from tests.diagnosis import (
    END,
    START,
    Tables,
    at,
    best,
    csv,
    detected,
    signs,
    told_anew,
    verdicts,
    version,
)
from tests.waiting_mail import exchange, more, relay


def folder(taken: datetime, *, hours: float, written: float) -> Tables:
    """A listing of the queue folder: one file, so many hours old, last written so much later."""
    arrived = taken - timedelta(hours=hours)
    last = arrived + timedelta(hours=written)
    return {"queue_entry": f"host,kind,ts,arrived_ts,written_ts\nGW1,file,{taken},{arrived},{last}"}


def test_934709_is_judged_by_the_branch_of_aqueue(tmp_path: Path) -> None:
    expected = {
        "6.0.3790.1829": "confirmed",
        "6.0.3790.2949": "confirmed",
        "6.0.3790.2950": "ruled-out",
        "6.0.3790.3959": "confirmed",  # above 2950, and not fixed: SP2 is another branch
        "6.0.3790.4093": "confirmed",
        "6.0.3790.4094": "ruled-out",
    }
    found = {}
    with detected(tmp_path, relay()) as con:
        for number in expected:
            told_anew(con, version("GW1", "aqueue.dll", number))
            found[number] = verdicts(con, "idle-until-restart")["KB934709"]
    assert found == expected


def test_934709_without_a_version_is_supported_and_says_what_to_collect(tmp_path: Path) -> None:
    with detected(tmp_path, relay()) as con:
        assert best(con, "idle-until-restart") == ("KB934709", "supported")
        (incident,) = [
            i for i in build_report(con)["incidents"] if i["rule"] == "idle-until-restart"
        ]
        states = {sign["id"]: sign["state"] for sign in incident["signs"]}
        assert [states[sign] for sign in "ABCDEV"] == ["present"] * 5 + ["unknown"]
        assert any("aqueue.dll" in item and "wmic" in item for item in incident["missing_evidence"])


def hotfix(installed: str) -> Tables:
    return {
        "host_fact": "host,ts,kind,subject,name,value\n"
        f"GW1,{installed},hotfix,KB934709,installed,{installed}"
    }


def sign(con: Connection, sign_id: str, problem: str = "KB934709") -> dict[str, str]:
    (row,) = ask(
        con,
        "SELECT state, text FROM sign WHERE rule = 'idle-until-restart' "
        "AND problem = $problem AND sign_id = $sign_id",
        {"problem": problem, "sign_id": sign_id},
    )
    return row


def test_934709_is_not_ruled_out_by_a_hotfix_that_came_after_it(tmp_path: Path) -> None:
    with detected(tmp_path, relay()) as con:
        told_anew(con, hotfix(""))
        assert verdicts(con, "idle-until-restart")["KB934709"] == "ruled-out"
        told_anew(con, hotfix(f"{START}"))
        assert verdicts(con, "idle-until-restart")["KB934709"] == "ruled-out"
        told_anew(con, hotfix(f"{END}"))
        assert verdicts(con, "idle-until-restart")["KB934709"] == "supported"
        assert sign(con, "V") == {
            "state": "unknown",
            "text": "the hotfix was installed on 2007-09-09 00:00:00 UTC, after the incident",
        }


def test_934709_is_not_ruled_out_by_another_windows_years_later(tmp_path: Path) -> None:
    boot = '2010-01-05 08:00:00,GW1,EventLog,6009,"[6.01., 7601, Service Pack 1]",'
    exchange_event = '2010-01-05 08:00:00,GW1,MSExchangeSA,1001,"[]",'
    header, *rows = relay()["windows_event"].splitlines()
    before = [f"{row},1.evt" for row in rows]
    with detected(tmp_path, relay()) as con:
        for row, sign_id in ((boot, "P"), (exchange_event, "X1")):
            given = csv(f"{header},file", [*before, f"{row},2.evt"])
            told_anew(con, {"windows_event": given})
            assert verdicts(con, "idle-until-restart")["KB934709"] == "supported"
            assert "2010-01-05, after the incident" in sign(con, sign_id)["text"]


def test_934709_confirmed_says_what_would_tell_of_exchange(tmp_path: Path) -> None:
    with detected(tmp_path, relay() | version("GW1", "aqueue.dll", "6.0.3790.3959")) as con:
        (row,) = ask(
            con,
            "SELECT verdict, missing FROM verdict "
            "WHERE problem = 'KB934709' AND rule = 'idle-until-restart'",
        )
        assert row["verdict"] == "confirmed"
        assert [item for item in row["missing"] if "tasklist /svc" in item] == row["missing"]
        assert row["missing"]


def test_a_sign_says_nothing_of_logs_that_are_not_there(tmp_path: Path) -> None:
    tables = exchange(by="", exchange_events=False)
    del tables["windows_event"]
    with detected(tmp_path, tables) as con:
        rows = ask(
            con,
            "SELECT sign_id, state, text FROM sign "
            "WHERE problem = 'KB941060' AND sign_id IN ('D', 'X1', 'X3', 'X4', 'X5')",
        )
    assert rows
    assert all(row["state"] == "unknown" for row in rows)
    assert all(row["text"].startswith("nothing tells") for row in rows)


def test_934709_old_files_of_the_queue_folder_are_a_sign_by_the_intervals_of_the_host(
    tmp_path: Path,
) -> None:
    taken = at(2)
    patient = {"host_setting": 'host,name,value\nGW1,SmtpRemoteProgressiveRetry,"15,480"'}
    plain = {"host_setting": "host,name,value\nGW1,None,0"}
    cases = [
        (plain, folder(taken, hours=6, written=0), "present"),  # never tried again
        (patient, folder(taken, hours=6, written=0), "absent"),  # tried every eight hours
        (plain, folder(taken, hours=6, written=2), "absent"),  # tried meanwhile
        (plain, folder(taken, hours=49, written=48), "present"),  # beyond expiry
        (plain, folder(taken, hours=3, written=0), "absent"),
    ]
    with detected(tmp_path, relay(freed=None)) as con:
        assert signs(con, "idle-queue-item", "KB934709")["F"] == "unknown"
        for number, (settings, listing, state) in enumerate(cases):
            told_anew(con, settings | listing)
            assert signs(con, "idle-queue-item", "KB934709")["F"] == state, number


def test_934709_a_listing_without_its_time_is_as_young_as_the_last_time_in_it(
    tmp_path: Path,
) -> None:
    header = "host,kind,queue,name,arrived_ts,written_ts"
    queue, old, young = "C:\\mailroot\\Queue", at(1), at(1, 5)
    cases = [
        ([f"{queue},a.EML,{old},{old}", f"{queue},b.EML,{young},{young}"], "present"),
        ([f"{queue},a.EML,{old},{old}"], "unknown"),  # taken at once, or days later
        ([f"{queue},a.EML,{old},{young}", f"{queue},b.EML,{young},{young}"], "unknown"),
        ([f"C:\\Badmail,a.EML,{old},{old}", f"C:\\Badmail,b.EML,{young},{young}"], "unknown"),
    ]
    with detected(tmp_path, relay(freed=None)) as con:
        for number, (rows, state) in enumerate(cases):
            told_anew(con, {"queue_entry": csv(header, [f"GW1,file,{row}" for row in rows])})
            assert signs(con, "idle-queue-item", "KB934709")["F"] == state, number


def test_934709_is_possible_where_nobody_has_restarted(tmp_path: Path) -> None:
    with detected(tmp_path, relay(freed=None)) as con:
        assert best(con, "idle-queue-item") == ("KB934709", "possible")
        assert signs(con, "idle-queue-item", "KB934709")["C"] == "unknown"


def test_934709_is_ruled_out_where_the_messages_left_without_a_restart(tmp_path: Path) -> None:
    with detected(tmp_path, relay(freed=at(2, 20), by="")) as con:
        assert verdicts(con, "idle-queue-item")["KB934709"] == "ruled-out"


def test_934709_is_ruled_out_by_exchange_on_the_host(tmp_path: Path) -> None:
    given = more(relay(), [f'{START},GW1,MSExchangeSA,1001,"[]",'])
    with detected(tmp_path, given | version("GW1", "aqueue.dll", "6.0.3790.3959")) as con:
        assert verdicts(con, "idle-until-restart") == {
            "KB934709": "ruled-out", "KB941060": "ruled-out",
        }  # fmt: skip
        assert best(con, "idle-until-restart") == (None, "ruled-out")
        (incident,) = [
            i for i in build_report(con)["incidents"] if i["rule"] == "idle-until-restart"
        ]
        assert not any(c["verdict"] != "ruled-out" for c in incident["considered"])
        assert any("950757" in item for c in incident["considered"] for item in c["look_alikes"])


def test_934709_is_ruled_out_by_dns_over_tcp(tmp_path: Path) -> None:
    rows = [
        f'{at(2)},GW1,smtpsvc,4000,"[{domain}, DNS failure]",E70204C0'
        for domain in ("partner.example", "other.example")
    ]
    with detected(tmp_path, more(relay(), rows)) as con:
        assert verdicts(con, "idle-until-restart")["KB934709"] == "ruled-out"


def test_another_windows_is_not_thought_of(tmp_path: Path) -> None:
    rows = [f'{START},GW1,EventLog,6009,"[6.01., 7601, Service Pack 1]",']
    with detected(tmp_path, more(relay(), rows)) as con:
        assert best(con, "idle-until-restart") == (None, "not-assessable")


def test_941060_without_a_version_is_supported(tmp_path: Path) -> None:
    with detected(tmp_path, exchange()) as con:
        assert best(con, "delayed-ndr") == ("KB941060", "supported")
        states = signs(con, "delayed-ndr", "KB941060")
        assert [states[sign] for sign in "ABCDPV"] == ["present"] * 5 + ["unknown"]


def test_941060_is_judged_by_the_version_of_exmime(tmp_path: Path) -> None:
    with detected(tmp_path, exchange()) as con:
        for number in ("6.5.7638.1", "6.5.7653.19"):
            told_anew(con, version("EX1", "exmime.dll", number))
            assert best(con, "idle-until-restart") == ("KB941060", "confirmed")
            assert best(con, "delayed-ndr") == ("KB941060", "confirmed")
            assert verdicts(con, "delayed-ndr")["KB934709"] == "ruled-out"
        for number in ("6.5.7653.20", "6.5.7654.4"):
            told_anew(con, version("EX1", "exmime.dll", number))
            assert verdicts(con, "delayed-ndr")["KB941060"] == "ruled-out"


def test_941060_without_reports_at_expiry_is_possible(tmp_path: Path) -> None:
    with detected(tmp_path, exchange(returned=False)) as con:
        assert best(con, "idle-until-restart") == ("KB941060", "possible")


def test_941060_is_ruled_out_where_smtp_alone_was_restarted(tmp_path: Path) -> None:
    with detected(
        tmp_path, exchange(by="smtp") | version("EX1", "exmime.dll", "6.5.7638.1")
    ) as con:
        assert best(con, "idle-until-restart") == (None, "ruled-out")
        words = " ".join(" ".join(summary_lines(build_report(con))).split())
        assert "KB941060 and KB934709 ruled out" in words


@pytest.mark.parametrize("event", ["9667", "6004"])
def test_941060_is_ruled_out_by_another_limit_or_the_categorizer(
    tmp_path: Path, event: str
) -> None:
    provider = {"9667": "MSExchangeIS", "6004": "MSExchangeTransport"}[event]
    rows = [f'{at(1, 7.5 + n)},EX1,{provider},{event},"[]",' for n in range(60)]
    rows += [f'{at(2)},EX1,MSExchangeTransport,3028,"[5.2.3, r@partner.example, <q>]",']
    with detected(tmp_path, more(exchange(), rows)) as con:
        assert verdicts(con, "delayed-ndr")["KB941060"] == "ruled-out"
