"""A week without trouble: a Server 2003 relay in front of an Exchange 2016 server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from samples.generator import facts, hosts, places, story, tracking2016, w3c
from samples.generator.bundle import new_bundle
from samples.generator.difficulty import Difficulty, as_dated
from samples.generator.eventfiles import write_new_log, write_old_log
from samples.generator.eventlog import Machine, system_entries
from samples.generator.facts import Client
from samples.generator.gateway2003 import INSIDE, relay_town
from samples.generator.mechanism import Server
from samples.generator.queueing import (
    EXCHANGE_2016,
    SMTPSVC,
    TRANSPORT,
    WINDOWS_SMTP,
    Fault,
    Outage,
)
from samples.generator.remotes import Remote
from samples.generator.traffic import Arrival, Town, arrivals
from samples.generator.truth import Truth

START = datetime.fromisoformat("2017-03-06")  # UTC, as all times here
OUTAGE = "agency.example"


def healthy(
    out: Path,
    *,
    seed: int,
    name: str = "healthy",
    relay: str = "RELAY1",
    exchange: str = "EX16",
    start: datetime = START,
    days: int = 7,
    rate: float = 110,
    transport_restart_day: float | None = None,
    difficulty: str = "normal",
    clocks: dict[str, timedelta] | None = None,
) -> Truth:
    """Write the bundle; with ``transport_restart_day`` Exchange's transport restarts once.

    ``clocks`` tells how far the clock of a host is ahead.
    """
    level = Difficulty(difficulty, seed, dict(clocks or {}))
    rng = Random(seed)
    end = start + timedelta(days=days)
    down_at = start + timedelta(days=2, hours=rng.uniform(9, 12))
    remotes = places.build_remotes(rng, {OUTAGE: (down_at, down_at + timedelta(hours=2.5))}, None)
    town = relay_town(
        remotes, rng, mail_host=exchange.lower(), inside=INSIDE[1:], outside_share=0.5
    )
    up_since = start - timedelta(days=34, hours=5)
    front = new_relay(relay, town, rng, up_since)
    reboot_at = start + timedelta(days=4, hours=21, minutes=rng.uniform(0, 50))
    reboot = Outage("host", reboot_at, timedelta(minutes=rng.uniform(2.5, 4)))
    front.run(arrivals(town, start, end, rate, rng), [reboot], end)
    ours = replace(town.ours, local=True)
    town = Town(
        ours,
        tuple(replace(remote, first_seen={}) for remote in remotes),
        places.weights(),
        (Client(exchange, "192.0.2.20"),),
        inside_via="store",
        outside_share=0,
        stranger_share=0,
    )
    mail = [*arrivals(town, start, end, rate, rng), *handed_on(front, ours)]
    server = Server(
        name=exchange,
        fqdn=f"{exchange.lower()}.corp.example",
        policy=EXCHANGE_2016,
        remotes=[ours, *town.remotes],
        services=(TRANSPORT,),
        up_since=start - timedelta(days=rng.uniform(20, 30)),
        rng=rng,
    )
    outages = []
    if transport_restart_day is not None:
        at = start + timedelta(days=transport_restart_day)
        outages.append(Outage(TRANSPORT, at, timedelta(seconds=30)))
    server.run(mail, outages, end)

    bundle = new_bundle(out, name, level)
    dated = {one.name: as_dated(one.facts, level.skew(one.name)) for one in (front, server)}
    site = w3c.Site(relay, f"{relay.lower()}.corp.example", "192.0.2.1")
    w3c.write_w3c(bundle, site, dated[relay], folder=f"{relay}/SMTPSVC1", end=end)
    old = Machine(relay, up_since, "0 GMT Standard Time")
    entries = system_entries(old, dated[relay], start, end, seed)
    write_old_log(bundle, f"{relay}/SysEvent.Evt", old, entries)
    place = tracking2016.Site(
        exchange, f"{exchange.lower()}.corp.example", "192.0.2.20", "corp.example"
    )
    folder = f"{exchange}/MessageTracking"
    tracking2016.write_tracking2016(bundle, place, dated[exchange], folder=folder, end=end)
    new = Machine(exchange, start - timedelta(days=26), "0 GMT Standard Time", modern=True)
    entries = system_entries(new, dated[exchange], start, end, seed)
    write_new_log(bundle, f"{exchange}/System.evtx", new, entries)
    wrong = story.clocks(level, [(relay, exchange)], (start, end))
    return hosts.finish(hosts.Scene(bundle, (start, end), seed, rng), [front, server], wrong)


def new_relay(
    name: str, town: Town, rng: Random, up_since: datetime, fault: Fault | None = None
) -> Server:
    """Return a relay with empty queues."""
    return Server(
        name=name,
        fqdn=f"{name.lower()}.corp.example",
        policy=WINDOWS_SMTP,
        remotes=[town.ours, *town.remotes],
        services=(SMTPSVC,),
        up_since=up_since,
        rng=rng,
        fault=fault,
    )


def handed_on(relay: Server, ours: Remote) -> Iterator[Arrival]:
    """Yield what the relay delivered to our own domain, as arrivals at the next host."""
    client = Client(relay.fqdn, "192.0.2.1")
    for fact in relay.facts:
        if not isinstance(fact, facts.Session) or fact.remote.domain != ours.domain:
            continue
        for one in fact.transactions:
            taken = tuple(rcpt for rcpt, reply in one.replies if reply[0] == "2")
            mail = one.message
            yield Arrival(
                one.at, client, mail.sender, taken, mail.size, mail.subject, message_id=mail.id
            )
