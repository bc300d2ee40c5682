"""A Server 2003 SMTP gateway whose scheduler loses messages until the service restarts."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from samples.generator import places, w3c
from samples.generator.bundle import new_bundle, write_truth
from samples.generator.difficulty import Difficulty, as_dated
from samples.generator.eventfiles import write_old_log
from samples.generator.eventlog import Machine, system_entries
from samples.generator.facts import Client
from samples.generator.mechanism import Server
from samples.generator.queueing import SMTPSVC, WINDOWS_SMTP, Fault, Outage
from samples.generator.remotes import Remote
from samples.generator.traffic import Town, arrivals, people
from samples.generator.truth import Truth, tell

INSIDE = (
    Client("mail01", "192.0.2.20"),
    Client("erp01", "192.0.2.31"),
    Client("scan-3f", "192.0.2.44"),
    Client("monitor01", "192.0.2.52"),
)
START = datetime.fromisoformat("2007-09-03")  # UTC, as all times here


def relay_town(
    remotes: list[Remote],
    rng: Random,
    *,
    mail_host: str = "mail01",
    inside: tuple[Client, ...] = INSIDE,
    outside_share: float = 0.3,
) -> Town:
    """Return a town whose own mailboxes live on another host that the relay hands mail to."""
    ours = Remote(
        "corp.example",
        f"{mail_host}.corp.example",
        "192.0.2.20",
        users=people("corp.example", 60, rng),
        latency=0.05,
        product="Microsoft ESMTP MAIL Service ready",
    )
    return Town(ours, tuple(remotes), places.weights(), inside, outside_share=outside_share)


def gateway2003(
    out: Path,
    *,
    seed: int,
    name: str = "gateway2003",
    host: str = "GW1",
    start: datetime = START,
    days: int = 11,
    rate: float = 200,
    share: float = 0.11,
    healthy_days: float = 4.4,
    restart_day: float = 9.26,
    outage_hours: float = 5.5,
    difficulty: str = "normal",
) -> Truth:
    """Write the bundle; the fault comes after ``healthy_days``, the restart frees the lost."""
    rng = Random(seed)
    end = start + timedelta(days=days)
    up_since = start - timedelta(days=rng.uniform(15, 25))
    onset = start + timedelta(days=healthy_days, hours=rng.uniform(-3, 3))
    down_at = onset + timedelta(days=1, hours=rng.uniform(-3, 3))
    down = {"supplier.example": (down_at, down_at + timedelta(hours=outage_hours))}
    full_at = start + timedelta(days=1, hours=7)
    full = (full_at, full_at + timedelta(hours=20))
    town = relay_town(places.build_remotes(rng, down, full), rng)
    fqdn = f"{host.lower()}.corp.example"
    server = Server(
        name=host,
        fqdn=fqdn,
        policy=WINDOWS_SMTP,
        remotes=[town.ours, *town.remotes],
        services=(SMTPSVC,),
        up_since=up_since,
        rng=rng,
        fault=Fault("idle", SMTPSVC, onset - up_since, share),
    )
    restart_at = start + timedelta(days=restart_day, minutes=rng.uniform(-60, 60))
    restart = Outage(SMTPSVC, restart_at, timedelta(seconds=rng.uniform(4, 40)))
    server.run(arrivals(town, start, end, rate, rng), [restart], end)

    level = Difficulty(difficulty, seed)
    bundle = new_bundle(out, name, level)
    dated = as_dated(server.facts, level.skew(host))
    site = w3c.Site(host, fqdn, "192.0.2.1")
    w3c.write_w3c(bundle, site, dated, folder="logs/SMTPSVC1", end=end)
    machine = Machine(host, up_since, "-60 W. Europe Standard Time")
    entries = system_entries(machine, dated, start, end, seed)
    write_old_log(bundle, "SysEvent.Evt", machine, entries)
    truth = tell([server], start, end, bundle.files)
    write_truth(bundle, truth)
    return truth
