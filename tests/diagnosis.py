"""What the tests of the diagnosis share: rows to give, a store to give them to, what it says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from logpipe.analyze import build_report
from logpipe.cases import give
from logpipe.derived import rebuild_derived
from logpipe.rules import diagnose, load_rules, run_rules
from logpipe.sqlfiles import sql_files
from logpipe.store import Connection, ask, open_store

START = datetime(2007, 9, 3)  # noqa: DTZ001 - times in the store are naive UTC
END = START + timedelta(days=6)
SCM = "Service Control Manager"
EVENT = "ts,host,provider,event_id,strings,binary_hex"
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


def version(host: str, name: str, number: str) -> Tables:
    major, minor, build, private = number.split(".")
    header = "host,path,name,version,major,minor,build,private"
    row = f"{host},C:\\{name},{name},{number},{major},{minor},{build},{private}"
    return {"file_version": csv(header, [row])}


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
        if file.stem.endswith(("host_policy", "product_fact", "host_product", "fix_state")):
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
