"""Rules: loading the .sql files and running them into table finding."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from string import Template

import duckdb

from logpipe.errors import RuleError
from logpipe.model import Rule
from logpipe.query import is_one_select, seal
from logpipe.sqlfiles import split_header, sql_dir, sql_files, sql_text
from logpipe.store import Connection, ask, is_damage, transaction

KEYS = {"title", "severity", "summary", "needs", "why", "todo", "references", "params"}
SEVERITIES = ("info", "low", "medium", "high", "critical")
RESERVED = {"rule"}  # parameters that the runner gives itself


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
    if taken := sorted(name for name in params if name.lower() in RESERVED):
        raise RuleError(f"{path}: params: '{taken[0]}' is logpipe's own; choose another name")
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
            run_rule(con, rule)
        diagnose(con)


def diagnose(con: Connection) -> None:
    """Match the incidents with the known problems: tables sign and verdict, all rows anew."""
    con.execute("DELETE FROM sign")
    con.execute("DELETE FROM verdict")
    for file in sql_files("diagnosis"):
        con.execute(file.read_text("utf-8"))


def run_rule(con: Connection, rule: Rule) -> None:
    """Append a rule's words and findings; table finding is the contract that it must meet."""
    _describe(con, rule)
    query = f"INSERT INTO finding BY NAME SELECT $rule AS rule, * FROM (\n{rule.sql}\n)"
    try:
        if not is_one_select(con, rule.sql):
            raise RuleError(f"rule {rule.id}: must be one SELECT and nothing else")
        con.execute(query, {"rule": rule.id} | rule.params)
    except duckdb.Error as error:
        if is_damage(error):  # no fault of the rule
            raise
        raise RuleError(f"rule {rule.id}: {' '.join(str(error).split())}") from error
    _check_findings(con, rule)


def _check_findings(con: Connection, rule: Rule) -> None:
    """Raise where a finding is at no time of a calendar, ends too early, or names no source."""
    odd = ask(con, sql_text("reports", "odd_findings"), {"rule": rule.id})
    if odd:
        raise RuleError(f"rule {rule.id}: a finding {odd[0]['what']}: {odd[0]['text']}")


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
