"""What the diagnosis rests on: facts of hosts, the knowledge of the problems, the samples."""

import re
from pathlib import Path
from typing import Any

import pytest

from logpipe.analyze import analyze
from logpipe.rules import load_rules
from logpipe.sqlfiles import sql_dir, sql_files
from logpipe.store import ask, open_store
from tests.diagnosis import END, csv, detected, told_anew, verdicts
from tests.waiting_mail import relay

SAMPLES = Path(__file__).parents[1] / "samples"


def test_banners_tell_the_service_pack_and_not_the_hotfix(tmp_path: Path) -> None:
    rows = relay()["smtp_event"].splitlines()
    greeting = "220 gw1.corp.example Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready"
    smtp = [f"{rows[0]},argument", *(f"{row}," for row in rows[1:])]
    smtp.append(f'{END},GW1,in,reply,192.0.9.9,,,,220,,"{greeting}"')
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


def test_the_greeting_of_another_server_is_no_fact_of_ours(tmp_path: Path) -> None:
    rows = relay()["smtp_event"].splitlines()
    greeting = "220 gw1.partner.example Microsoft ESMTP MAIL Service, Version: 7.5.7601.17514 ready"
    smtp = [f"{rows[0]},argument", *(f"{row}," for row in rows[1:])]
    smtp.append(f'{END},GW1,out,reply,192.0.9.9,,,,220,,"{greeting}"')
    with detected(tmp_path, relay() | {"smtp_event": "\n".join(smtp)}) as con:
        assert not ask(con, "FROM product_fact WHERE fact IN ('os', 'smtp_service')")
        assert verdicts(con, "idle-until-restart")["KB934709"] == "supported"


def test_a_report_of_a_namesake_elsewhere_is_no_fact_of_ours(tmp_path: Path) -> None:
    rows = relay()["smtp_event"].splitlines()
    smtp = [f"{rows[0]},argument", *(f"{row}," for row in rows[1:])]
    smtp.append(f"{END},GW1,out,command,192.0.9.9,,EHLO,,,,gw1.corp.example")
    header = "ts,host,kind,reporting_mta,smtp_version"
    with detected(tmp_path, relay() | {"smtp_event": "\n".join(smtp)}) as con:
        for name, versions in (
            ("gw1.partner.example", []),
            ("GW1.corp.example", ["6.0.3790.3959"]),
            ("GW1", ["6.0.3790.3959"]),
        ):
            told_anew(
                con, {"delivery_report": csv(header, [f"{END},GW1,dsn,{name},6.0.3790.3959"])}
            )
            found = ask(con, "SELECT value FROM product_fact WHERE fact = 'smtp_service'")
            assert [row["value"] for row in found] == versions, name


BACKUPS = [
    "C:\\WINDOWS\\$NtServicePackUninstall$",
    "C:\\WINDOWS\\$NtUninstallKB911280$",
    "C:\\WINDOWS\\$hf_mig$\\KB911280\\SP1QFE",
    "C:\\WINDOWS\\system32\\dllcache",
    "C:\\WINDOWS\\ServicePackFiles\\i386",
    "D:\\i386",
    "C:\\WINDOWS\\WinSxS\\Backup",
    "C:\\inetsrv.bak",
    "C:\\inetsrv_000",
]


def inventory(*paths: str, number: int = 1830) -> dict[str, str]:
    header = "host,path,name,version,major,minor,build,private"
    rows = [f"GW1,{p},aqueue.dll,6.0.3790.{number},6,0,3790,{number}" for p in paths]
    return {"file_version": csv(header, rows)}


def test_copies_in_backup_folders_do_not_tell_what_runs(tmp_path: Path) -> None:
    with detected(tmp_path, relay()) as con:
        for folder in BACKUPS:
            told_anew(con, inventory(f"{folder}\\aqueue.dll"))
            assert verdicts(con, "idle-until-restart")["KB934709"] == "supported", folder
        told_anew(con, inventory("C:\\WINDOWS\\system32\\inetsrv\\aqueue.dll"))
        assert verdicts(con, "idle-until-restart")["KB934709"] == "confirmed"


def test_a_folder_to_uninstall_a_hotfix_tells_that_it_is_installed(tmp_path: Path) -> None:
    folder = "c:\\windows\\$ntuninstallkb934709$"
    with detected(tmp_path, relay() | inventory(f"{folder}\\aqueue.dll", number=3959)) as con:
        (fact,) = ask(con, "SELECT known_by FROM product_fact WHERE fact = 'hotfix:KB934709'")
        assert "folder" in fact["known_by"]
        assert verdicts(con, "idle-until-restart")["KB934709"] == "ruled-out"


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


def test_every_threshold_has_its_column_a_unit_and_one_value(tmp_path: Path) -> None:
    with open_store(tmp_path / "x.duckdb") as con:
        thresholds = ask(con, "FROM known_threshold")
        (limits,) = ask(con, "FROM known_limit")
    assert limits == {row["name"]: row["value"] for row in thresholds}
    assert len(limits) == len(thresholds)
    assert all(row["unit"] and row["meaning"] for row in thresholds)


def test_every_threshold_is_asked_for() -> None:
    diagnosing = [*sql_files("diagnosis"), *sql_files("derived")]
    asked = " ".join(path.read_text("utf-8") for path in diagnosing)
    knowledge = (sql_dir() / "knowledge" / "known_threshold.sql").read_text("utf-8")
    names = re.findall(r"WHERE name = '(\w+)'", knowledge)
    assert [name for name in names if not re.search(rf"\b{name}\b", asked)] == []


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
