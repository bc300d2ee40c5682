"""The memory of processes: what facts make a process keep, until a service start frees it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Protocol

from samples.generator import facts

MIB = 1024 * 1024


class Keeper(Protocol):
    """Something in a process that keeps memory."""

    services: tuple[str, ...]  # whose start frees it

    def feel(self, fact: facts.Fact) -> None:
        """Take note of a fact."""

    def kept(self) -> float:
        """Return the bytes it keeps now."""

    def clear(self) -> None:
        """Free everything."""


@dataclass(slots=True)
class Domains:
    """An entry for every domain ever sent to: what KB 910932 describes."""

    services: tuple[str, ...]
    each: float = 44_000
    seen: set[str] = field(default_factory=set)

    def feel(self, fact: facts.Fact) -> None:
        """Note a domain when mail is routed to it."""
        if isinstance(fact, facts.Queued) and not fact.local:
            self.seen.add(fact.recipients[0].split("@")[1])

    def kept(self) -> float:
        """Return the bytes of the entries."""
        return self.each * len(self.seen)

    def clear(self) -> None:
        """Forget every domain."""
        self.seen.clear()


@dataclass(slots=True)
class Handles:
    """Something left behind by each fact of one type that counts; with a limit, a cache."""

    services: tuple[str, ...]
    each: float
    kind: type
    limit: float = 0.0  # bytes a cache may hold; 0 is a leak, without a limit
    count: int = 0

    def feel(self, fact: facts.Fact) -> None:
        """Count a fact, but for client sessions only those whose back end refused."""
        if isinstance(fact, self.kind) and not (
            isinstance(fact, facts.ClientSession) and not fact.refused
        ):
            self.count += 1

    def kept(self) -> float:
        """Return the bytes left behind; a cache nears its limit ever more slowly."""
        total = self.each * self.count
        return self.limit * (1 - exp(-total / self.limit)) if self.limit else total

    def clear(self) -> None:
        """Start from nothing."""
        self.count = 0


@dataclass(slots=True)
class Process:
    """One process: the services whose start is its start, its size, and what it keeps."""

    name: str
    services: tuple[str, ...]
    base: float  # MiB
    keepers: tuple[Keeper, ...] = ()
    pid: int = 1644
    since: datetime | None = None  # its start, as far as the sampled span knows

    def size(self, at: datetime, rng: Random) -> float:
        """Return its private bytes: a warm-up of some hours, a little unrest, and the kept."""
        age = (at - self.since) / timedelta(hours=1) if self.since else 500.0
        warm = 1 - 0.25 * exp(-age / 2)
        unrest = rng.gauss(0, 0.006) + 0.015 * (8 <= at.hour < 17)
        own = self.base * MIB * (warm + unrest)
        return own + sum(keeper.kept() for keeper in self.keepers)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a counter log notes at one moment: per process, and the whole host."""

    at: datetime
    private: dict[str, float]
    pids: dict[str, int]
    available: float
    received: int  # messages since the start of the service
    waiting: int  # messages in the queues
    sessions: int  # client sessions since the start of the service


def samples(
    processes: Iterable[Process],
    happened: Iterable[facts.Fact],
    span: tuple[datetime, datetime],
    every: timedelta,
    *,
    memory: float,
    seed: str,
) -> Iterator[Sample]:
    """Yield the samples of the span; while the host is down nothing is noted."""
    rng = Random(seed)
    processes = list(processes)
    events = sorted(happened, key=lambda fact: fact.at)
    count = Counts()
    place, at = 0, span[0]
    while at < span[1]:
        while place < len(events) and events[place].at <= at:
            _feel(processes, events[place], rng)
            count.feel(events[place])
            place += 1
        if not count.down:
            private = {one.name: one.size(at, rng) for one in processes}
            used = sum(private.values()) * 0.94 + memory * (0.18 + rng.gauss(0, 0.002))
            yield Sample(
                at,
                private,
                {one.name: one.pid for one in processes},
                max(4.0 * MIB, memory - used),
                count.received,
                len(count.waiting),
                count.sessions,
            )
        at += every


def _feel(processes: list[Process], fact: facts.Fact, rng: Random) -> None:
    for process in processes:
        if isinstance(fact, facts.ServiceStarted):
            for keeper in process.keepers:
                if fact.service in keeper.services:
                    keeper.clear()
            if fact.service in process.services:
                process.pid, process.since = rng.randrange(250, 1000) * 4, fact.at
                for keeper in process.keepers:
                    keeper.clear()
        for keeper in process.keepers:
            keeper.feel(fact)


@dataclass(slots=True)
class Counts:
    """The running totals of the mail service."""

    received: int = 0
    sessions: int = 0
    down: bool = False
    waiting: set[tuple[str, str]] = field(default_factory=set)

    def feel(self, fact: facts.Fact) -> None:  # noqa: C901 - a line each
        """Take a fact into the totals."""
        match fact:
            case facts.Accepted():
                self.received += 1
            case facts.ClientSession():
                self.sessions += 1
            case facts.HostDown():
                self.down = True
            case facts.HostUp():
                self.down = False
            case facts.ServiceStarted():
                self.received = self.sessions = 0
            case facts.Queued(_, message, recipients):
                self.waiting.add((message.id, recipients[0].split("@")[1]))
            case facts.Session():
                for one in fact.transactions:
                    if not any(reply[0] == "4" for _, reply in one.replies):
                        self.waiting.discard((one.message.id, fact.remote.domain))
            case facts.DeliveredLocally(_, message, recipients):
                self.waiting.discard((message.id, recipients[0].split("@")[1]))
            case facts.Bounced(_, message, recipients):
                self.waiting.discard((message.id, recipients[0].split("@")[1]))
            case _:
                pass
