"""Who writes to whom and when: arrivals as a Poisson process over hours and weekdays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from samples.generator.facts import Client
from samples.generator.remotes import Remote

# Share of a weekday's mail by hour, UTC: an office a little east of Greenwich.
BY_HOUR = (2, 2, 2, 2, 2, 3, 8, 14, 18, 17, 15, 12, 12, 15, 16, 14, 11, 7, 5, 4, 3, 3, 2, 2)
WEEKEND = 0.3
WARM_UP = timedelta(seconds=10)  # no session straddles the start of the logs

FIRST = (
    "ada", "ben", "carla", "david", "elena", "frank", "gina", "hugo", "ines", "jonas", "kim",
    "laura", "marc", "nora", "oscar", "petra", "quentin", "rosa", "stefan", "tina", "uwe", "vera",
)  # fmt: skip
LAST = ("abel", "brandt", "costa", "dahl", "engel", "fischer", "garcia", "holm")
SUBJECTS = (
    "Offer {n}", "Invoice {n}", "Order confirmation {n}", "Minutes, draft {n}", "Re: Delivery {n}",
    'Drawing "rev {n}"', "Schedule week {n}", "FW: Contract {n}, signed", "Question", "Report {n}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrival:
    """A client about to hand a message in; without an id the server makes one."""

    at: datetime
    client: Client
    sender: str
    recipients: tuple[str, ...]
    size: int
    subject: str
    via: str = "smtp"
    message_id: str = ""
    relay_attempt: bool = False  # a stranger who tries to relay and is refused
    poison: int = 0  # so often the service dies of it


@dataclass(frozen=True, slots=True)
class Town:
    """Everybody who writes: our own people and machines, and the remotes."""

    ours: Remote
    remotes: tuple[Remote, ...]
    weights: tuple[int, ...]
    inside: tuple[Client, ...]
    inside_via: str = "smtp"
    outside_share: float = 0.3
    stranger_share: float = 0.02


def people(domain: str, count: int, rng: Random) -> tuple[str, ...]:
    """Return the addresses of that many people of the domain."""
    names = [f"{first}.{last}" for first in FIRST for last in LAST]
    return tuple(f"{name}@{domain}" for name in rng.sample(names, count))


def moments(start: datetime, end: datetime, per_day: float, rng: Random) -> Iterator[datetime]:
    """Yield the arrival times of a Poisson process with the office's daily rhythm."""
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        rate = per_day * BY_HOUR[hour.hour] / sum(BY_HOUR)
        rate *= WEEKEND if hour.weekday() >= 5 else 1.0
        offset = rng.expovariate(rate)
        while offset < 1.0:
            moment = hour + timedelta(microseconds=int(offset * 3_600_000_000))
            if start + WARM_UP <= moment < end:
                yield moment
            offset += rng.expovariate(rate)
        hour += timedelta(hours=1)


def arrivals(
    town: Town, start: datetime, end: datetime, per_day: float, rng: Random
) -> Iterator[Arrival]:
    """Yield the mail of the span, from inside and outside, in time order."""
    for at in moments(start, end, per_day, rng):
        size = int(min(900_000, rng.lognormvariate(8.6, 1.1)) + 600)
        subject = rng.choice(SUBJECTS).format(n=rng.randrange(1000, 9999))
        draw = rng.random()
        if draw < town.stranger_share:
            yield _stranger(at, rng)
        elif draw < town.stranger_share + town.outside_share:
            remote = rng.choices(_alive(town.remotes), k=1)[0]
            recipients = tuple(rng.sample(town.ours.users, _count(rng, 3)))
            host = Client(remote.host, _neighbour(remote.ip))
            stamp = f"{at:%Y%m%d%H%M%S}.{rng.randrange(1000, 99999)}@{remote.host}"
            sender = rng.choice(remote.users)
            yield Arrival(at, host, sender, recipients, size, subject, message_id=stamp)
        else:
            client = town.inside[min(int(rng.expovariate(0.7)), len(town.inside) - 1)]
            sender = rng.choice(town.ours.users)
            yield Arrival(
                at, client, sender, _outside(town, rng), size, subject, via=town.inside_via
            )


def _alive(remotes: Sequence[Remote]) -> list[Remote]:
    return [remote for remote in remotes if not (remote.dead or remote.local)]


def _neighbour(ip: str) -> str:
    """Return the address a domain sends from, next to the one it receives on."""
    net, last = ip.rsplit(".", 1)
    return f"{net}.{int(last) + 1}"


def _count(rng: Random, most: int) -> int:
    return min(most, 1 + int(rng.expovariate(1.2)))


def _outside(town: Town, rng: Random) -> tuple[str, ...]:
    """Draw 1 to 4 recipients over the remote domains, each once."""
    chosen: dict[str, None] = {}  # a dict keeps the order of drawing
    for _ in range(_count(rng, 4)):
        remote = rng.choices(town.remotes, weights=town.weights, k=1)[0]
        unknown = sorted(remote.unknown)
        wrong = unknown and rng.random() < 0.02
        chosen[rng.choice(unknown if wrong else remote.users)] = None
    return tuple(chosen)


def _stranger(at: datetime, rng: Random) -> Arrival:
    ip = f"203.0.113.{rng.randrange(200, 250)}"
    client = Client(rng.choice(("localhost", "user-pc", "dsl-pool.example")), ip)
    target = f"{rng.choice(FIRST)}@freemail.example"
    return Arrival(at, client, "promo@bulk.example", (target,), 0, "", relay_attempt=True)
