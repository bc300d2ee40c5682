"""Exchange 2010: alone under pressure, and behind a relay that loses mail."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from samples.generator import hosts, modern, places, story
from samples.generator.eventlog import Machine
from samples.generator.evidence import aqueue
from samples.generator.facts import Client
from samples.generator.gateway2003 import INSIDE, relay_town
from samples.generator.healthy import handed_on, new_relay
from samples.generator.mechanism import Server
from samples.generator.queueing import EXCHANGE_2016, SMTPSVC, TRANSPORT, Fault, Outage
from samples.generator.remotes import window
from samples.generator.traffic import Town, arrivals
from samples.generator.truth import Truth

START = datetime.fromisoformat("2012-03-05")  # UTC, a Monday
RELAY, EXCHANGE = "RELAY1", "EX10"
ZONE = "0 GMT Standard Time"
WINDOWS = ("6.01.", "7601", "Service Pack 1")  # Server 2008 R2


def _machine() -> Machine:
    booted = START - timedelta(days=26)
    return Machine(EXCHANGE, booted, ZONE, modern=True, exchange=True, windows=WINDOWS)


@hosts.scenario(days=5, start=START)
def pressure2010(scene: hosts.Scene) -> Truth:
    """Write an Exchange 2010 server that runs short of a resource; later a remote is down."""
    rng = scene.rng
    short = modern.squeeze(START + timedelta(days=1, hours=rng.uniform(0, 10)), rng)
    at = START + timedelta(days=rng.choice((2, 3)), hours=rng.uniform(5, 9))
    down = window(at, rng.uniform(8, 20))
    domain = rng.choice(("partner.example", "supplier.example", "harbour.example"))
    trouble = modern.Trouble(pressure=short, remotes={domain: {"down": (down,)}})
    server = modern.run(scene, trouble, EXCHANGE)
    hosts.write_exchange2010(scene, server, _machine())
    return hosts.finish(scene, [server], connectivity=True)


def relayed(out: Path, *, seed: int, difficulty: str = "normal", name: str = "relayed") -> Truth:
    """Write a relay that loses messages, and the Exchange behind it, whose clock is wrong."""
    drawn = Random(f"{seed} clock")
    ahead = timedelta(seconds=round(drawn.choice((-1, 1)) * drawn.uniform(100, 240)))
    clocks = {RELAY: timedelta(0), EXCHANGE: ahead}
    scene = hosts.set_scene(
        out, name, seed=seed, difficulty=difficulty, days=8, start=START, clocks=clocks
    )
    front = _relay(scene)
    server = _behind(scene, front)
    shown = scene.level.shows("versions")
    hosts.write_relay(scene, front, Machine(RELAY, START - timedelta(days=20), ZONE))
    hosts.write_inventory(scene, RELAY, [aqueue(3959)] if shown else [])
    hosts.write_exchange2010(scene, server, _machine())
    apart = story.clocks(scene.level, [(RELAY, EXCHANGE)], scene.span)
    verdict = "confirmed" if shown else "supported"
    return hosts.finish(scene, [front, server], apart, problem="KB934709", verdict=verdict)


def _relay(scene: hosts.Scene) -> Server:
    """Run the relay over its fault, until a restart frees what it lost."""
    rng, (start, end) = scene.rng, scene.span
    town = relay_town(
        places.build_remotes(rng, {}, None),
        rng,
        mail_host=EXCHANGE.lower(),
        inside=INSIDE[1:],
        outside_share=0.5,
    )
    up_since = start - timedelta(days=rng.uniform(15, 25))
    onset = start + timedelta(days=rng.uniform(1.5, 3)) - up_since
    fault = Fault("idle", SMTPSVC, onset, rng.uniform(0.07, 0.16))
    relay = new_relay(RELAY, town, rng, up_since, fault)
    at = start + timedelta(days=6.3, hours=rng.uniform(-2, 2))
    relay.run(
        arrivals(town, start, end, 170, rng), [Outage(SMTPSVC, at, timedelta(seconds=15))], end
    )
    return relay


def _behind(scene: hosts.Scene, front: Server) -> Server:
    """Run Exchange over what the relay hands on and over its own people's mail."""
    rng, (start, end) = scene.rng, scene.span
    remotes = [queue.remote for queue in front.queues.values()]
    ours = replace(next(one for one in remotes if one.domain == "corp.example"), local=True)
    others = tuple(replace(one, first_seen={}) for one in remotes if one.domain != ours.domain)
    town = Town(
        ours,
        others,
        places.weights(),
        (Client(EXCHANGE, "192.0.2.20"),),
        inside_via="store",
        outside_share=0,
        stranger_share=0,
    )
    server = Server(
        name=EXCHANGE,
        fqdn=f"{EXCHANGE.lower()}.corp.example",
        policy=EXCHANGE_2016,
        remotes=[ours, *others],
        services=(TRANSPORT,),
        up_since=start - timedelta(days=rng.uniform(20, 30)),
        rng=rng,
    )
    server.run([*arrivals(town, start, end, 110, rng), *handed_on(front, ours)], [], end)
    return server
