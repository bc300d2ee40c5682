"""Counts the incidents of good weeks, rule by rule, against a budget.

``python -m benchmarks.healthy 1 100`` builds every good week with each seed from the first to
before the last, normal and hard (or as asked), and prints per rule how many incidents a week it
raised. A false alarm is an incident above ``info`` that the truth does not know. Exit code 1: some
rule is over its budget, or some incident is high or critical.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.score import GRAVE, Incident, compare
from logpipe.analyze import analyze
from logpipe.rules import load_rules
from samples.generator import HEALTHY, build


class Budget(NamedTuple):
    """What a rule may raise in a good week: false alarms, and incidents of severity info."""

    alarms: float
    info: float


USUAL = Budget(alarms=0.01, info=0.1)
BUDGETS = {  # rules that may say more
    "remote-outage": Budget(alarms=0.02, info=2),  # dead domains and short outages are told as info
    "expired-mail": Budget(alarms=0, info=0.5),  # to a dead domain, where a log hides the attempts
    "queue-growth": Budget(alarms=0.02, info=0.2),
    "log-gap": Budget(alarms=0.1, info=2),  # hard collections do have gaps
    "clock-skew": Budget(alarms=0.05, info=1),
    "service-restart": Budget(alarms=0.05, info=0.1),
}


@dataclass(slots=True)
class Noise:
    """What good weeks raised, by rule."""

    weeks: float = 0
    alarms: Counter[str] = field(default_factory=Counter)
    info: Counter[str] = field(default_factory=Counter)
    grave: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)  # where each alarm was

    def add(self, where: str, truth: Incident, report: Incident) -> None:
        """Count one bundle."""
        outcome = compare(where, 0, truth, report)
        self.weeks += outcome.days / 7
        for one in outcome.extra:
            self.alarms[one["rule"]] += 1
            self.told.append(f"{where}: {one['rule']} {one['host']} {one['severity']}")
        for one in report["incidents"]:
            self.info[one["rule"]] += one["severity"] == "info"
            self.grave[one["rule"]] += one["severity"] in GRAVE

    def rules(self) -> list[str]:
        """Return the rules that raised anything counted here."""
        counted = self.alarms + self.info + self.grave
        return sorted(rule for rule, number in counted.items() if number)

    def over(self) -> Iterator[str]:
        """Yield what is over its budget; the budget of high and critical is nothing."""
        for rule in self.rules():
            budget = BUDGETS.get(rule, USUAL)
            if self.grave[rule]:
                yield f"{rule}: {self.grave[rule]} high or critical, none allowed"
            # one is no rate: a budget below one a run is judged from the second on
            if self.alarms[rule] > max(budget.alarms * self.weeks, budget.alarms > 0):
                yield f"{rule}: {self.alarms[rule]} false alarms, {budget.alarms} a week allowed"
            if self.info[rule] > max(budget.info * self.weeks, budget.info > 0):
                yield f"{rule}: {self.info[rule]} info, {budget.info} a week allowed"

    def table(self) -> Iterator[str]:
        """Yield the lines of the summary."""
        yield f"{'rule':20} alarms/week budget  info/week budget  high"
        for rule in self.rules():
            budget = BUDGETS.get(rule, USUAL)
            yield (
                f"{rule:20} {self.alarms[rule] / self.weeks:11.3f} {budget.alarms:6.2f} "
                f"{self.info[rule] / self.weeks:10.3f} {budget.info:6.2f} {self.grave[rule]:5}"
            )
        yield f"good weeks: {self.weeks:.0f}"


def listen(seeds: Sequence[int], scenarios: Sequence[str], difficulties: Sequence[str]) -> Noise:
    """Build and analyse good weeks; return what they raised."""
    noise = Noise()
    for seed in seeds:
        for scenario in scenarios:
            for difficulty in difficulties:
                with tempfile.TemporaryDirectory() as folder:
                    root = Path(folder)
                    truth = build(scenario, root, seed=seed, difficulty=difficulty)
                    report = analyze([root / scenario], root / "out", load_rules(), force=False)
                noise.add(f"{scenario} {seed} {difficulty}", truth, report)
    return noise


def main() -> int:
    """Print what good weeks raised, and what of it is over budget."""
    parser = ArgumentParser(prog="python -m benchmarks.healthy", description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--difficulty", action="append", choices=("easy", "normal", "hard"))
    parser.add_argument("--scenario", action="append", choices=sorted(HEALTHY))
    asked = parser.parse_args()
    noise = listen(
        range(asked.first, asked.last),
        asked.scenario or HEALTHY,
        asked.difficulty or ("normal", "hard"),
    )
    over = list(noise.over())
    for line in (*noise.told, *noise.table(), *(f"over budget: {line}" for line in over)):
        sys.stdout.write(f"{line}\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
