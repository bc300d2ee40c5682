"""Every shipped rule: its cases, and what the runner makes of bad ones."""

from pathlib import Path
from typing import Any

import pytest

from logpipe.cases import find_cases, run_all_cases, run_case
from logpipe.errors import RuleError
from logpipe.model import Rule
from logpipe.rules import load_rules, run_rules
from logpipe.store import open_store
from tests.numbers import assert_recomputable

CASES = Path(__file__).parent / "rules"
FOUND = list(find_cases(CASES, load_rules()))

HEADER = """/*
title = "t"
severity = "low"
summary = "s"
why = "w"
todo = "d"
*/
"""


@pytest.mark.parametrize(
    ("rule", "case"), FOUND, ids=[f"{rule.id}: {case['name']}" for rule, case in FOUND]
)
def test_case(rule: Rule, case: dict[str, Any], tmp_path: Path) -> None:
    with open_store(tmp_path / "case.duckdb") as con:
        result = run_case(con, rule, case)
        assert result.problem is None, result.problem
        assert_recomputable(con)


def test_every_rule_has_cases() -> None:
    assert {rule.id for rule in load_rules()} == {rule.id for rule, _ in FOUND}


def test_every_rule_has_a_case_that_fires_and_one_that_stays_quiet() -> None:
    for rule in load_rules():
        text = (CASES / f"{rule.id}.toml").read_text("utf-8")
        assert 'expect = ""' in text, rule.id
        assert 'expect = """' in text, rule.id


def test_the_rules_the_design_fixes_for_this_stage_are_there() -> None:
    wanted = {
        "delayed-ndr", "idle-queue-item", "idle-until-restart",
        "service-restart", "scheduled-restart", "crash-loop", "unclean-shutdown",
    }  # fmt: skip
    assert wanted <= {rule.id for rule in load_rules()}


def test_every_parameter_says_its_meaning_and_is_used() -> None:
    for path in sorted((Path(__file__).parents[1] / "sql" / "rules").rglob("*.sql")):
        header, _, sql = path.read_text("utf-8").partition("*/")
        for line in header.partition("[params]")[2].strip().splitlines():
            name = line.partition(" =")[0]
            assert "#" in line, f"{path.name}: {name} has no meaning and unit"
            assert f"${name}" in sql, f"{path.name}: {name} is not used"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT 1", "no /* TOML header */"),
        ("/* title = */ SELECT 1", "header is not TOML"),
        (HEADER.replace("title", "titel") + "SELECT 1", "unknown header key 'titel'"),
        (HEADER.replace('todo = "d"', "") + "SELECT 1", "header key 'todo' is missing"),
        (HEADER.replace('"low"', '"bad"') + "SELECT 1", "severity must be one of"),
        (HEADER.replace("*/", "[params]\nrule = 1\n*/") + "SELECT 1", "'rule' is logpipe's own"),
        (HEADER.replace("*/", "[params]\nRule = 1\n*/") + "SELECT 1", "'Rule' is logpipe's own"),
    ],
)
def test_a_bad_header_is_told_with_its_file(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "x.sql").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=r"x\.sql") as caught:
        load_rules(tmp_path)
    assert words in str(caught.value)


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.sql").write_text(HEADER + "SELECT 1", encoding="utf-8")
    with pytest.raises(RuleError, match="two rules are called x"):
        load_rules(tmp_path)


def test_a_rule_without_cases_fails_its_test(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text(HEADER + "SELECT 1", encoding="utf-8")
    (result,) = run_all_cases(tmp_path, tmp_path)
    assert result.problem is not None
    assert "no x.toml" in result.problem


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT content FROM read_text('/etc/hostname')",
        "SELECT 1) ; DROP TABLE source ; SELECT (1",
        "SELECT 1; DROP TABLE source",
        "DELETE FROM source RETURNING path",
    ],
)
def test_a_rule_can_neither_write_nor_reach_out(tmp_path: Path, sql: str) -> None:
    (tmp_path / "x.sql").write_text(HEADER + sql, encoding="utf-8")
    with open_store(tmp_path / "x.duckdb") as con:
        with pytest.raises(RuleError, match="rule x"):
            run_rules(con, load_rules(tmp_path))
        assert con.execute("SELECT count(*) FROM source").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ("TIMESTAMP '2007-03-15' AS ts, TIMESTAMP '2006-03-15' AS ts_end",
         "ends at 2006-03-15 00:00:00, before its ts 2007-03-15 00:00:00: late"),
        ("TIMESTAMP 'infinity' AS ts", "has the ts infinity: late"),
        ("TIMESTAMP '0044-03-15 (BC) 00:00:00' AS ts", "has the ts 0044-03-15 (BC) 00:00:00: late"),
        ("TIMESTAMP '2007-03-15' AS ts, TIMESTAMP '20000-01-01' AS ts_end",
         "has the ts_end 20000-01-01 00:00:00: late"),
        ("TIMESTAMP '2007-03-15' AS ts, 7 AS source_id",
         "names source_id 7, which table source does not have: late"),
    ],
)  # fmt: skip
def test_a_finding_at_an_odd_time_or_of_no_source_is_refused(
    tmp_path: Path, times: str, words: str
) -> None:
    sql = f"SELECT 'k' AS incident_key, 'symptom' AS role, 'late' AS text, {times}"
    (tmp_path / "x.sql").write_text(HEADER + sql, encoding="utf-8")
    with open_store(tmp_path / "x.duckdb") as con:
        with pytest.raises(RuleError) as caught:
            run_rules(con, load_rules(tmp_path))
        assert str(caught.value) == f"rule x: a finding {words}"
        assert con.execute("SELECT count(*) FROM finding").fetchall() == [(0,)]


QUIET = "SELECT 'k' AS incident_key, 'symptom' AS role, TIMESTAMP '2007-09-03' AS ts, 't' AS text"
CASE = '[[case]]\nname = "n"\nexpect = ""\n'
GIVEN = CASE + "[case.given]\n"
MAIL = (
    GIVEN + "tracking_event = '''ts,host,event,message_id\n"
    "2007-09-03 08:00:00,EX1,1019,a@corp.example'''"
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('case = "x"', "no [[case]] in it"),
        ("", "no [[case]] in it"),
        ('[[case]]\nname = "n"', "case n: 'expect' must be there, and a text"),
        ('[[case]]\nexpect = ""', "case 1: 'name' must be there, and a text"),
        (CASE.replace('""', "5"), "case n: 'expect' must be there, and a text"),
        (CASE + 'given = "x"', "case n: 'given' must hold tables"),
        (GIVEN + 'tracking_event = ["a"]', "case n: 'given' must hold tables"),
        (GIVEN + 'tracking_event = ""', "case n: tracking_event: empty CSV"),
        (GIVEN + 'source = "a"', "case n: source: a case may give rows of"),
        (GIVEN + "counter_sample = '''ts,host\n2007-01-01,H'''", 'find column "object"'),
        (GIVEN + "registry_value = '''host,name\nH,x'''", "registry_value: "),
        (MAIL.replace("message_id", "nosuch"), 'column with name "nosuch"'),
        (MAIL.replace("host", "hosst"), 'unable to find column "host"'),
        (MAIL.replace("2007-09", "2007-99"), "timestamp field value out of range"),
        (MAIL.replace("a@corp", "x,y,a@corp"), "found more fields"),
        (GIVEN + "smtp_event = '''ts,host\n2007-01-01,H'''", "NOT NULL constraint failed"),
        (CASE.replace('""', '"nosuch\\n1"'), "'expect' names 'nosuch'"),
    ],
)
def test_a_case_that_is_none_is_one_line_that_says_what_is_wrong(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "x.sql").write_text(HEADER + QUIET + " WHERE false", encoding="utf-8")
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        run_all_cases(tmp_path, tmp_path)
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'x.toml'}: ")
    assert words in told
    assert "\n" not in told
    assert caught.value.exit_code == 3
