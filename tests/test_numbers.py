"""The queries of docs/numbers.md: every rule and number has one.

That they give what incidents tell is asserted where the stores are: for each case of a rule in
test_rules.py, for the bundles in test_samples.py.
"""

import re
from pathlib import Path

import pytest

from docs.make_numbers import PAGE, page, queries
from logpipe.model import Rule
from logpipe.portable import flaws
from logpipe.rules import load_rules
from logpipe.sqlfiles import sql_files

RULES = load_rules()
NAMED = re.compile(r"\$(\w+)")


def sql_of(rule: Rule) -> str:
    (path,) = (path for path in sql_files("numbers") if path.stem == rule.id)
    return "\n".join(query.sql for query in queries(path))


def test_the_page_of_numbers_is_what_its_generator_makes() -> None:
    made = page()
    assert made == PAGE.read_text("utf-8"), "out of date: run 'python docs/make_numbers.py'"


def test_every_rule_has_queries_for_its_numbers_and_no_query_is_without_its_rule() -> None:
    assert [path.stem for path in sql_files("numbers")] == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_measure_that_a_rule_speaks_of_is_a_column_of_its_queries(rule: Rule) -> None:
    sql = sql_of(rule)
    for name in set(NAMED.findall(f"{rule.title} {rule.summary}")) - {"host", "service"}:
        assert re.search(rf"\bAS {name}\b|\b\w\.{name}\b", sql), name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_queries_rest_on_tables_below_the_findings_and_run_elsewhere(rule: Rule) -> None:
    sql = sql_of(rule)
    assert not re.search(r"\b(?:finding|incident_measure|sign|verdict)\b", sql)
    assert list(flaws(sql)) == []


@pytest.mark.parametrize("path", sql_files("numbers"), ids=lambda path: path.stem)
def test_every_query_says_in_words_what_it_counts(path: Path) -> None:
    for query in queries(path):
        assert query.words.endswith("."), query.sql
