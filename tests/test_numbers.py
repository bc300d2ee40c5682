"""The queries of docs/numbers.md: every rule and number has one.

That they give what incidents tell is asserted where the stores are: for each case of a rule in
test_rules.py, for the bundles in test_samples.py.
"""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.make_numbers import PAGE, page, query
from logpipe.cli import app
from logpipe.derived import rebuild_derived
from logpipe.model import Rule
from logpipe.portable import flaws
from logpipe.rules import load_rules
from logpipe.sqlfiles import sql_files, sql_text
from logpipe.store import open_store

RULES = load_rules()
NAMED = re.compile(r"\$(\w+)")


def test_the_page_of_numbers_is_what_its_generator_makes() -> None:
    made = page()
    assert made == PAGE.read_text("utf-8"), "out of date: run 'python docs/make_numbers.py'"


def test_every_rule_has_a_query_for_its_numbers_and_no_query_is_without_its_rule() -> None:
    assert [path.stem for path in sql_files("numbers")] == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_measure_that_a_rule_speaks_of_is_a_column_of_its_query(rule: Rule) -> None:
    sql = sql_text("numbers", rule.id)
    for name in set(NAMED.findall(f"{rule.title} {rule.summary}")) - {"host", "service"}:
        assert re.search(rf"\bAS {name}\b|\b\w\.{name}\b", sql), name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_queries_rest_on_tables_below_the_findings_and_run_elsewhere(rule: Rule) -> None:
    sql = sql_text("numbers", rule.id)
    assert not re.search(r"\b(?:finding|incident_measure|sign|verdict)\b", sql)
    assert list(flaws(sql)) == []


@pytest.mark.parametrize("path", sql_files("numbers"), ids=lambda path: path.stem)
def test_every_query_says_in_words_what_it_counts(path: Path) -> None:
    assert query(path).words.endswith(".")


def test_the_query_of_a_rule_can_be_printed_and_asked(tmp_path: Path) -> None:
    store = tmp_path / "empty.duckdb"
    with open_store(store) as con:
        rebuild_derived(con)
    printed = CliRunner().invoke(app, ["rules", "numbers", "clock-skew"])
    asked = CliRunner().invoke(app, ["query", "-", "--db", str(store)], input=printed.stdout)
    assert asked.stdout.endswith("0 rows\n")
    assert CliRunner().invoke(app, ["rules", "numbers", "no-rule"]).exit_code != 0
