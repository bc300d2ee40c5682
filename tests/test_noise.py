"""Good weeks stay quiet: every rule has a budget, and nothing high is allowed."""

from typing import Any

import pytest

from benchmarks.healthy import BUDGETS, Noise, listen
from logpipe.rules import load_rules

Incident = dict[str, Any]
WEEK = {"start": "2021-05-03T00:00:00Z", "end": "2021-05-10T00:00:00Z", "incidents": []}


def raised(rule: str, severity: str) -> Incident:
    return {
        "rule": rule, "host": "EX16", "service": "", "severity": severity, "known_problem": None,
        "verdict": None, "started_at": "2021-05-04T10:00:00Z", "ended_at": "2021-05-04T11:00:00Z",
        "title": "", "summary": "", "findings": [], "measures": {},
    }  # fmt: skip


def weeks(count: int, *incidents: Incident) -> Noise:
    """Return the noise of so many quiet weeks, and of one more with these incidents."""
    noise = Noise()
    for number in range(count):
        noise.add(f"week {number}", WEEK, {"incidents": []})
    noise.add("the last", WEEK, {"incidents": list(incidents)})
    return noise


@pytest.mark.parametrize(
    ("scenario", "difficulty"), [("week_gateway", "hard"), ("week_exchange2016", "normal")]
)
def test_a_good_week_is_within_the_budget(scenario: str, difficulty: str) -> None:
    assert list(listen([3], [scenario], [difficulty]).over()) == []


def test_one_high_incident_is_over_any_budget() -> None:
    found = weeks(99, raised("queue-growth", "high"))
    assert list(found.over()) == ["queue-growth: 1 high or critical, none allowed"]


def test_a_rule_without_a_word_in_the_table_may_be_wrong_once_in_a_hundred_weeks() -> None:
    one = raised("crash-loop", "low")
    assert list(weeks(3, one).over()) == []
    assert list(weeks(99, one, one).over()) == ["crash-loop: 2 false alarms, 0.01 a week allowed"]


def test_what_the_truth_knows_is_no_false_alarm() -> None:
    truth = WEEK | {"incidents": [raised("service-restart", "low")]}
    noise = Noise()
    noise.add("one", truth, {"incidents": [raised("service-restart", "low")]})
    assert noise.alarms.total() == 0


def test_info_has_a_budget_of_its_own() -> None:
    found = weeks(0, *(raised("remote-outage", "info") for _ in range(5)))
    assert list(found.over()) == ["remote-outage: 5 info, 2 a week allowed"]
    assert "remote-outage              0.000" in "\n".join(found.table())


def test_every_budget_is_of_a_rule_that_ships() -> None:
    assert set(BUDGETS) <= {rule.id for rule in load_rules()}
