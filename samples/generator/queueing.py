"""What a mail queue is made of: the product's schedule, items, queues and what can go wrong."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from samples.generator.facts import Message
from samples.generator.remotes import Remote

NEVER = datetime.fromisoformat("0001-01-01")  # a timer that is not set
SMTPSVC, STORE, TRANSPORT = "SMTPSVC", "MSExchangeIS", "MSExchangeTransport"
IIS, IMAP, MTA = "IISADMIN", "IMAP4Svc", "MSExchangeMTA"
DEPENDENTS = {IIS: (SMTPSVC,)}  # services that stop and start with another, and are named first


@dataclass(frozen=True, slots=True)
class Policy:
    """How a product retries and gives up; the last retry interval repeats."""

    retries: tuple[timedelta, ...]
    delay: timedelta
    expiry: timedelta

    def wait(self, failures: int) -> timedelta:
        """Return how long to wait after that many failures in a row."""
        return self.retries[min(failures, len(self.retries)) - 1]


def minutes(*values: float) -> tuple[timedelta, ...]:
    """Return the values as spans of minutes."""
    return tuple(timedelta(minutes=value) for value in values)


WINDOWS_SMTP = Policy(minutes(15, 30, 60, 240), timedelta(hours=12), timedelta(hours=48))
EXCHANGE_2003 = Policy(minutes(10, 10, 10, 15), timedelta(hours=12), timedelta(hours=48))
EXCHANGE_2016 = Policy(  # and 2010
    minutes(1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 10), timedelta(hours=4), timedelta(hours=48)
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Once ``service`` has been up for ``after``, this share of new queue items is held.

    Kind ``idle``: the scheduler has lost the item, so it meets no attempt, no delay report
    and no expiry. Kind ``cache``: it cannot be handed on, but its timers still work.
    Kind ``stamp``: as idle, but it takes items that a greylist sent away once, and a start
    of any service in ``also`` frees them as well.
    """

    kind: str
    service: str
    after: timedelta
    share: float
    also: tuple[str, ...] = ()

    @property
    def cures(self) -> set[str]:
        """The services whose start frees what is held."""
        return {self.service, *self.also}


@dataclass(slots=True, eq=False)
class Item:
    """What one message still owes to one domain."""

    message: Message
    queue: "Queue"
    pending: list[str]
    held: bool = False
    failures: int = 0
    next_at: datetime = NEVER
    delay_told: bool = False
    grey: bool = False  # a greylist sent it away
    poison: int = 0  # crashes it still causes


@dataclass(slots=True, eq=False)
class Queue:
    """The queue of one destination domain; one connection at a time."""

    remote: Remote
    items: list[Item] = field(default_factory=list)
    failures: int = 0
    retry_at: datetime = NEVER
    busy_until: datetime = NEVER


@dataclass(slots=True, eq=False)
class Held:
    """The fate of an item that the fault held: when it was freed and how it ended."""

    message: Message
    recipients: tuple[str, ...]
    remote: Remote
    freed_at: datetime | None = None
    ends: list[tuple[datetime, str]] = field(default_factory=list)  # "delivery" or "ndr"


@dataclass(frozen=True, slots=True)
class Outage:
    """One stop and start of a service, or of the whole host (service "host").

    Kind ``planned``: somebody asked. ``crash``: the process died. ``power``: the host did.
    """

    service: str
    at: datetime
    down: timedelta
    kind: str = "planned"
    by: str = "admin"


@dataclass(frozen=True, slots=True)
class Pressure:
    """A resource's fill over time; while it is over the limit, mail from outside is refused.

    ``levels`` are moments with the level reached and the percentage measured, in time order.
    """

    resource: str
    levels: tuple[tuple[datetime, str, int], ...]

    def refuses(self, now: datetime) -> bool:
        """Return whether the level is high now."""
        reached = [level for at, level, _ in self.levels if at <= now]
        return bool(reached) and reached[-1] == "High"
