"""Cases of rules: rows given to an empty store, and the findings that a rule makes of them."""

import re
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from logpipe.derived import rebuild_derived
from logpipe.errors import RuleError
from logpipe.model import Rule
from logpipe.query import seal
from logpipe.rules import load_rules, run_rule
from logpipe.sqlfiles import sql_dir, sql_text
from logpipe.store import Connection, ask, insert, open_store, show

# tables that a case may give rows of, and the format that their files are taken for
GIVEN = {
    "windows_event": "evt",
    "smtp_event": "smtpsvc_w3c",
    "tracking_event": "tracking_2007",
    "connection_event": "connectivity",
    "client_event": "imap_pop",
    "counter_sample": "pdh_csv",
    "queue_entry": "queue_export",
    "delivery_report": "ndr",
    "log_row": "exchange_log",
    "file_version": "file_version",
    "registry_value": "registry_export",
    "host_setting": "metabase",
    "host_fact": "systeminfo",
}
TIMELESS = {"file_version", "registry_value", "host_setting", "host_fact"}
LEFT_OUT = {  # what a case need not say
    "tracking_event": {
        "recipient_no": "1 AS recipient_no",
        "class": "coalesce((SELECT k.class FROM tracking_class AS k WHERE k.event = given.event), "
        "'other') AS class",
    },
    "delivery_report": {"recipient_no": "1 AS recipient_no"},
    "registry_value": {
        "key_folded": "lower(key) AS key_folded",
        "name_folded": "lower(name) AS name_folded",
        "deleted": "false AS deleted",
        "type": "'REG_DWORD' AS type",
    },
}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case of one rule ended: ``problem`` is None where it passed."""

    rule: str
    name: str
    problem: str | None


def run_all_cases(cases: Path, rules: Path | None) -> list[CaseResult]:
    """Run every case in a folder, each in an empty store; a rule without cases is a failure."""
    known = load_rules(rules)
    found = list(find_cases(cases, known))
    having = {rule.id for rule, _ in found}
    missing = [
        CaseResult(rule.id, "has cases", f"there is no {rule.id}.toml in {cases}")
        for rule in known
        if rule.id not in having
    ]
    return [*missing, *(try_case(rule, case) for rule, case in found)]


def find_cases(cases: Path, rules: list[Rule]) -> Iterator[tuple[Rule, dict[str, Any]]]:
    """Yield every case in a folder with its rule; raises RuleError where there is no such rule."""
    if not cases.is_dir():
        raise RuleError(f"{cases}: no such folder of cases; name one with --cases")
    known = {rule.id: rule for rule in rules}
    for path in sorted(cases.rglob("*.toml")):
        if path.stem not in known:
            raise RuleError(f"{path}: cases of a rule that is not there")
        for case in load_cases(path):
            yield known[path.stem], case


def write_skeleton(rule_id: str, folder: Path) -> list[Path]:
    """Write a rule and cases to start from; RuleError for a bad id or one that is there."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", rule_id):
        raise RuleError(f"{rule_id}: not an id; use lower case and -, such as slow-mail")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{rule_id}.sql", folder / f"{rule_id}.toml"]
    for path in paths:
        if path.exists():
            raise RuleError(f"{path}: is there already; choose another id or folder")
    for path in paths:
        text = (sql_dir() / "skeleton" / f"rule{path.suffix}").read_text("utf-8")
        path.write_text(text, encoding="utf-8")
    return paths


def try_case(rule: Rule, case: dict[str, Any]) -> CaseResult:
    """Run one case in an empty store of its own."""
    with tempfile.TemporaryDirectory() as scratch:  # noqa: SIM117 - the store closes first
        with open_store(Path(scratch) / "case.duckdb") as con:
            return run_case(con, rule, case)


def load_cases(path: Path) -> list[dict[str, Any]]:
    """Read a rule's cases from its .toml file, whose path each gets as ``file``."""
    try:
        cases = tomllib.loads(path.read_text("utf-8")).get("case")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cases cannot be read: {error}") from error
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise RuleError(f"{path}: cases cannot be read: there is no [[case]] in it")
    for number, case in enumerate(cases, 1):
        where = f"{path}: case {case.get('name', number)}"
        for key in ("name", "expect"):
            if not isinstance(case.get(key), str):
                raise RuleError(f"{where}: '{key}' must be there, and a text")
        given = case.get("given", {})
        if not isinstance(given, dict) or not all(isinstance(rows, str) for rows in given.values()):
            raise RuleError(f"{where}: 'given' must hold tables, each of them CSV in a text")
    return [case | {"file": path} for case in cases]


def run_case(con: Connection, rule: Rule, case: dict[str, Any]) -> CaseResult:
    """Fill the log tables a case gives, derive, run the rule, compare its findings with the CSV.

    ``con`` is an empty store. Only the columns that ``expect`` names are compared, in any order.
    """
    where = f"{case['file']}: case {case['name']}"
    for table, rows in case.get("given", {}).items():
        try:
            give(con, table, rows)
        except (RuleError, duckdb.Error, pl.exceptions.PolarsError) as error:
            words = " ".join(str(error).partition("LINE 1:")[0].split())
            raise RuleError(f"{where}: {table}: {words}") from error
    expected = [line.strip() for line in case["expect"].strip().splitlines()]
    columns = expected[0] if expected else "*"
    known = {row["column_name"] for row in ask(con, "DESCRIBE finding")} | {"*"}
    if odd := [name for name in columns.split(",") if name not in known]:
        raise RuleError(f"{where}: 'expect' names '{odd[0]}', which is no column of finding")
    rebuild_derived(con, rule.sql)
    seal(con)
    run_rule(con, rule)
    found = pl.DataFrame(con.sql(f"SELECT {columns} FROM finding"))
    text = found.write_csv(datetime_format="%Y-%m-%d %H:%M:%S").strip() if found.height else ""
    if sorted(text.splitlines()) == sorted(expected):
        return CaseResult(rule.id, case["name"], None)
    problem = "expected\n{}\nfound\n{}".format("\n".join(expected), text)
    return CaseResult(rule.id, case["name"], problem)


def give(con: Connection, table: str, rows: str) -> None:
    """Put CSV rows into a log table; every host's rows are one source, a line each.

    A column ``file`` puts the rows of a host into several sources of these names.
    """
    if table not in GIVEN:
        raise RuleError(f"a case may give rows of {', '.join(GIVEN)}")
    given = pl.read_csv(rows.strip().encode(), infer_schema=False, row_index_name="record")
    if "file" not in given.columns:
        given = given.with_columns(file=pl.lit(None, pl.String))
    place = pl.concat_str("host", "file", separator="/", ignore_nulls=True)
    files = pl.when(pl.col("host").is_null()).then(0).otherwise(place.rank("dense"))
    number = files.cast(pl.Int32) * len(GIVEN) + list(GIVEN).index(table) + 1
    given = given.with_columns(record=pl.col("record") + 1, source_id=number)
    if table == "counter_sample":
        given = _numbered_counters(con, given)
    show(con, "given", given)
    names = [f'given."{name}"' for name in given.columns if name != "file"]
    more = [sql for name, sql in LEFT_OUT.get(table, {}).items() if name not in given.columns]
    con.execute(f"INSERT INTO {table} BY NAME SELECT {', '.join(names + more)} FROM given")
    format_ = GIVEN[table]
    if table == "tracking_event" and given["event"].str.contains(r"^[0-9]+$").all():
        format_ = "tracking_2003"
    sql = sql_text("load", "case").replace("log_table", table)
    sql = sql.replace("row_ts", "ts" if table not in TIMELESS else "CAST(NULL AS TIMESTAMP)")
    con.execute(sql, {"table": table, "format": format_})


def _numbered_counters(con: Connection, given: pl.DataFrame) -> pl.DataFrame:
    """Enter the counters that a case names by object, instance and counter; returns the samples."""
    named = ["host", "object", "instance", "counter"]
    path = pl.format("\\\\{}\\{}({})\\{}", *(pl.col(name).fill_null("") for name in named))
    counters = given.select(named).unique(maintain_order=True).with_row_index("counter_id", 1)
    insert(con, "counter", counters.with_columns(path=path))
    return given.join(counters, on=named, how="left", nulls_equal=True).drop(named[1:])
