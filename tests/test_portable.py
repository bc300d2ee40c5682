"""SQL that is to run on other engines too, and rules to start from."""

from pathlib import Path

import pytest

from logpipe.cases import run_all_cases, write_skeleton
from logpipe.errors import RuleError
from logpipe.portable import FOUNDATIONS, flaws
from logpipe.rules import load_rules
from logpipe.sqlfiles import sql_files


def test_the_shipped_rules_use_nothing_that_other_engines_lack() -> None:
    assert [(each.id, flaw) for each in load_rules() for flaw in flaws(each.sql)] == []


@pytest.mark.parametrize("folder", FOUNDATIONS)
def test_what_rules_stand_on_uses_nothing_that_other_engines_lack(folder: str) -> None:
    files = sql_files(folder)
    assert files
    assert [(file.name, flaw) for file in files for flaw in flaws(file.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("SELECT 1 FROM a ASOF JOIN b USING (ts)", "ASOF JOIN"),
        ("SELECT date_diff('hour', a, b)", "date_diff"),
        ("SELECT time_bucket(INTERVAL 1 HOUR, ts)", "time_bucket"),
        ("SELECT extract(dow FROM ts)", "extract(dow)"),
        ("SELECT extra ->> 'x'", "JSON arrows"),
        ("SELECT 1 UNION ALL BY NAME SELECT 2", "UNION BY NAME"),
        ("SELECT * REPLACE (1 AS a) FROM t", "* REPLACE"),
        ("SELECT regexp_replace(a, 'x', 'y')", "regexp_replace"),
        ("SELECT median(x) FROM t", "median"),
    ],
)
def test_a_construct_that_others_lack_is_told_with_its_line(sql: str, word: str) -> None:
    (flaw,) = flaws(f"-- median(x) in a comment is none\n{sql}")
    assert flaw.line == 2
    assert flaw.words.startswith(word)


def test_words_in_texts_and_replacements_of_all_are_fine() -> None:
    sql = "SELECT 'date_diff(' || regexp_replace(a, 'x', 'y', 'g') || md5(a), array_length(l)"
    assert list(flaws(sql)) == []


def test_a_rule_to_start_from_passes_its_test_and_is_never_written_over(tmp_path: Path) -> None:
    write_skeleton("slow-mail", tmp_path)
    results = run_all_cases(tmp_path, tmp_path)
    assert [result.problem for result in results] == [None, None]
    assert list(flaws(load_rules(tmp_path)[0].sql)) == []
    with pytest.raises(RuleError, match="is there already"):
        write_skeleton("slow-mail", tmp_path)
    with pytest.raises(RuleError, match="not an id"):
        write_skeleton("../evil", tmp_path)
