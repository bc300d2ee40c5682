"""Compares the numbers of incidents with what the queries of docs/numbers.md make of the tables."""

from typing import Any

from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask

INCIDENTS = """
SELECT incident_id, started_at, ended_at, messages FROM incident WHERE rule = $rule
"""
MEASURES = """
SELECT m.incident_id, m.measure, m.value
FROM incident_measure AS m
JOIN incident AS i ON i.incident_id = m.incident_id
WHERE i.rule = $rule
"""
Numbers = dict[str, dict[str, Any]]


def assert_recomputable(con: Connection) -> None:
    """Assert that every number of every incident is what its rule's query gives, and no more."""
    for row in ask(con, "SELECT DISTINCT rule FROM finding ORDER BY rule"):
        assert recomputed(con, row["rule"]) == told(con, row["rule"]), row["rule"]


def told(con: Connection, rule: str) -> Numbers:
    """Return the numbers of a rule's incidents, those that are none left out."""
    numbers: Numbers = {}
    for row in ask(con, INCIDENTS, {"rule": rule}):
        numbers[row.pop("incident_id")] = row
    for row in ask(con, MEASURES, {"rule": rule}):
        numbers[row["incident_id"]][row["measure"]] = row["value"]
    return {name: _known(row) for name, row in numbers.items()}


def recomputed(con: Connection, rule: str) -> Numbers:
    """Return the same as the rule's query has it."""
    rows = ask(con, sql_text("numbers", rule))
    numbers = {row.pop("incident_id"): _known(row) for row in rows}
    assert len(numbers) == len(rows), f"{rule}: several rows of one incident"
    return numbers


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """Return what has a value; no message is no number of messages."""
    known = {name: value for name, value in row.items() if value is not None}
    if known.get("messages") == 0:
        del known["messages"]
    return known
