"""Known problems of growing memory, KB910932, Q176708 and KB944903: which verdict each comes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.analyze import build_report
from logpipe.cases import give
from logpipe.derived import rebuild_derived
from logpipe.report.html import render_html
from logpipe.report.text import summary_lines
from logpipe.rules import diagnose
from logpipe.store import Connection, ask, open_store, transaction
from tests.diagnosis import (
    END,
    EVENT,
    SCM,
    START,
    Tables,
    at,
    best,
    csv,
    services,
    signs,
    told_anew,
    verdicts,
    version,
)

# the trends are another table's matter, so they are given
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


def test_growth_that_follows_messages_and_domains_alike_speaks_for_neither(tmp_path: Path) -> None:
    alike = covariates(1500).replace("0.2 AS corr_messages", "0.85 AS corr_messages")
    for number, (given, state) in enumerate([(covariates(1500), "present"), (alike, "unknown")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        tables = events(*boot()) | version("H1", "aqueue.dll", "6.0.3790.2618")
        with leaking(folder, "inetinfo", LEAK, given, tables) as con:
            assert signs(con, "memory-leak", "KB910932")["E"] == state
            (incident,) = build_report(con)["incidents"]
            assert (incident["verdict"], incident["missing_evidence"]) == ("confirmed", [])
            # a confirmed problem has its remedy, and nothing that was to find it out
            assert incident["todo"].startswith("Install SP2 or the hotfix")
            told = {sign["id"]: sign["text"] for sign in incident["signs"]}
            assert told["D"] == "after 1 restart"


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


def test_944903_that_nothing_tells_of_says_what_is_not_known_and_what_to_collect(
    tmp_path: Path,
) -> None:
    with leaking(tmp_path, "inetinfo", LEAK, tables=events(*boot())) as con:
        (incident,) = [one for one in build_report(con)["incidents"] if one["signs"]]
    (other,) = [one for one in incident["considered"] if one["problem"] == "KB944903"]
    assert other["verdict"] == "not-assessable"
    assert "does not tell: B IMAP4 clients are at work in the segment; C " in other["reason"]
    assert "R The host is an Exchange 2003 front end" in other["reason"]
    wanted = {item.partition(": ")[0] for item in incident["missing_evidence"]}
    assert "IMAP4 sessions beside the memory of inetinfo, over several days" in wanted
    assert "services and the processes they run in" in wanted
    assert "version of imap4fe.dll" in wanted


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
