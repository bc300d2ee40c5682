"""Writes what one host of a kind leaves behind, as far as its collection is complete."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from random import Random
from typing import Protocol

from samples.generator import evidence, facts, tracking2016, transportlogs, w3c
from samples.generator.bundle import Bundle, new_bundle, write_truth
from samples.generator.difficulty import Difficulty, as_dated
from samples.generator.eventfiles import write_new_log, write_old_log
from samples.generator.eventlog import (
    Machine,
    application_entries,
    modern_entries,
    system_entries,
)
from samples.generator.evidence import Library
from samples.generator.mechanism import Server
from samples.generator.story import in_order, told
from samples.generator.tracking2003 import write_tracking2003
from samples.generator.truth import Truth, tell

Span = tuple[datetime, datetime]
START = datetime.fromisoformat("2007-09-03")  # UTC, as all times here
WAITS = {"idle-until-restart", "delayed-ndr"}  # what the known problems of the queue show as


@dataclass(frozen=True, slots=True)
class Scene:
    """A bundle in the making: its span of time and the chance that rules it."""

    bundle: Bundle
    span: Span
    seed: int
    rng: Random

    @property
    def level(self) -> Difficulty:
        """How complete the collection is."""
        return self.bundle.difficulty

    def dated(self, server: Server) -> list[facts.Fact]:
        """Return a server's facts by its own clock."""
        return as_dated(server.facts, self.level.skew(server.name))


def set_scene(
    out: Path,
    name: str,
    *,
    seed: int,
    difficulty: str,
    days: float,
    start: datetime = START,
    clocks: dict[str, timedelta] | None = None,
) -> Scene:
    """Return an empty bundle of a scenario; ``clocks`` tells how far a host's clock is ahead."""
    bundle = new_bundle(out, name, Difficulty(difficulty, seed, dict(clocks or {})))
    return Scene(bundle, (start, start + timedelta(days=days)), seed, Random(seed))


class Builder(Protocol):
    """What ``samples.generator.build`` calls."""

    def __call__(self, out: Path, *, seed: int, difficulty: str = "normal") -> Truth:
        """Write a bundle below ``out`` and return its truth."""


def scenario(
    *, days: float, start: datetime = START
) -> Callable[[Callable[[Scene], Truth]], Builder]:
    """Make a builder of a function that plays a scene; the bundle has the function's name."""

    def built_by(play: Callable[[Scene], Truth]) -> Builder:
        @wraps(play)
        def build(out: Path, *, seed: int, difficulty: str = "normal") -> Truth:
            name = play.__name__
            scene = set_scene(out, name, seed=seed, difficulty=difficulty, days=days, start=start)
            return play(scene)

        return build

    return built_by


def write_relay(scene: Scene, server: Server, machine: Machine) -> None:
    """Write a Windows SMTP relay: its protocol log and its System log."""
    name, level, end = server.name, scene.level, scene.span[1]
    happened = scene.dated(server)
    site = w3c.Site(name, server.fqdn, "192.0.2.1")
    events = not level.lacks(f"{name} events")
    if events and level.lacks(f"{name} utc", 0.25):
        w3c.write_iis(
            scene.bundle, site, happened, folder=f"{name}/SMTPSVC1", end=end, zone=machine.zone
        )
    else:
        w3c.write_w3c(scene.bundle, site, happened, folder=f"{name}/SMTPSVC1", end=end)
    if events:
        entries = system_entries(machine, happened, *scene.span, scene.seed)
        write_old_log(scene.bundle, f"{name}/SysEvent.Evt", machine, entries)


def write_exchange2003(scene: Scene, server: Server, machine: Machine) -> None:
    """Write an Exchange 2003 server: tracking, System and Application log."""
    name, level, end = server.name, scene.level, scene.span[1]
    happened = scene.dated(server)
    write_tracking2003(scene.bundle, name, "192.0.2.10", happened, end=end)
    if not level.lacks(f"{name} events", 0.2):
        entries = system_entries(machine, happened, *scene.span, scene.seed)
        write_old_log(scene.bundle, f"{name}/SysEvent.Evt", machine, entries, dirty=level.hard)
    entries = application_entries(machine, happened, *scene.span)
    write_old_log(scene.bundle, f"{name}/AppEvent.Evt", machine, entries, dirty=level.hard)


def write_exchange2016(
    scene: Scene, server: Server, machine: Machine, *, lost: Span | None = None, sends: bool = False
) -> None:
    """Write an Exchange 2016 server; its tracking log misses the rows of a lost span."""
    name, level, end = server.name, scene.level, scene.span[1]
    happened = scene.dated(server)
    place = tracking2016.Site(name, server.fqdn, "192.0.2.20", "corp.example")
    kept = [fact for fact in happened if not (lost and lost[0] <= fact.at < lost[1])]
    folder = f"{name}/TransportRoles/Logs/Hub"
    tracking2016.write_tracking2016(
        scene.bundle, place, kept, folder=f"{name}/MessageTracking", end=end
    )
    transportlogs.write_connectivity(
        scene.bundle, place, happened, folder=f"{folder}/Connectivity", end=end
    )
    if server.pressure:
        where = f"{name}/TransportRoles/Logs/FrontEnd/ProtocolLog/SmtpReceive"
        transportlogs.write_receive(scene.bundle, place, happened, folder=where, end=end)
    if sends and not level.lacks(f"{name} send"):
        where = f"{folder}/ProtocolLog/SmtpSend"
        transportlogs.write_send(scene.bundle, place, happened, folder=where, end=end)
    entries = system_entries(machine, happened, *scene.span, scene.seed)
    write_new_log(scene.bundle, f"{name}/System.evtx", machine, entries)
    entries = modern_entries(happened, *scene.span)
    write_new_log(scene.bundle, f"{name}/Application.evtx", machine, entries, channel="Application")


def write_exchange2010(scene: Scene, server: Server, machine: Machine) -> None:
    """Write an Exchange 2010 server: tracking, connectivity, receive protocol and event logs."""
    name, end = server.name, scene.span[1]
    happened = scene.dated(server)
    place = tracking2016.Site(name, server.fqdn, "192.0.2.20", "corp.example", tracking2016.E2010)
    folder = f"{name}/TransportRoles/Logs"
    tracking2016.write_tracking2016(
        scene.bundle, place, happened, folder=f"{folder}/MessageTracking", end=end
    )
    transportlogs.write_connectivity(
        scene.bundle, place, happened, folder=f"{folder}/Connectivity", end=end
    )
    if server.pressure:
        where = f"{folder}/ProtocolLog/SmtpReceive"
        transportlogs.write_receive(scene.bundle, place, happened, folder=where, end=end)
    entries = system_entries(machine, happened, *scene.span, scene.seed)
    write_new_log(scene.bundle, f"{name}/System.evtx", machine, entries)
    entries = modern_entries(happened, *scene.span, lowest="Normal", build="14.2.247.5")
    write_new_log(scene.bundle, f"{name}/Application.evtx", machine, entries, channel="Application")


def write_inventory(
    scene: Scene,
    host: str,
    libraries: list[Library],
    *,
    threshold: int | None = None,
    registry: bool = False,
    pack: int = 0,
) -> None:
    """Write the evidence of versions that was collected; a pack of 0 means no systeminfo."""
    if libraries:
        evidence.write_versions(scene.bundle, f"{host}/inventory/fv.csv", host, libraries)
    if registry:
        evidence.write_registry(scene.bundle, f"{host}/inventory/smtpsvc.reg", host, threshold)
    if pack:
        evidence.write_systeminfo(scene.bundle, f"{host}/inventory/systeminfo.txt", host, pack)


def finish(
    scene: Scene,
    servers: Sequence[Server],
    extra: Iterable[Truth] = (),
    *,
    problem: str | None = None,
    verdict: str | None = None,
    spared: str = "",
    connectivity: bool = False,
) -> Truth:
    """Write and return the truth: what the servers did, and what is told beside it.

    Restarts of the service ``spared`` need not be named: another rule tells them, or no log does.
    """
    did = [one for server in servers for one in told(server, connectivity=connectivity)]
    truth = tell(servers, *scene.span, scene.bundle.files)
    found = []
    for one in truth["incidents"]:
        known = one["rule"] in WAITS
        free = one["rule"] == "service-restart" and one["service"] == spared
        found.append(
            {
                **one,
                "known_problem": problem if known else None,
                "verdict": verdict if known else None,
                "optional": free,
            }
        )
    truth["incidents"] = in_order([*found, *did, *extra])
    truth["difficulty"] = scene.level.level
    truth["skew_s"] = {host: scene.level.skew(host).total_seconds() for host in truth["hosts"]}
    truth["damaged"] = sorted(scene.bundle.harmed)
    write_truth(scene.bundle, truth)
    return truth
