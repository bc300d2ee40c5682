"""Exchange 2016 with faults of its own time, one at a time, and its good week."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypedDict

from samples.generator import hosts, places, story
from samples.generator.eventlog import Machine
from samples.generator.facts import Client
from samples.generator.healthy import healthy
from samples.generator.mechanism import Server
from samples.generator.queueing import EXCHANGE_2016, TRANSPORT, Outage, Pressure
from samples.generator.remotes import Remote, Window, window
from samples.generator.story import nights
from samples.generator.traffic import Arrival, arrivals
from samples.generator.truth import Truth

START = datetime.fromisoformat("2021-05-03")  # UTC, a Monday
HOST = "EX16"
CLIENT = Client(HOST, "192.0.2.20")  # its people write there


class Ailing(TypedDict, total=False):
    """What is wrong with a remote: the fields of it that differ."""

    down: tuple[Window, ...]
    no_dns: tuple[Window, ...]
    slow_until: datetime
    slow_minutes: int


@dataclass(slots=True)
class Trouble:
    """What goes wrong in a bundle."""

    outages: list[Outage] = field(default_factory=list)
    pressure: Pressure | None = None
    remotes: dict[str, Ailing] = field(default_factory=dict)
    mail: list[Arrival] = field(default_factory=list)
    lost: hosts.Span | None = None
    habit: str = ""


def run(scene: hosts.Scene, trouble: Trouble, name: str = HOST) -> Server:
    """Run one server over its trouble."""
    span, rng = scene.span, scene.rng
    fqdn = f"{name.lower()}.corp.example"
    remotes = [
        replace(one, first_seen={}, **trouble.remotes.get(one.domain, {}))
        for one in places.build_remotes(rng, {}, None)
    ]
    town = places.mailbox_town(
        remotes,
        Client(name, "192.0.2.20"),
        fqdn,
        rng,
        count=60,
        inside=20,
        outside_share=0.35,
    )
    server = Server(
        name=name,
        fqdn=fqdn,
        policy=EXCHANGE_2016,
        remotes=[town.ours, *remotes],
        services=(TRANSPORT,),
        up_since=span[0] - timedelta(days=rng.uniform(10, 20)),
        rng=rng,
        pressure=trouble.pressure,
    )
    mail = [*arrivals(town, *span, 200, rng), *_from_inside(trouble.mail, town.ours, rng)]
    server.run(mail, trouble.outages, span[1])
    return server


def play(scene: hosts.Scene, trouble: Trouble) -> Truth:
    """Run one Exchange 2016 server over its trouble and write its bundle."""
    server = run(scene, trouble)
    zone = "0 GMT Standard Time"
    machine = Machine(HOST, START - timedelta(days=26), zone, modern=True, exchange=True)
    hosts.write_exchange2016(scene, server, machine, lost=trouble.lost, sends=bool(trouble.remotes))
    extra = _lost(trouble)
    if trouble.habit:
        extra += story.scheduled(server, trouble.habit)
    return hosts.finish(scene, [server], extra, spared=trouble.habit, connectivity=True)


def _from_inside(mail: Iterable[Arrival], ours: Remote, rng: Random) -> list[Arrival]:
    return [replace(one, sender=rng.choice(ours.users)) for one in mail]


def _some_day(rng: Random, earliest: float, latest: float) -> datetime:
    """Return a moment of the second or third day, between two hours."""
    return START + timedelta(days=rng.choice((1, 2)), hours=rng.uniform(earliest, latest))


def _lost(trouble: Trouble) -> list[Truth]:
    if trouble.lost is None:
        return []
    return [story.incident("log-gap", HOST, "", trouble.lost)]


@hosts.scenario(days=5, start=START)
def back_pressure(scene: hosts.Scene) -> Truth:
    """Write a server whose queue disk fills up until it refuses mail, and is then cleaned."""
    rng = scene.rng
    at = START + timedelta(days=rng.uniform(1, 3), hours=rng.uniform(0, 8))
    return play(scene, Trouble(pressure=squeeze(at, rng)))


def squeeze(at: datetime, rng: Random) -> Pressure:
    """Return ten hours in which a resource runs short, is used up and is freed again."""
    resource = rng.choice(("UsedDiskSpace[D:\\Queue]", "PrivateBytes", "UsedVersionBuckets"))
    levels = (
        (at, "Medium", 97),
        (at + timedelta(hours=rng.uniform(0.5, 2)), "High", 99),
        (at + timedelta(hours=rng.uniform(4, 9)), "Medium", 97),
        (at + timedelta(hours=10), "Low", 90),
    )
    return Pressure(resource, levels)


@hosts.scenario(days=5, start=START)
def throttled(scene: hosts.Scene) -> Truth:
    """Write a server that a large provider slows down because it is too old."""
    rng = scene.rng
    slow = Ailing(slow_until=START + timedelta(days=30), slow_minutes=rng.choice((10, 20, 30, 40)))
    trouble = Trouble(remotes={"partner.example": slow})
    return play(scene, trouble)


@hosts.scenario(days=5, start=START)
def remote_outage(scene: hosts.Scene) -> Truth:
    """Write a server, one remote of which does not answer for most of a day."""
    rng = scene.rng
    at = _some_day(rng, 5, 9)
    down = window(at, rng.uniform(8, 20))
    domain = rng.choice(("partner.example", "supplier.example", "harbour.example"))
    trouble = Trouble(remotes={domain: {"down": (down,)}})
    return play(scene, trouble)


@hosts.scenario(days=5, start=START)
def dns_failure(scene: hosts.Scene) -> Truth:
    """Write a server that finds no address of two domains for some hours."""
    rng = scene.rng
    at = _some_day(rng, 5, 9)
    lost = window(at, rng.uniform(7, 14))
    domains = ("partner.example", "supplier.example")
    trouble = Trouble(remotes={domain: {"no_dns": (lost,)} for domain in domains})
    return play(scene, trouble)


@hosts.scenario(days=5, start=START)
def poison(scene: hosts.Scene) -> Truth:
    """Write a server that dies twice of one message and then puts it aside."""
    rng = scene.rng
    at = _some_day(rng, 7, 15)
    to = ("ada.abel@partner.example",)
    bad = Arrival(at, CLIENT, "", to, 48_211, "Drawing, new", via="store", poison=2)
    return play(scene, Trouble(mail=[bad]))


@hosts.scenario(days=7, start=START)
def nightly(scene: hosts.Scene) -> Truth:
    """Write a server whose transport service a task restarts every night."""
    rng = scene.rng
    hour = rng.uniform(1, 4)
    outages = [
        Outage(
            TRANSPORT, at + timedelta(seconds=rng.uniform(0, 2)), timedelta(seconds=3), by="task"
        )
        for at in nights(START, 7, hour)
    ]
    trouble = Trouble(outages=outages, habit=TRANSPORT)
    return play(scene, trouble)


@hosts.scenario(days=5, start=START)
def log_gap(scene: hosts.Scene) -> Truth:
    """Write a server whose tracking log misses the hours of a full disk; mail flowed."""
    rng = scene.rng
    at = _some_day(rng, 6, 8)
    trouble = Trouble(lost=window(at, rng.uniform(6, 11)))
    return play(scene, trouble)


@hosts.scenario(days=5, start=START)
def crash_loop(scene: hosts.Scene) -> Truth:
    """Write a server whose transport service dies every few minutes for a while."""
    rng = scene.rng
    at = _some_day(rng, 7, 15)
    outages = []
    for _ in range(rng.randrange(5, 9)):
        outages.append(Outage(TRANSPORT, at, timedelta(seconds=61), "crash"))
        at += timedelta(minutes=rng.uniform(4, 12))
    return play(scene, Trouble(outages=outages))


@hosts.scenario(days=5, start=START)
def power_loss(scene: hosts.Scene) -> Truth:
    """Write a server that loses its power once."""
    rng = scene.rng
    at = START + timedelta(days=rng.uniform(1, 4))
    outage = Outage("host", at, timedelta(minutes=rng.uniform(4, 90)), "power")
    return play(scene, Trouble(outages=[outage]))


@hosts.scenario(days=7, start=START)
def week_exchange2016(scene: hosts.Scene) -> Truth:
    """Write a server's good week, with a patch day and a short outage of one remote."""
    rng = scene.rng
    at = START + timedelta(days=rng.uniform(1, 5))
    down = window(at, rng.uniform(0.3, 2))
    reboot = Outage("host", START + timedelta(days=2, hours=21), timedelta(minutes=5))
    trouble = Trouble(outages=[reboot], remotes={"agency.example": {"down": (down,)}})
    return play(scene, trouble)


def clock_skew(
    out: Path, *, seed: int, difficulty: str = "normal", name: str = "clock_skew"
) -> Truth:
    """Write a good week of two hosts, the clock of one of which is wrong."""
    seconds = Random(f"{seed} clock").choice((-1, 1)) * Random(f"{seed} far").uniform(100, 600)
    clocks = {"RELAY1": timedelta(seconds=0), "EX16": timedelta(seconds=round(seconds))}
    return healthy(out, seed=seed, name=name, difficulty=difficulty, clocks=clocks)
