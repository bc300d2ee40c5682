"""Scores detection against the truth of simulated bundles.

``python -m benchmarks.score 51 53 --difficulty hard --scenario leak910932`` builds every scenario
(or those named) with each seed from the first to before the last, and prints what was missed, what
was too much, and how far verdicts, onsets and counts are off. An incident of the truth that is
optional may be found or not. Nothing below ``info`` is an alarm.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from logpipe.analyze import analyze
from logpipe.rules import load_rules
from samples.generator import HEALTHY, SCENARIOS, build

Incident = dict[str, Any]
TOLERANCE = timedelta(minutes=45)  # by which two spans may miss each other and be the same
LATE_MIN = 10  # minutes by which a beginning may be off unsaid
GRAVE = {"high", "critical"}
# the truth of the committed bundles does not tell problems or outages; these have successors
SCORED = [name for name in SCENARIOS if name not in {"gateway2003", "exchange2003"}]
NAMING = {"confirmed", "supported", "possible"}


@dataclass(slots=True)
class Match:
    """An incident of the truth with the one that was found for it."""

    want: Incident
    got: Incident

    @property
    def onset_min(self) -> float:
        """Minutes between the true and the found beginning."""
        apart = _moment(self.got["started_at"]) - _moment(self.want["started_at"])
        return abs(apart) / timedelta(minutes=1)

    @property
    def verdict_right(self) -> bool:
        """Whether the known problem and how sure it is are those of the truth."""
        problem = self.want.get("known_problem")
        if self.got.get("known_problem") != problem:
            return False
        return problem is None or self.got.get("verdict") == self.want["verdict"]

    @property
    def count_error(self) -> float | None:
        """How far the number of affected messages is off, as a share of the true number."""
        true: int | None = self.want.get("messages")
        if not true:
            return None
        found: float = self.got["measures"].get("messages", 0)
        return abs(found - true) / true


@dataclass(slots=True)
class Outcome:
    """How one bundle fared."""

    scenario: str
    seed: int
    days: float
    matches: list[Match] = field(default_factory=list)
    missed: list[Incident] = field(default_factory=list)
    extra: list[Incident] = field(default_factory=list)
    blamed: list[Incident] = field(default_factory=list)  # named a known problem that is not there


def score(scenario: str, seed: int, difficulty: str) -> Outcome:
    """Build a bundle, analyse it and compare."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        truth = build(scenario, root, seed=seed, difficulty=difficulty)
        report = analyze([root / scenario], root / "out", load_rules(), force=False)
    return compare(scenario, seed, truth, report)


def compare(scenario: str, seed: int, truth: Incident, report: Incident) -> Outcome:
    """Match what was found with what is true."""
    days = (_moment(truth["end"]) - _moment(truth["start"])) / timedelta(days=1)
    outcome = Outcome(scenario, seed, days)
    left = list(report["incidents"])
    for want in truth["incidents"]:
        if want.get("optional"):
            continue
        fitting = [one for one in left if _fits(want, one)]
        if not fitting:
            outcome.missed.append(want)
            continue
        got = min(fitting, key=lambda one: _distance(want, one))
        left.remove(got)
        outcome.matches.append(Match(want, got))
    for got in left:
        allowed = any(_fits(want, got) for want in truth["incidents"])
        if got["severity"] != "info" and not allowed:
            outcome.extra.append(got)
    true = {one.get("known_problem") for one in truth["incidents"]}
    outcome.blamed = [
        one
        for one in report["incidents"]
        if one.get("known_problem") not in true and one.get("verdict") in NAMING
    ]
    return outcome


def _fits(want: Incident, got: Incident) -> bool:
    hosts = want.get("pair", [want["host"]])
    if want["rule"] != got["rule"] or got["host"] not in hosts:
        return False
    begun, ended = _moment(got["started_at"]), _moment(got["ended_at"] or "9999-01-01T00:00:00Z")
    first, last = _moment(want["started_at"]), _moment(want["ended_at"] or "9999-01-01T00:00:00Z")
    return begun - TOLERANCE <= last and (ended - first) >= -TOLERANCE


def _distance(want: Incident, got: Incident) -> tuple[bool, bool, float]:
    """Return how unlike two fitting incidents are: by service, by place named, by onset."""
    other = bool(want["service"]) and want["service"] != got["service"]
    domain = want.get("domain", "")
    text = f"{got['title']} {got['summary']}" + " ".join(one["text"] for one in got["findings"])
    return other, domain not in text, Match(want, got).onset_min


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def told(outcome: Outcome) -> str:
    """Return one line about a bundle, and one for each thing wrong with it."""
    head = (
        f"{outcome.scenario:18} {outcome.seed:4}: {len(outcome.matches)} found, "
        f"{len(outcome.missed)} missed, {len(outcome.extra)} too many"
    )
    lines = [head]
    lines += [f"    missed   {_named(one)}" for one in outcome.missed]
    lines += [
        f"    too many {_named(one)} {one['severity']}: {one['title']}" for one in outcome.extra
    ]
    lines += [
        f"    verdict  {_named(match.want)}: wanted {_verdict(match.want)}, "
        f"got {_verdict(match.got)}"
        for match in outcome.matches
        if not match.verdict_right
    ]
    lines += [f"    blamed   {_named(one)}: {_verdict(one)}" for one in outcome.blamed]
    for match in outcome.matches:
        error = match.count_error
        if error:
            found = match.got["measures"].get("messages", 0)
            lines.append(f"    count    {_named(match.want)}: {found} of {match.want['messages']}")
        if match.onset_min > LATE_MIN:
            lines.append(f"    onset    {_named(match.want)}: {match.onset_min:.0f} min off")
    return "\n".join(lines)


def _named(one: Incident) -> str:
    return f"{one['rule']} {one['host']} {one['service']} {one['started_at']}"


def _verdict(one: Incident) -> str:
    return f"{one.get('known_problem')} {one.get('verdict')}"


def table(outcomes: list[Outcome]) -> Iterable[str]:
    """Yield the lines of the summary."""
    matches = [match for one in outcomes for match in one.matches]
    missed = [want for one in outcomes for want in one.missed]
    extra = [got for one in outcomes for got in one.extra]
    rules = sorted({one["rule"] for one in [*(match.want for match in matches), *missed, *extra]})
    yield f"{'rule':20} wanted recall precision verdicts onset_min count_error"
    for rule in [*rules, "all"]:
        hits = [match for match in matches if rule in {match.want["rule"], "all"}]
        lost = sum(rule in {one["rule"], "all"} for one in missed)
        more = sum(rule in {one["rule"], "all"} for one in extra)
        right = sum(match.verdict_right for match in hits)
        onset = median([match.onset_min for match in hits] or [0.0])
        errors = [error for match in hits if (error := match.count_error) is not None]
        wrong = f"{sum(errors) / len(errors):11.3f}" if errors else f"{'-':>11}"
        yield (
            f"{rule:20} {len(hits) + lost:6} {_share(len(hits), len(hits) + lost)} "
            f"{_share(len(hits), len(hits) + more):>9} {_share(right, len(hits)):>8} "
            f"{onset:9.1f} {wrong}"
        )
    yield f"known problems named wrongly: {sum(len(one.blamed) for one in outcomes)}"
    good = [one for one in outcomes if one.scenario in HEALTHY]
    weeks = sum(one.days for one in good) / 7
    if weeks:
        alarms = [got for one in good for got in one.extra]
        grave = sum(got["severity"] in GRAVE for got in alarms)
        yield (
            f"healthy weeks: {weeks:.0f}; above info {len(alarms) / weeks:.2f} a week, "
            f"high or critical {grave}"
        )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:6.3f}" if whole else f"{'-':>6}"


def main() -> None:
    """Print what is wrong with each bundle, and the summary."""
    parser = ArgumentParser(prog="python -m benchmarks.score", description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--difficulty", default="normal", choices=("easy", "normal", "hard"))
    parser.add_argument("--scenario", action="append", choices=sorted(SCENARIOS))
    asked = parser.parse_args()
    outcomes = []
    for seed in range(asked.first, asked.last):
        for scenario in asked.scenario or SCORED:
            outcome = score(scenario, seed, asked.difficulty)
            outcomes.append(outcome)
            sys.stdout.write(f"{told(outcome)}\n")
            sys.stdout.flush()
    sys.stdout.write("\n" + "".join(f"{line}\n" for line in table(outcomes)))


if __name__ == "__main__":
    main()
