"""Processes that grow: the three leaks, and two that grow without anything being wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from samples.generator import facts, hosts, places, story
from samples.generator.counters import Meter, write_nt4, write_pdh
from samples.generator.eventfiles import write_old_log
from samples.generator.eventlog import (
    ERROR,
    INFORMATION,
    WARNING,
    Entry,
    Machine,
    system_entries,
)
from samples.generator.evidence import (
    Library,
    aqueue,
    exchange_library,
    write_services,
    write_zone,
)
from samples.generator.facts import Client
from samples.generator.known import CENTRAL
from samples.generator.mechanism import Server
from samples.generator.memory import MIB, Domains, Handles, Process, samples
from samples.generator.queueing import (
    EXCHANGE_2003,
    IIS,
    IMAP,
    MTA,
    SMTPSVC,
    STORE,
    WINDOWS_SMTP,
    Outage,
    Policy,
    minutes,
)
from samples.generator.remotes import Remote
from samples.generator.tracking5x import write_tracking5x
from samples.generator.tracking2003 import write_tracking2003
from samples.generator.traffic import SUBJECTS, Arrival, Town, arrivals, moments, people
from samples.generator.truth import Truth

EXCHANGE_5 = Policy(minutes(15, 30, 60, 240), timedelta(hours=12), timedelta(hours=48))
CLIENT = Client("app01", "192.0.2.61")


def _anywhere(domain: str) -> Remote:
    """Return the mail exchanger of some domain that nobody knows beforehand."""
    last = sum(domain.encode()) % 200 + 20
    return Remote(domain, f"mx.{domain}", f"203.0.113.{last}", (f"info@{domain}",), latency=0.15)


def _letters(
    span: hosts.Span, rate: float, new_share: float, ours: Remote, rng: Random
) -> Iterator[Arrival]:
    """Yield an application's mail, a share of it to domains of a very wide world."""
    known = [f"office@{domain}" for domain, *_ in places.DOMAINS[:8]]
    for at in moments(*span, rate, rng):
        wide = rng.random() < new_share
        to = f"info@firm{rng.randrange(40_000):05}.example" if wide else rng.choice(known)
        size = int(min(60_000, rng.lognormvariate(8.0, 0.6)) + 600)
        subject = rng.choice(SUBJECTS).format(n=rng.randrange(1000, 9999))
        yield Arrival(at, CLIENT, rng.choice(ours.users), (to,), size, subject)


def _sender(scene: hosts.Scene, share: float, outages: list[Outage]) -> Server:
    """Run a gateway that an application sends letters through."""
    rng, span = scene.rng, scene.span
    ours = Remote(
        "corp.example",
        "mail01.corp.example",
        "192.0.2.20",
        users=people("corp.example", 30, rng),
        latency=0.05,
    )
    server = Server(
        name="GW1",
        fqdn="gw1.corp.example",
        policy=WINDOWS_SMTP,
        remotes=[ours],
        services=(SMTPSVC, IIS),
        up_since=span[0] - timedelta(hours=rng.uniform(2, 12)),
        rng=rng,
        directory=_anywhere,
    )
    server.run(_letters(span, 620, share, ours, rng), outages, span[1])
    return server


def _grown(
    server: Server, process: str, span: hosts.Span, problem: str | None, verdict: str | None
) -> Truth:
    return story.incident(
        "memory-leak", server.name, process, (span[0], None), problem=problem, verdict=verdict
    )


@hosts.scenario(days=8, start=datetime.fromisoformat("2006-11-06"))
def leak910932(scene: hosts.Scene) -> Truth:
    """Write a gateway whose SMTP service remembers every domain it ever sent to."""
    rng, level, start = scene.rng, scene.level, scene.span[0]
    at = start + timedelta(days=4.9, hours=rng.uniform(-6, 6))
    server = _sender(scene, rng.uniform(0.6, 0.85), [Outage(SMTPSVC, at, timedelta(seconds=9))])
    leak = Domains((SMTPSVC, IIS), each=rng.uniform(38_000, 60_000))
    inetinfo = Process("inetinfo", (IIS,), 42, (leak,), 1512)
    known = level.evidence("unfixed", "no-switch", "none")
    if level.lacks("versions"):
        known = "none"
    outbound = not level.lacks("outbound")
    machine = Machine("GW1", start - timedelta(days=1), CENTRAL, pack="Service Pack 1")
    if outbound:
        hosts.write_relay(scene, server, machine)
    else:
        _write_system(scene, server, machine)
    _write_counters(scene, server, [inetinfo, *_others()])
    builds = {"unfixed": 1830, "no-switch": 2619}
    libraries = [aqueue(builds[known])] if known in builds else []
    hosts.write_inventory(
        scene,
        "GW1",
        libraries,
        registry=known == "no-switch",
        pack=1 if known != "none" else 0,
    )
    verdict = "confirmed" if known in builds else "supported"
    if not outbound:
        verdict = "possible"
    grown = _grown(server, "inetinfo", scene.span, "KB910932", verdict)
    return hosts.finish(scene, [server], [grown])


@hosts.scenario(days=8, start=datetime.fromisoformat("2006-11-06"))
def plateau(scene: hosts.Scene) -> Truth:
    """Write a gateway whose cache fills up after a restart and then stays as it is."""
    rng, start = scene.rng, scene.span[0]
    at = start + timedelta(days=1.2, hours=rng.uniform(-6, 6))
    server = _sender(scene, 0.05, [Outage(IIS, at, timedelta(seconds=9))])
    cache = Handles((IIS,), 260_000, facts.Accepted, limit=rng.uniform(60, 120) * MIB)
    machine = Machine("GW1", start - timedelta(days=1), CENTRAL)
    hosts.write_relay(scene, server, machine)
    processes = [Process("inetinfo", (IIS,), 42, (cache,), 1512), *_others()]
    _write_counters(scene, server, processes)
    return hosts.finish(scene, [server])


def _others() -> list[Process]:
    return [Process("svchost", (), 24, pid=812), Process("lsass", (), 18, pid=420)]


def _write_system(scene: hosts.Scene, server: Server, machine: Machine) -> None:
    entries = system_entries(machine, scene.dated(server), *scene.span, scene.seed)
    write_old_log(scene.bundle, f"{server.name}/SysEvent.Evt", machine, entries)


def _write_counters(
    scene: hosts.Scene, server: Server, processes: list[Process], *, clients: bool = False
) -> None:
    every = timedelta(minutes=30 if scene.level.hard else 15)
    chance = f"{scene.seed} counters"
    happened = scene.dated(server)
    taken = samples(processes, happened, scene.span, every, memory=1023.0 * MIB, seed=chance)
    meter = Meter(server.name, CENTRAL, clients=clients)
    write_pdh(scene.bundle, f"{server.name}/{server.name}_000001.csv", meter, taken)


@dataclass(frozen=True, slots=True)
class _Readers:
    """IMAP4 clients of a front end, some of which open public folders elsewhere."""

    rate: float
    refused: float

    def sessions(self, span: hosts.Span, rng: Random) -> Iterator[facts.ClientSession]:
        """Yield their sessions."""
        users = people("corp.example", 40, rng)
        for at in moments(*span, self.rate, rng):
            ip = f"192.0.2.{rng.randrange(100, 200)}"
            user = rng.choice(users).split("@")[0]
            yield facts.ClientSession(at, user, ip, rng.random() < self.refused)


@hosts.scenario(days=7, start=datetime.fromisoformat("2008-02-04"))
def leak944903(scene: hosts.Scene) -> Truth:
    """Write a front end that loses memory with every login its back end refuses."""
    rng, level, start = scene.rng, scene.level, scene.span[0]
    at = start + timedelta(days=5.3, hours=rng.uniform(-3, 3))
    server = _front_end(scene, [Outage(IIS, at, timedelta(seconds=20))])
    readers = _Readers(rng.uniform(1500, 2500), rng.uniform(0.2, 0.35))
    server.facts = sorted(
        [*server.facts, *readers.sessions(scene.span, rng)], key=lambda one: one.at
    )
    leak = Handles((IIS,), rng.uniform(40_000, 70_000), facts.ClientSession)
    inetinfo = Process("inetinfo", (IIS,), 70, (leak,), 1620)
    unfixed = level.shows("versions")
    bundle, span, happened = scene.bundle, scene.span, scene.dated(server)
    machine = Machine("FE1", start - timedelta(days=1), CENTRAL, exchange=True)
    hung = [at - timedelta(minutes=minute) for minute in (170, 95, 40)]
    entries = system_entries(machine, happened, *span, scene.seed)
    entries += [
        Entry(one, "Service Control Manager", 0xC0001B63, ERROR, ("30000", "IMAP4Svc"))
        for one in hung
    ]
    entries.sort(key=lambda one: one.at)
    write_old_log(bundle, "FE1/SysEvent.Evt", machine, entries)
    write_old_log(bundle, "FE1/AppEvent.Evt", machine, [*_front_events(happened, hung)])
    write_tracking2003(bundle, "FE1", "192.0.2.12", happened, end=span[1])
    audited = not level.lacks("audit")
    if audited:
        back = Machine("BE1", start - timedelta(days=9), CENTRAL, exchange=True)
        write_old_log(bundle, "BE1/SecEvent.Evt", back, [*_failures(happened)])
    _write_counters(scene, server, [inetinfo, *_others()], clients=True)
    shown = {
        "SMTPSVC": "Simple Mail Transfer Protocol (SMTP)",
        IIS: "IIS Admin Service",
        IMAP: "Microsoft Exchange IMAP4",
    }
    write_services(bundle, "FE1/inventory/services.txt", shown)
    libraries = [exchange_library("imap4fe.dll", "6.5.7638.1")] if unfixed else []
    hosts.write_inventory(scene, "FE1", libraries)
    verdict = "confirmed" if unfixed else "supported"
    grown = _grown(server, "inetinfo", scene.span, "KB944903", verdict)
    return hosts.finish(scene, [server], [grown])


def _front_end(scene: hosts.Scene, outages: list[Outage]) -> Server:
    """Run a front end that relays a little mail."""
    rng, span = scene.rng, scene.span
    ours = Remote(
        "corp.example",
        "be1.corp.example",
        "192.0.2.10",
        users=people("corp.example", 40, rng),
        latency=0.05,
    )
    remotes = places.build_remotes(rng, {}, None)
    inside = (Client("be1", "192.0.2.10"),)
    town = Town(ours, tuple(remotes), places.weights(), inside, outside_share=0.6)
    server = Server(
        name="FE1",
        fqdn="fe1.corp.example",
        policy=EXCHANGE_2003,
        remotes=[ours, *remotes],
        services=(SMTPSVC, IIS),
        up_since=span[0] - timedelta(hours=rng.uniform(3, 12)),
        rng=rng,
    )
    server.run(arrivals(town, *span, 60, rng), outages, span[1])
    return server


def _front_events(happened: list[facts.Fact], hung: list[datetime]) -> Iterator[Entry]:
    """Yield what the front end's Application log says: refusals, thinned out, and hangs."""
    found = []
    last: datetime | None = None
    for fact in happened:
        ripe = last is None or fact.at - last >= timedelta(minutes=30)
        if isinstance(fact, facts.ClientSession) and fact.refused and ripe:
            strings = (fact.user, "BE1", "0x8009030C")
            found.append(Entry(fact.at, "IMAP4SVC", 0x80000412, WARNING, strings))
            last = fact.at
    for at in hung[1:]:
        hang = ("inetinfo.exe", "6.0.3790.3959", "hungapp", "5.2.3790.0", "00000000")
        found.append(Entry(at, "Application Hang", 0x3EA, ERROR, hang))
    yield from sorted(found, key=lambda one: one.at)


def _failures(happened: list[facts.Fact]) -> Iterator[Entry]:
    """Yield the back end's audit of refused logins from the front end."""
    for fact in happened:
        if isinstance(fact, facts.ClientSession) and fact.refused:
            strings = (fact.user, "CORP", "3", "NtLmSsp", "NTLM", "FE1")
            yield Entry(fact.at, "Security", 0x211, 16, strings, sid="S-1-5-18", category=2)


def _old_exchange(scene: hosts.Scene, outages: list[Outage], *, host: str) -> Server:
    """Run an Exchange 5 server: people, the MTA and the Internet Mail Service."""
    rng, span = scene.rng, scene.span
    remotes = places.build_remotes(rng, {}, None)
    client = Client(host, "192.0.2.10")
    town = places.mailbox_town(
        remotes, client, f"{host}.corp.example", rng, count=50, inside=60, outside_share=0.25
    )
    server = Server(
        name=host,
        fqdn=f"{host.lower()}.corp.example",
        policy=EXCHANGE_5,
        remotes=[town.ours, *remotes],
        services=(MTA, STORE),
        up_since=span[0] - timedelta(hours=rng.uniform(2, 10)),
        rng=rng,
    )
    server.run(arrivals(town, *span, 260, rng), outages, span[1])
    return server


def _write_old(
    scene: hosts.Scene, server: Server, processes: list[Process], engine: tuple[str, str]
) -> None:
    """Write an Exchange 5 host: tracking, event logs without starts of services, counters."""
    bundle, span, host = scene.bundle, scene.span, server.name
    happened = scene.dated(server)
    write_tracking5x(bundle, host, happened, folder=f"{host}/tracking.log", end=span[1])
    machine = Machine(host, span[0] - timedelta(days=1), CENTRAL, nt4=True)
    if not scene.level.lacks("events"):
        entries = system_entries(machine, happened, *span, scene.seed)
        write_old_log(bundle, f"{host}/SysEvent.Evt", machine, entries)
    if not scene.level.lacks("zone"):
        write_zone(bundle, f"{host}/inventory/zone.reg", host)
    write_old_log(bundle, f"{host}/AppEvent.Evt", machine, [*_store_events(happened, span, engine)])
    every = timedelta(minutes=30)
    taken = samples(
        processes, happened, span, every, memory=383.0 * MIB, seed=f"{scene.seed} counters"
    )
    write_nt4(bundle, f"{host}/perfmon.csv", Meter(host, CENTRAL), taken)


def _store_events(
    happened: list[facts.Fact], span: hosts.Span, engine: tuple[str, str]
) -> Iterator[Entry]:
    found = []
    day = span[0].replace(hour=1)
    while day < span[1]:
        for number in (700, 701):
            at = day + timedelta(minutes=number - 700)
            found.append(Entry(at, engine[0], number, INFORMATION, ("MSExchangeIS", "(123)", "")))
        day += timedelta(days=1)
    for fact in happened:
        if isinstance(fact, facts.ServiceStarted) and fact.service == STORE:
            strings = ("MSExchangeIS", "(123)", engine[1])
            found.append(Entry(fact.at, engine[0], 100, INFORMATION, strings))
            later = fact.at + timedelta(seconds=4)
            found.append(Entry(later, "MSExchangeIS Private", 0x400003E8, INFORMATION, ()))
    yield from sorted(found, key=lambda one: one.at)


@hosts.scenario(days=8, start=datetime.fromisoformat("1998-03-09"))
def leakQ176708(scene: hosts.Scene) -> Truth:  # noqa: N802 - the article's own name
    """Write an Exchange 5.0 server whose store grows with every message the MTA moves."""
    rng, level, start = scene.rng, scene.level, scene.span[0]
    at = start + timedelta(days=5.6, hours=rng.uniform(-6, 6))
    outages = [Outage("host", at, timedelta(minutes=5))] if rng.random() < 0.6 else []
    server = _old_exchange(scene, outages, host="EXCH50")
    leak = Handles((STORE,), rng.uniform(60_000, 90_000), facts.Accepted)
    processes = [
        Process("store", (STORE,), 64, (leak,)),
        Process("emsmta", (MTA,), 14),
        Process("mad", (), 8),
    ]
    known = level.shows("versions")
    _write_old(scene, server, processes, ("EDB", "05.00.1457"))
    store = Library("C:\\exchsrvr\\bin\\store.exe", "5.0.1457.7" if known else "5.0")
    hosts.write_inventory(scene, "EXCH50", [store] if known else [])
    verdict = "confirmed" if known else "supported"
    grown = _grown(server, "store", scene.span, "Q176708", verdict)
    unseen = "host" if level.lacks("events") else ""
    return hosts.finish(scene, [server], [grown], spared=unseen)


@hosts.scenario(days=8, start=datetime.fromisoformat("1999-10-04"))
def store55growth(scene: hosts.Scene) -> Truth:
    """Write an Exchange 5.5 server whose store takes the memory that nobody else wants."""
    rng = scene.rng
    server = _old_exchange(scene, [], host="EXCH55")
    buffers = Handles((STORE,), 110_000, facts.Accepted, limit=rng.uniform(110, 160) * MIB)
    processes = [
        Process("store", (STORE,), 60, (buffers,)),
        Process("emsmta", (MTA,), 14),
        Process("mad", (), 8),
    ]
    _write_old(scene, server, processes, ("ESE97", "5.5.2653.23"))
    store = Library("C:\\exchsrvr\\bin\\store.exe", "5.5.2653.23")
    hosts.write_inventory(scene, "EXCH55", [store])
    return hosts.finish(scene, [server])


@hosts.scenario(days=7, start=datetime.fromisoformat("1998-06-08"))
def week_exchange50(scene: hosts.Scene) -> Truth:
    """Write an Exchange 5.0 server's good week, its store as large as it is."""
    server = _old_exchange(scene, [], host="EXCH50")
    processes = [Process("store", (STORE,), 70), Process("emsmta", (MTA,), 14)]
    _write_old(scene, server, processes, ("EDB", "05.00.1460"))
    return hosts.finish(scene, [server])
