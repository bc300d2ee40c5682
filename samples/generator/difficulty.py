"""How complete and clean a collection of logs is: easy, normal or hard."""

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from samples.generator import facts

LEVELS = ("easy", "normal", "hard")
MOST_SKEW = 240.0  # seconds a clock may be wrong


@dataclass(slots=True)
class Difficulty:
    """What one collection lacks and suffers from; each choice follows from seed and name alone."""

    level: str = "normal"
    seed: int = 0
    clocks: dict[str, timedelta] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a level that is none."""
        if self.level not in LEVELS:
            raise ValueError(f"difficulty is one of {', '.join(LEVELS)}, not {self.level}")

    @property
    def hard(self) -> bool:
        """Whether anything may be missing, damaged or wrong."""
        return self.level == "hard"

    def dice(self, *what: str) -> Random:
        """Return the generator of one choice."""
        return Random(f"{self.seed} {self.level} {' '.join(what)}")

    def lacks(self, what: str, share: float = 0.3) -> bool:
        """Return whether a source that is no must was not collected."""
        return self.hard and self.dice("lacks", what).random() < share

    def skew(self, host: str) -> timedelta:
        """Return how far the host's clock is ahead."""
        if not self.hard:
            return self.clocks.get(host, timedelta(0))
        drawn = timedelta(seconds=round(self.dice("skew", host).uniform(-MOST_SKEW, MOST_SKEW)))
        return self.clocks.setdefault(host, drawn)

    def evidence(self, *choices: str) -> str:
        """Return which evidence of a version was collected: always the first when easy."""
        if self.level == "easy":
            return choices[0]
        return self.dice("evidence").choice(choices)

    def shows(self, what: str) -> bool:
        """Return whether the evidence that decides was collected: versions, settings."""
        return self.evidence("there", "none") == "there" and not self.lacks(what)


def as_dated(happened: list[facts.Fact], ahead: timedelta) -> list[facts.Fact]:
    """Return the facts as a host dates them whose clock is ahead."""
    if not ahead:
        return happened
    known: dict[str, facts.Message] = {}
    return [_moved(fact, ahead, known) for fact in happened]


def _moved(value: Any, ahead: timedelta, known: dict[str, facts.Message]) -> Any:
    match value:
        case datetime():
            return value + ahead
        case facts.Message():
            if value.id not in known:
                known[value.id] = dataclasses.replace(value, accepted_at=value.accepted_at + ahead)
            return known[value.id]
        case tuple():
            return tuple(_moved(one, ahead, known) for one in value)
        case _ if type(value).__module__ == facts.__name__:
            changed = {
                part.name: _moved(getattr(value, part.name), ahead, known)
                for part in dataclasses.fields(value)
            }
            return type(value)(**changed)
    return value
