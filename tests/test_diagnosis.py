"""Known problems: which verdict each case comes to, and what is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logpipe.analyze import analyze, build_report
from logpipe.cases import give
from logpipe.report.html import render_html
from logpipe.report.text import summary_lines
from logpipe.rules import diagnose, load_rules, run_rules
from logpipe.sqlfiles import sql_files
from logpipe.store import Connection, ask, open_store, rebuild_derived, transaction

START = datetime(2007, 9, 3)  # noqa: DTZ001 - times in the store are naive UTC
END = START + timedelta(days=6)
RESTART = START + timedelta(days=4, hours=6)
SCM = "Service Control Manager"
SAMPLES = Path(__file__).parents[1] / "samples"
Tables = dict[str, str]


def at(day: float, hour: float = 0.0) -> datetime:
    return START + timedelta(days=day, hours=hour)


def csv(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows])


def services(*events: tuple[datetime, str], host: str) -> list[str]:
    """Rows of windows_event that the Service Control Manager writes."""
    names = {
        "smtp": "Simple Mail Transfer Protocol (SMTP)",
        "store": "Microsoft Exchange Information Store",
        "print": "Print Spooler",
    }
    rows = []
    for when, what in events:
        name, state = what.split()
        rows.append(f'{when},{host},{SCM},7036,"[{names[name]}, {state}]",')
    return rows


EVENT = "ts,host,provider,event_id,strings,binary_hex"


def relayed(number: int, accepted: datetime, sent: datetime | None, domain: str) -> list[str]:
    """Rows of a W3C log: a message comes in, and goes out or stays."""
    sender, recipient = f"s{number}@corp.example", f"r{number}@{domain}"
    peer = f"10.0.{number // 250}.{number % 250}"
    rows = [
        f"{accepted},GW1,in,command,{peer},c{number},{verb},{address},{code},{message}"
        for verb, address, code, message in (
            ("MAIL", sender, 250, ""),
            ("RCPT", recipient, 250, ""),
            ("DATA", "", 250, f"m{number}@corp.example"),
        )
    ]  # fmt: skip
    if sent:
        mx = f"192.0.{number // 250}.{number % 250}"
        talk = ("220", "EHLO", "250", "MAIL", "250", "RCPT", "250", "DATA", "354", "250", "QUIT")
        for word in talk:
            address = {"MAIL": sender, "RCPT": recipient}.get(word, "")
            verb, code = ("", word) if word.isdigit() else (word, "")
            kind = "reply" if code else "command"
            rows.append(f"{sent},GW1,out,{kind},{mx},,{verb},{address},{code},")
    return rows


SMTP = "ts,host,direction,kind,peer,peer_name,verb,address,reply_code,message_id"


def relay(*, stuck: int = 4, freed: datetime | None = RESTART, by: str = "smtp") -> Tables:
    """A gateway on which mail goes out at once, but some lies until ``freed``."""
    mail: list[tuple[datetime, list[str]]] = []
    number = 0
    for hour in range(0, int((END - START).total_seconds() // 3600), 3):
        for domain in ("partner.example", "other.example"):
            number += 1
            mail.append((at(0, hour), relayed(number, at(0, hour), at(0, hour + 0.01), domain)))
    for which in range(stuck):
        number += 1
        domain = ("partner.example", "other.example")[which % 2]
        accepted = at(1, 7 + which)
        sent = freed + timedelta(minutes=1 + which) if freed else None
        rows = relayed(number, accepted, sent, domain)
        mail.append((accepted, rows[:3]))
        mail.append((sent or END, rows[3:]))
    lines = [row for _, rows in sorted(mail, key=lambda part: part[0]) for row in rows]
    events = services((START, "print running"), (END, "print stopped"), host="GW1")
    if freed and by:
        events += services(
            (freed - timedelta(minutes=1), f"{by} stopped"), (freed, f"{by} running"), host="GW1"
        )
    return {"smtp_event": csv(SMTP, lines), "windows_event": csv(EVENT, events)}


def tracked(
    number: str, entered: datetime, ended: datetime, domain: str, event: str = "1031"
) -> list[tuple[datetime, str]]:
    """Rows of message tracking: a message is taken in, routed, and ends with ``event``."""
    mail = f"{number}@corp.example,r{number}@{domain},s@corp.example,6.0.3790.3959"
    rows = [(entered + timedelta(seconds=n), e) for n, e in enumerate(("1019", "1034"))]
    return [(ts, f"{ts},EX1,{e},{mail}") for ts, e in [*rows, (ended, event)]]


TRACKING = "ts,host,event,message_id,recipient,sender,version"


def exchange(*, by: str = "store", returned: bool = True, exchange_events: bool = True) -> Tables:
    """An Exchange 2003 on which some mail sticks from the second day on, until a restart."""
    mail: list[tuple[datetime, str]] = []
    for hour in range(0, int((END - START).total_seconds() // 3600), 3):
        for domain in ("partner.example", "other.example"):
            name = f"n{hour}{domain[0]}"
            mail += tracked(name, at(0, hour), at(0, hour + 0.01), domain)
    for which in range(4):
        domain = ("partner.example", "other.example")[which % 2]
        if returned:
            entered = at(1, 7 + which)
            gone = entered + timedelta(hours=48.1)
            mail += tracked(f"b{which}", entered, gone, domain, "1030")
        freed = RESTART + timedelta(minutes=1 + which)
        mail += tracked(f"x{which}", at(3, which), freed, domain)
    restart = (
        [(RESTART - timedelta(minutes=1), f"{by} stopped"), (RESTART, f"{by} running")]
        if by
        else []
    )
    events = services((START, "print running"), (END, "print stopped"), *restart, host="EX1")
    if exchange_events:
        events += [f'{START},EX1,MSExchangeIS,1000,"[]",']
    return {
        "tracking_event": csv(TRACKING, [row for _, row in sorted(mail)]),
        "windows_event": csv(EVENT, events),
    }


def version(host: str, name: str, number: str) -> Tables:
    major, minor, build, private = number.split(".")
    header = "host,path,name,version,major,minor,build,private"
    row = f"{host},C:\\{name},{name},{number},{major},{minor},{build},{private}"
    return {"file_version": csv(header, [row])}


def more(tables: Tables, rows: list[str]) -> Tables:
    """The tables with more events."""
    return tables | {"windows_event": "\n".join([tables["windows_event"], *rows])}


@contextmanager
def detected(folder: Path, tables: Tables) -> Iterator[Connection]:
    with open_store(folder / "case.duckdb") as con:
        for table, rows in tables.items():
            give(con, table, rows)
        rebuild_derived(con)
        run_rules(con, load_rules())
        yield con


def told_anew(con: Connection, tables: Tables) -> None:
    """Give other inventories or events to a store whose incidents stay what they are."""
    for table in tables:
        con.execute(f"DELETE FROM source WHERE source_id IN (SELECT source_id FROM {table})")
        con.execute(f"DELETE FROM {table}")
        give(con, table, tables[table])
    for file in sql_files("derived"):
        if file.stem.endswith(("product_fact", "fix_state")):
            con.execute(file.read_text("utf-8"))
    diagnose(con)


def best(con: Connection, rule: str) -> tuple[str | None, str]:
    """Known problem and verdict of the one incident of a rule, as the report has them."""
    (incident,) = [i for i in build_report(con)["incidents"] if i["rule"] == rule]
    return incident["known_problem"], incident["verdict"]


def verdicts(con: Connection, rule: str) -> dict[str, str]:
    rows = ask(con, "SELECT problem, verdict FROM verdict WHERE rule = $rule", {"rule": rule})
    return {row["problem"]: row["verdict"] for row in rows}


def signs(con: Connection, rule: str, problem: str) -> dict[str, str]:
    sql = "SELECT sign_id, state FROM sign WHERE rule = $rule AND problem = $problem"
    rows = ask(con, sql, {"rule": rule, "problem": problem})
    return {row["sign_id"]: row["state"] for row in rows}


# KB934709


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


# KB941060


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


# Leaks: the trends are another table's matter, so they are given

TREND = (
    "host, counter_id, process, object, counter, seg_from, seg_until, ended_by, hours, "
    "first_value, last_value, growth, slope_per_h, kind"
)
MIB = 1048576.0


def trend(process: str | None, growth: float, *, hours: float = 96.0, kind: str = "leak") -> str:
    name = f"'{process}', 'Process', 'Private Bytes'" if process else "NULL, 'Memory', 'Available'"
    number = {"inetinfo": 1, "store": 2, "emsmta": 3}.get(process or "", 9)
    return (
        f"('H1', {number}, {name}, TIMESTAMP '{START}', TIMESTAMP '{at(0, hours)}', 'restart', "
        f"{hours}, {100 * MIB}, {(100 + growth) * MIB}, {growth * MIB}, {growth * MIB / hours}, "
        f"'{kind}')"
    )


@contextmanager
def leaking(
    folder: Path, process: str, trends: list[str], covariate: str = "", tables: Tables | None = None
) -> Iterator[Connection]:
    """A store in which the memory of a process grows."""
    with open_store(folder / "case.duckdb") as con:
        events = services((START, "print running"), (END, "print stopped"), host="H1")
        given = {"windows_event": csv(EVENT, events)} | (tables or {})
        for table, rows in given.items():
            give(con, table, rows)
        rebuild_derived(con)
        with transaction(con):
            con.execute("DELETE FROM memory_trend")
            con.execute("DELETE FROM leak_covariate")
            con.execute(f"INSERT INTO memory_trend ({TREND}) VALUES {', '.join(trends)}")
            if covariate:
                con.execute(f"INSERT INTO leak_covariate {covariate}")
            con.execute(
                "INSERT INTO rule VALUES ('memory-leak', 't', 'medium', 's', 'w', 'd', [], '{}')"
            )
            con.execute(
                "INSERT INTO finding BY NAME SELECT 'memory-leak' AS rule, "
                f"'{process} Private Bytes' AS incident_key, 'symptom' AS role, "
                f"TIMESTAMP '{START}' AS ts, TIMESTAMP '{at(4)}' AS ts_end, 'H1' AS host, "
                f"'{process}' AS service, 'grows' AS text"
            )
            # what the counter read after the restart
            con.execute(
                "INSERT INTO counter_sample BY NAME SELECT 0 AS source_id, 1 AS record, "
                f"TIMESTAMP '{at(4, 0.5)}' AS ts, 'H1' AS host, counter_id, {100 * MIB} AS value "
                "FROM (VALUES (1), (2)) AS v (counter_id)"
            )
            diagnose(con)
        yield con


def covariates(
    domains: int | None, imap: int | None = None, auth: int | None = None, follows: str = "domains"
) -> str:
    """A row of leak_covariate; growth follows one of them."""
    names = {"domains": "new_domains", "imap": "imap_sessions", "auth": "auth_failures"}
    values = {"domains": domains, "imap": imap, "auth": auth}
    columns = []
    for short, name in names.items():
        value = values[short]
        corr = None if value is None else 0.9 if short == follows else 0.2
        columns += [f"{'NULL' if value is None else value} AS {name}"]
        columns += [f"{'NULL' if corr is None else corr} AS corr_{name}"]
    return (
        "BY NAME SELECT 'H1' AS host, 'inetinfo' AS process, 5000 AS messages, "
        f"0.2 AS corr_messages, TIMESTAMP '{START}' AS seg_from, {', '.join(columns)}"
    )


def boot(build: str = "3790", pack: str = "Service Pack 1", number: str = "5.02.") -> list[str]:
    return [f'{START},H1,EventLog,6009,"[{number}, {build}, {pack}]",']


def events(*rows: str) -> Tables:
    every = services((START, "print running"), (END, "print stopped"), host="H1")
    return {"windows_event": csv(EVENT, [*every, *rows])}


SMTPSVC = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SMTPSVC"
LEAK = [trend("inetinfo", 400), trend(None, -380, kind="falling")]


def registry(value: int | None) -> Tables:
    rows = [f"H1,{SMTPSVC},DisplayName,SMTP,"]
    if value is not None:
        rows.append(f"H1,{SMTPSVC}\\Queuing,ZombieDomainEntryThreshold,{value},{value}")
    return {"registry_value": csv("host,key,name,value,number", rows)}


def test_910932_needs_file_and_value(tmp_path: Path) -> None:
    old, new = (version("H1", "aqueue.dll", f"6.0.3790.{number}") for number in (2618, 2619))
    sp1, sp2, rtm = (events(*boot(pack=pack)) for pack in ("Service Pack 1", "Service Pack 2", ""))
    nothing = {"file_version": "host,name\nH1,none", "registry_value": "host,key,name\nH1,none,"}
    cases = [
        (sp1 | old, "confirmed"),
        (sp1 | new | registry(None), "confirmed"),  # the hotfix alone is half a fix
        (sp1 | new | registry(1000), "ruled-out"),
        (sp1 | new, "supported"),
        # SP2 holds the fix, and nobody says whether it needs the value: caution
        (sp2 | registry(None), "supported"),
        (sp2 | registry(1000), "ruled-out"),
        (rtm, "confirmed"),
        (events(), "supported"),
    ]
    with leaking(tmp_path, "inetinfo", LEAK, covariates(1500)) as con:
        for number, (tables, verdict) in enumerate(cases):
            told_anew(con, nothing | tables)
            assert verdicts(con, "memory-leak")["KB910932"] == verdict, number


def test_910932_without_a_log_of_outbound_mail_is_possible(tmp_path: Path) -> None:
    with leaking(tmp_path, "inetinfo", LEAK, tables=events(*boot())) as con:
        assert best(con, "memory-leak") == ("KB910932", "possible")


def test_910932_is_ruled_out_where_mail_goes_to_few_domains(tmp_path: Path) -> None:
    with leaking(tmp_path, "inetinfo", LEAK, covariates(40), events(*boot())) as con:
        assert verdicts(con, "memory-leak")["KB910932"] == "ruled-out"


def test_growth_alone_is_not_assessable(tmp_path: Path) -> None:
    with leaking(tmp_path, "inetinfo", [trend("inetinfo", 400)], tables=events(*boot())) as con:
        assert best(con, "memory-leak") == (None, "not-assessable")


def test_another_process_has_no_known_problem(tmp_path: Path) -> None:
    with leaking(tmp_path, "edgetransport", [trend("edgetransport", 400)]) as con:
        assert best(con, "memory-leak") == (None, "not-assessable")
        assert ask(con, "FROM verdict") == []


# Q176708 and Q176709


def exchange_5(words: str) -> Tables:
    return events(f'{START},H1,MSExchangeSA,1001,"[{words}]",')


STORE = [trend("store", 400), trend("emsmta", 5, kind="flat")]


def test_q176708_is_of_exchange_5_0_before_sp2(tmp_path: Path) -> None:
    cases = [
        (exchange_5("5.0.1457"), ("Q176708", "confirmed")),
        (exchange_5("Version 5.0 (Build 1458.5: Service Pack 1)"), ("Q176708", "confirmed")),
        (exchange_5("5.0.1460"), (None, "ruled-out")),
        # the engine tells the branch, and the build of the store is another matter
        (
            events(f'{START},H1,EDB,100,"[MSExchangeIS, (123), 05.00.1457]",'),
            ("Q176708", "supported"),
        ),
        (exchange_5("5.5.2650"), (None, "ruled-out")),  # grows by design
        (exchange_5("6.5.7638"), (None, "not-assessable")),  # nobody would think of it
        (events(), (None, "not-assessable")),
    ]
    with leaking(tmp_path, "store", STORE) as con:
        for tables, expected in cases:
            told_anew(con, tables)
            assert best(con, "memory-leak") == expected, tables


def test_q176708_on_5_0_of_unknown_build_is_supported_and_names_its_twin(tmp_path: Path) -> None:
    with leaking(tmp_path, "store", STORE) as con:
        con.execute("UPDATE source SET generation = 'Exchange 5.0'")
        told_anew(con, {})
        assert best(con, "memory-leak") == ("Q176708", "supported")
        report = build_report(con)
        assert "Q176709" in report["incidents"][0]["known_problem_title"]
        words = " ".join(" ".join(summary_lines(report)).split())
        assert "Q176708 / Q176709 supported" in words
        assert "Q176709" in render_html(report)


def test_q176708_is_ruled_out_where_the_mta_process_grows_too(tmp_path: Path) -> None:
    trends = [trend("store", 400), trend("emsmta", 390)]
    with leaking(tmp_path, "store", trends, tables=exchange_5("5.0.1457")) as con:
        assert best(con, "memory-leak") == (None, "ruled-out")


# KB944903

FRONT_END = [
    f'{at(1)},H1,IMAP4SVC,1000,"[]",',
    f'{START},H1,MSExchangeSA,1001,"[6.5.7638]",',
    *boot(pack="Service Pack 2"),
]
HUNG = f'{at(3)},H1,{SCM},7011,"[30000, IMAP4Svc]",'


def test_944903_on_a_front_end_with_an_old_imap4fe_is_confirmed(tmp_path: Path) -> None:
    tables = events(*FRONT_END, HUNG) | version("H1", "imap4fe.dll", "6.5.7638.1")
    with leaking(tmp_path, "inetinfo", LEAK, covariates(20, 900, 300, "imap"), tables) as con:
        assert best(con, "memory-leak") == ("KB944903", "confirmed")
        assert verdicts(con, "memory-leak")["KB910932"] == "ruled-out"


def test_944903_without_a_version_is_supported(tmp_path: Path) -> None:
    tables = events(*FRONT_END, HUNG)
    with leaking(tmp_path, "inetinfo", LEAK, covariates(None, 900, 300, "imap"), tables) as con:
        assert best(con, "memory-leak") == ("KB944903", "supported")


def test_944903_without_failures_or_hangs_is_possible(tmp_path: Path) -> None:
    tables = events(*FRONT_END)
    with leaking(tmp_path, "inetinfo", LEAK, covariates(20, 900, 0, "imap"), tables) as con:
        assert best(con, "memory-leak") == ("KB944903", "possible")


def test_944903_is_ruled_out_on_a_back_end_and_by_the_fix(tmp_path: Path) -> None:
    mounted = events(*FRONT_END, HUNG, f'{at(1)},H1,MSExchangeIS,9523,"[x]",')
    fixed = events(*FRONT_END, HUNG) | version("H1", "imap4fe.dll", "6.5.7653.23")
    with leaking(tmp_path, "inetinfo", LEAK, covariates(20, 900, 300, "imap"), mounted) as con:
        assert verdicts(con, "memory-leak")["KB944903"] == "ruled-out"
        assert signs(con, "memory-leak", "KB944903")["R"] == "absent"
        told_anew(con, fixed)
        assert verdicts(con, "memory-leak")["KB944903"] == "ruled-out"
        assert signs(con, "memory-leak", "KB944903")["V"] == "absent"


def test_growth_that_follows_domains_is_910932_though_the_host_speaks_imap4(tmp_path: Path) -> None:
    tables = events(*FRONT_END[:2], *boot(), HUNG)
    with leaking(tmp_path, "inetinfo", LEAK, covariates(3000, 50, 2, "domains"), tables) as con:
        assert best(con, "memory-leak") == ("KB910932", "supported")


# Facts and data


def test_banners_tell_the_service_pack_and_not_the_hotfix(tmp_path: Path) -> None:
    rows = relay()["smtp_event"].splitlines()
    greeting = "220 gw1.corp.example Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready"
    smtp = [f"{rows[0]},argument", *(f"{row}," for row in rows[1:])]
    smtp.append(f'{END},GW1,out,reply,192.0.9.9,,,,220,,"{greeting}"')
    with detected(tmp_path, relay() | {"smtp_event": "\n".join(smtp)}) as con:
        facts = {
            row["fact"]: row["value"]
            for row in ask(con, "SELECT fact, value FROM product_fact WHERE host = 'GW1'")
        }
        assert (facts["os"], facts["os_sp"]) == ("2003", "SP2")
        assert facts["smtp_service"] == "6.0.3790.3959"
        (fix,) = ask(con, "SELECT state, missing FROM fix_state WHERE problem = 'KB934709'")
        assert fix["state"] == "unknown"
        assert "aqueue.dll" in fix["missing"]


def test_two_versions_of_one_file_leave_the_fix_unknown(tmp_path: Path) -> None:
    header = "host,path,name,version,major,minor,build,private"
    rows = [f"GW1,C:\\aqueue.dll,aqueue.dll,6.0.3790.{n},6,0,3790,{n}" for n in (3959, 4094)]
    with detected(tmp_path, relay() | {"file_version": csv(header, rows)}) as con:
        assert verdicts(con, "idle-until-restart")["KB934709"] == "supported"


def test_every_condition_and_remedy_is_about_a_known_sign(tmp_path: Path) -> None:
    with open_store(tmp_path / "x.duckdb") as con:
        for view in ("verdict_logic", "look_alike"):
            assert not ask(
                con,
                f"SELECT * FROM {view} AS v ANTI JOIN known_sign AS k "
                "ON k.problem = v.problem AND k.sign_id = v.sign_id",
            )
        assert not ask(
            con,
            "SELECT * FROM known_sign AS k ANTI JOIN collect_next AS c ON c.id = k.collect "
            "WHERE k.collect IS NOT NULL",
        )
        wanted = {"confirmed", "supported", "possible", "ruled-out"}
        sql = "SELECT problem, list(DISTINCT verdict) AS told FROM verdict_logic GROUP BY problem"
        for row in ask(con, sql):
            assert set(row["told"]) == wanted, row["problem"]


@pytest.mark.parametrize(
    ("sample", "problem"), [("gateway2003", "KB934709"), ("exchange2003", "KB941060")]
)
def test_the_samples_show_their_known_problem(tmp_path: Path, sample: str, problem: str) -> None:
    report: dict[str, Any] = analyze([SAMPLES / sample], tmp_path, load_rules(), force=True)
    for incident in report["incidents"]:
        if incident["rule"] in ("idle-until-restart", "delayed-ndr"):
            assert (incident["known_problem"], incident["verdict"]) == (problem, "supported")
            assert incident["missing_evidence"]
        else:
            assert incident["known_problem"] is None
