"""Rules: loading the .sql files and running them into table finding."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import polars as pl

from logpipe.errors import RuleError
from logpipe.model import Rule
from logpipe.query import is_one_select, seal
from logpipe.sqlfiles import split_header, sql_dir, sql_files, sql_text
from logpipe.store import Connection, insert, rebuild_derived, show, transaction

KEYS = {"title", "severity", "summary", "needs", "why", "todo", "references", "params"}
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
SEVERITIES = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case of one rule ended: ``problem`` is None where it passed."""

    rule: str
    name: str
    problem: str | None


def load_rule(path: Path) -> Rule:
    """Read one rule; its id is the file's name. Raises RuleError, naming the file, on a bad one."""
    header, sql = split_header(path)
    if unknown := sorted(set(header) - KEYS):
        known = ", ".join(sorted(KEYS))
        raise RuleError(f"{path}: unknown header key '{unknown[0]}'; known: {known}")
    if missing := sorted(KEYS - {"needs", "references", "params"} - set(header)):
        raise RuleError(f"{path}: header key '{missing[0]}' is missing; see docs/rules.md")
    for key in ("title", "summary"):
        if not Template(str(header[key])).is_valid():
            raise RuleError(f"{path}: {key}: write $$ for a dollar sign")
    for key in ("needs", "references"):
        if not isinstance(header.get(key, []), list):
            raise RuleError(f"{path}: {key} must be a list of texts")
    params = header.get("params", {})
    if not isinstance(params, dict) or not all(
        isinstance(value, int | float | str) for value in params.values()
    ):
        raise RuleError(f"{path}: params must be a table of numbers and texts")
    if header["severity"] not in SEVERITIES:
        raise RuleError(f"{path}: severity must be one of {', '.join(SEVERITIES)}")
    return Rule(
        id=path.stem,
        title=str(header["title"]),
        severity=str(header["severity"]),
        summary=str(header["summary"]),
        needs=tuple(map(str, header.get("needs", ()))),
        why=str(header["why"]),
        todo=str(header["todo"]),
        references=tuple(map(str, header.get("references", ()))),
        params=dict(params),
        sql=sql,
    )


def load_rules(folder: Path | None = None) -> list[Rule]:
    """Read every rule under a folder (the shipped rules by default), sorted by id."""
    folder = folder or sql_dir() / "rules"
    if not folder.is_dir():
        raise RuleError(f"{folder}: no such folder of rules")
    if not any(path.is_file() for path in folder.rglob("*.sql")):
        raise RuleError(f"{folder}: no rules (.sql files) in it")
    rules = sorted(
        (load_rule(path) for path in folder.rglob("*.sql") if path.is_file()),
        key=lambda rule: rule.id,
    )
    for one, other in pairwise(rules):
        if one.id == other.id:
            raise RuleError(f"{folder}: two rules are called {one.id}; rename one")
    return rules


def run_rules(con: Connection, rules: Iterable[Rule]) -> None:
    """Run the rules over the store, then the diagnosis: all results anew, in one transaction.

    Rules may be a stranger's: from here on the connection reaches neither files nor network.
    """
    seal(con)
    with transaction(con):
        con.execute("DELETE FROM finding")
        con.execute("DELETE FROM rule")
        for rule in rules:
            _describe(con, rule)
            run_rule(con, rule)
        diagnose(con)


def diagnose(con: Connection) -> None:
    """Match the incidents with the known problems: tables sign and verdict, all rows anew."""
    con.execute("DELETE FROM sign")
    con.execute("DELETE FROM verdict")
    for file in sql_files("diagnosis"):
        con.execute(file.read_text("utf-8"))


def run_rule(con: Connection, rule: Rule) -> None:
    """Append one rule's findings; the table's own DDL is the contract that a rule must meet."""
    query = f"INSERT INTO finding BY NAME SELECT $rule AS rule, * FROM (\n{rule.sql}\n)"
    try:
        if not is_one_select(con, rule.sql):
            raise RuleError(f"rule {rule.id}: must be one SELECT and nothing else")
        con.execute(query, {"rule": rule.id} | rule.params)
    except duckdb.Error as error:
        raise RuleError(f"rule {rule.id}: {' '.join(str(error).split())}") from error


def _describe(con: Connection, rule: Rule) -> None:
    """Write a rule's words into table rule, so that the store explains itself."""
    con.execute(
        "INSERT INTO rule VALUES "
        "($id, $title, $severity, $summary, $why, $todo, $references, $params)",
        {
            "id": rule.id,
            "title": rule.title,
            "severity": rule.severity,
            "summary": rule.summary,
            "why": rule.why,
            "todo": rule.todo,
            "references": list(rule.references),
            "params": json.dumps(rule.params, sort_keys=True),
        },
    )


def load_cases(path: Path) -> list[dict[str, Any]]:
    """Read a rule's cases from its .toml file."""
    try:
        return list(tomllib.loads(path.read_text("utf-8"))["case"])
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise RuleError(f"{path}: cases cannot be read: {error}") from error


def run_case(con: Connection, rule: Rule, case: dict[str, Any]) -> CaseResult:
    """Fill the log tables a case gives, derive, run the rule, compare its findings with the CSV.

    ``con`` is an empty store. Only the columns that ``expect`` names are compared, in any order.
    """
    for table, rows in case.get("given", {}).items():
        _give(con, table, rows)
    rebuild_derived(con)
    seal(con)
    run_rule(con, rule)
    expected = [line.strip() for line in case["expect"].strip().splitlines()]
    columns = expected[0] if expected else "*"
    found = pl.DataFrame(con.sql(f"SELECT {columns} FROM finding"))
    text = found.write_csv(datetime_format="%Y-%m-%d %H:%M:%S").strip() if found.height else ""
    if sorted(text.splitlines()) == sorted(expected):
        return CaseResult(rule.id, case["name"], None)
    problem = "expected\n{}\nfound\n{}".format("\n".join(expected), text)
    return CaseResult(rule.id, case["name"], problem)


def _give(con: Connection, table: str, rows: str) -> None:
    """Put CSV rows into a log table; every host's rows are one source, a line each."""
    if table not in GIVEN:
        raise RuleError(f"{table}: a case may give rows of {', '.join(GIVEN)}")
    given = pl.read_csv(rows.strip().encode(), infer_schema=False, row_index_name="record")
    hosts = pl.col("host").rank("dense").fill_null(0).cast(pl.Int32)
    number = hosts * len(GIVEN) + list(GIVEN).index(table) + 1
    given = given.with_columns(record=pl.col("record") + 1, source_id=number)
    if table == "counter_sample":
        given = _numbered_counters(con, given)
    show(con, "given", given)
    names = [f'given."{name}"' for name in given.columns]
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
