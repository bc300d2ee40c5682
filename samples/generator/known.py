"""The five known problems with what decides about them, and the look-alikes of their queues."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from samples.generator import evidence, hosts, places, story
from samples.generator.eventlog import Machine
from samples.generator.evidence import Library, aqueue, exchange_library
from samples.generator.facts import Client
from samples.generator.gateway2003 import relay_town
from samples.generator.mechanism import Server
from samples.generator.queueing import (
    EXCHANGE_2003,
    SMTPSVC,
    STORE,
    WINDOWS_SMTP,
    Fault,
    Outage,
    Policy,
    minutes,
)
from samples.generator.remotes import Remote, Window, window
from samples.generator.traffic import arrivals
from samples.generator.truth import Truth

CENTRAL = "-60 W. Europe Standard Time"
WINTER = datetime.fromisoformat("2008-01-14")  # UTC, as all times here
SPRING = datetime.fromisoformat("2008-03-03")


def gateway(
    scene: hosts.Scene,
    *,
    rate: float,
    fault: tuple[float, float] | None = None,
    outages: tuple[Outage, ...] = (),
    down: dict[str, Window] | None = None,
    policy: Policy = WINDOWS_SMTP,
    unreachable: str = "",
) -> Server:
    """Run a relay; the fault is (days until it comes, share of the messages it takes)."""
    rng = scene.rng
    remotes = places.build_remotes(rng, down or {}, None)
    if unreachable:
        remotes = [_without_dns(one) if one.domain == unreachable else one for one in remotes]
    town = relay_town(remotes, rng)
    up_since = scene.span[0] - timedelta(days=rng.uniform(15, 25))
    onset = scene.span[0] + timedelta(days=fault[0]) - up_since if fault else timedelta(0)
    server = Server(
        name="GW1",
        fqdn="gw1.corp.example",
        policy=policy,
        remotes=[town.ours, *town.remotes],
        services=(SMTPSVC,),
        up_since=up_since,
        rng=rng,
        fault=Fault("idle", SMTPSVC, onset, fault[1]) if fault else None,
    )
    server.run(arrivals(town, *scene.span, rate, rng), outages, scene.span[1])
    return server


def _without_dns(remote: Remote) -> Remote:
    return Remote(
        remote.domain, remote.host, remote.ip, remote.users, big_dns=True, latency=remote.latency
    )


@hosts.scenario(days=8)
def idle934709(scene: hosts.Scene) -> Truth:
    """Write a gateway that loses messages, with or without proof of its version."""
    return _idle(scene, fixed=False)


@hosts.scenario(days=8)
def fixed934709(scene: hosts.Scene) -> Truth:
    """Write one whose queue manager has the fix, so that whatever lost the messages is not it."""
    return _idle(scene, fixed=True)


def _idle(scene: hosts.Scene, *, fixed: bool) -> Truth:
    rng, start = scene.rng, scene.span[0]
    restart = Outage(
        SMTPSVC, start + timedelta(days=6.3, hours=rng.uniform(-2, 2)), timedelta(seconds=15)
    )
    decoy = start + timedelta(days=rng.uniform(2.5, 3.5))
    down = {"supplier.example": window(decoy, rng.uniform(2, 3.5))}
    fault = (rng.uniform(1.5, 3), rng.uniform(0.07, 0.16))
    server = gateway(scene, rate=170, fault=fault, outages=(restart,), down=down)
    build = {"sp2": 3959, "sp1": 2619, "none": 0}[scene.level.evidence("sp2", "sp1", "none")]
    if fixed:
        build = rng.choice((2950, 4094))
    if not fixed and scene.level.lacks("versions"):
        build = 0
    _write_gateway(scene, server)
    hosts.write_inventory(scene, "GW1", [aqueue(build)] if build else [])
    verdict = "confirmed" if build else "supported"
    return hosts.finish(
        scene,
        [server],
        problem=None if fixed else "KB934709",
        verdict="ruled-out" if fixed else verdict,
    )


def mailbox_server(
    scene: hosts.Scene,
    *,
    rate: float,
    fault: Fault | None = None,
    outages: tuple[Outage, ...] = (),
    down: dict[str, Window] | None = None,
    up_days: float = 3,
) -> Server:
    """Run an Exchange 2003 server whose people write to each other and to the world."""
    rng = scene.rng
    remotes = places.build_remotes(rng, down or {}, None)
    client = Client("EX1", "192.0.2.10")
    town = places.mailbox_town(
        remotes, client, "ex1.corp.example", rng, count=60, inside=30, outside_share=0.4
    )
    server = Server(
        name="EX1",
        fqdn="ex1.corp.example",
        policy=EXCHANGE_2003,
        remotes=[town.ours, *remotes],
        services=(SMTPSVC, STORE),
        up_since=scene.span[0] - timedelta(days=up_days),
        rng=rng,
        fault=fault,
    )
    server.run(arrivals(town, *scene.span, rate, rng), outages, scene.span[1])
    return server


def _write_mailbox_server(scene: hosts.Scene, server: Server, libraries: list[Library]) -> None:
    machine = Machine("EX1", scene.span[0] - timedelta(days=3), CENTRAL, exchange=True)
    hosts.write_exchange2003(scene, server, machine)
    hosts.write_inventory(scene, "EX1", libraries)


@hosts.scenario(days=10, start=WINTER)
def stuck941060(scene: hosts.Scene) -> Truth:
    """Write an Exchange 2003 server whose full cache strands mail until the store restarts."""
    rng, start = scene.rng, scene.span[0]
    first = Outage(STORE, start + timedelta(days=0.9), timedelta(seconds=50))
    cure = Outage(
        STORE, start + timedelta(days=8.2, hours=rng.uniform(-3, 3)), timedelta(seconds=60)
    )
    fault = Fault("cache", STORE, timedelta(days=rng.uniform(2.5, 3.5)), rng.uniform(0.1, 0.2))
    server = mailbox_server(scene, rate=140, fault=fault, outages=(first, cure), up_days=2)
    unfixed = scene.level.shows("versions")
    libraries = [exchange_library("exmime.dll", "6.5.7638.1")] if unfixed else []
    _write_mailbox_server(scene, server, libraries)
    return hosts.finish(
        scene,
        [server],
        problem="KB941060",
        verdict="confirmed" if unfixed else "supported",
    )


@hosts.scenario(days=8, start=SPRING)
def stamp950757(scene: hosts.Scene) -> Truth:
    """Write Exchange 2003 mail that greylists sent away, lost until SMTP alone restarts."""
    rng, start = scene.rng, scene.span[0]
    cure = Outage(
        SMTPSVC, start + timedelta(days=6.2, hours=rng.uniform(-3, 3)), timedelta(seconds=12)
    )
    fault = Fault("stamp", SMTPSVC, timedelta(days=2.2), 0.75, also=(STORE,))
    server = mailbox_server(scene, rate=200, fault=fault, outages=(cure,))
    _write_mailbox_server(scene, server, [])
    return hosts.finish(scene, [server])


@hosts.scenario(days=7)
def plain_outage(scene: hosts.Scene) -> Truth:
    """Write a gateway, a remote down for three days: mail to it expires, and nothing is wrong."""
    rng, start = scene.rng, scene.span[0]
    at = start + timedelta(days=1, hours=rng.uniform(6, 12))
    down = {"partner.example": window(at, rng.uniform(62, 75))}
    server = gateway(scene, rate=170, down=down)
    return _quiet_gateway(scene, server)


@hosts.scenario(days=7)
def dns_over_tcp(scene: hosts.Scene) -> Truth:
    """Write a gateway that never reaches one domain: its DNS answer does not pass the firewall."""
    rng, start = scene.rng, scene.span[0]
    restart = Outage(SMTPSVC, start + timedelta(days=4.4), timedelta(seconds=15))
    unreachable = rng.choice(("bank.example", "harbour.example", "agency.example"))
    server = gateway(scene, rate=170, outages=(restart,), unreachable=unreachable)
    return _quiet_gateway(scene, server)


@hosts.scenario(days=7)
def long_retry(scene: hosts.Scene) -> Truth:
    """Write a gateway with failing remotes, so that mail waits its four hours between attempts."""
    rng, start = scene.rng, scene.span[0]
    down = {
        domain: window(at, rng.uniform(5, 11))
        for domain in ("partner.example", "harbour.example", "city.example")
        for at in [start + timedelta(days=rng.uniform(0.3, 5))]
    }
    restart = Outage(SMTPSVC, start + timedelta(days=rng.uniform(2, 5)), timedelta(seconds=9))
    server = gateway(scene, rate=170, down=down, outages=(restart,))
    return _quiet_gateway(scene, server)


@hosts.scenario(days=7)
def late_retry(scene: hosts.Scene) -> Truth:
    """Write a gateway that tries again after many hours only: what greylists send away is late."""
    rng, start = scene.rng, scene.span[0]
    interval = rng.choice((360, 480, 720))
    policy = Policy(minutes(interval), WINDOWS_SMTP.delay, WINDOWS_SMTP.expiry)
    restart = Outage(SMTPSVC, start + timedelta(days=rng.uniform(3, 5)), timedelta(seconds=9))
    server = gateway(scene, rate=170, policy=policy, outages=(restart,))
    if scene.level.shows("settings"):
        retries = ",".join([str(interval)] * 4)
        evidence.write_metabase(scene.bundle, "GW1/inventory/MetaBase.xml", retries)
    return _quiet_gateway(scene, server, story.late(server, minutes(300)[0]))


@hosts.scenario(days=7)
def planned_reboot(scene: hosts.Scene) -> Truth:
    """Write a gateway that is patched and rebooted twice in working hours, its queue not empty."""
    rng, start = scene.rng, scene.span[0]
    outages = tuple(
        Outage("host", start + timedelta(days=day, hours=rng.uniform(9, 16)), timedelta(minutes=4))
        for day in (1, 4)
    )
    at = outages[0].at - timedelta(hours=1.5)
    down = {"partner.example": window(at, 1.7)}
    server = gateway(scene, rate=170, down=down, outages=outages)
    return _quiet_gateway(scene, server)


@hosts.scenario(days=7)
def week_gateway(scene: hosts.Scene) -> Truth:
    """Write a gateway's good week."""
    rng, start = scene.rng, scene.span[0]
    at = start + timedelta(days=rng.uniform(1, 5))
    down = {"agency.example": window(at, rng.uniform(0.5, 3))}
    server = gateway(scene, rate=200, down=down)
    return _quiet_gateway(scene, server)


@hosts.scenario(days=7, start=SPRING)
def week_exchange2003(scene: hosts.Scene) -> Truth:
    """Write an Exchange 2003 server's good week."""
    rng, start = scene.rng, scene.span[0]
    at = start + timedelta(days=rng.uniform(1, 5))
    down = {"agency.example": window(at, rng.uniform(0.5, 3))}
    reboot = Outage("host", start + timedelta(days=3, hours=21.5), timedelta(minutes=4))
    server = mailbox_server(scene, rate=180, down=down, outages=(reboot,))
    fixed = [exchange_library("exmime.dll", "6.5.7653.20")]
    _write_mailbox_server(scene, server, fixed if rng.random() < 0.5 else [])
    return hosts.finish(scene, [server])


def _write_gateway(scene: hosts.Scene, server: Server) -> None:
    machine = Machine("GW1", scene.span[0] - timedelta(days=20), CENTRAL)
    hosts.write_relay(scene, server, machine)


def _quiet_gateway(scene: hosts.Scene, server: Server, extra: Iterable[Truth] = ()) -> Truth:
    _write_gateway(scene, server)
    return hosts.finish(scene, [server], extra)
