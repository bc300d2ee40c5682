"""An Exchange 2003 server whose full property cache strands messages until a store restart."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from samples.generator import places
from samples.generator.bundle import new_bundle, write_truth
from samples.generator.difficulty import Difficulty, as_dated
from samples.generator.eventfiles import write_old_log
from samples.generator.eventlog import Machine, application_entries, system_entries
from samples.generator.facts import Client
from samples.generator.mechanism import Server
from samples.generator.queueing import EXCHANGE_2003, SMTPSVC, STORE, Fault, Outage
from samples.generator.tracking2003 import write_tracking2003
from samples.generator.traffic import arrivals
from samples.generator.truth import Truth, tell

START = datetime.fromisoformat("2007-10-08")  # UTC, as all times here
DECOY = "city.example"  # down for longer than mail is kept


def exchange2003(
    out: Path,
    *,
    seed: int,
    name: str = "exchange2003",
    host: str = "EX1",
    start: datetime = START,
    days: int = 18,
    rate: float = 100,
    share: float = 0.12,
    healthy_days: float = 7.5,
    restart_day: float = 15.22,
    decoy_hours: float = 80,
    smtp_restart_day: float | None = None,
    difficulty: str = "normal",
) -> Truth:
    """Write the bundle: reboot on the first night, fault after ``healthy_days``, restart."""
    rng = Random(seed)
    end = start + timedelta(days=days)
    reboot_at = start + timedelta(hours=20, minutes=rng.uniform(0, 50))
    restart_at = start + timedelta(days=restart_day, minutes=rng.uniform(-60, 60))
    down_at = start + timedelta(days=1, hours=rng.uniform(7, 12))
    down = {DECOY: (down_at, down_at + timedelta(hours=decoy_hours))}
    remotes = places.build_remotes(rng, down, None)
    fqdn = f"{host.lower()}.corp.example"
    client = Client(host, "192.0.2.10")
    town = places.mailbox_town(
        remotes, client, fqdn, rng, count=60, inside=30, outside_share=0.4, busier={DECOY: 12}
    )
    up_since = start - timedelta(days=rng.uniform(2, 5))
    server = Server(
        name=host,
        fqdn=fqdn,
        policy=EXCHANGE_2003,
        remotes=[town.ours, *remotes],
        services=(SMTPSVC, STORE),
        up_since=up_since,
        rng=rng,
        fault=Fault("cache", STORE, timedelta(days=healthy_days), share),
    )
    outages = [
        Outage("host", reboot_at, timedelta(minutes=rng.uniform(3, 5))),
        Outage(STORE, restart_at, timedelta(seconds=rng.uniform(40, 90))),
    ]
    if smtp_restart_day is not None:  # which frees nothing: the cache is the store's
        at = start + timedelta(days=smtp_restart_day)
        outages.append(Outage(SMTPSVC, at, timedelta(seconds=20)))
    server.run(arrivals(town, start, end, rate, rng), outages, end)

    level = Difficulty(difficulty, seed)
    bundle = new_bundle(out, name, level)
    dated = as_dated(server.facts, level.skew(host))
    write_tracking2003(bundle, host, "192.0.2.10", dated, end=end)
    machine = Machine(host, up_since, "-60 W. Europe Standard Time", exchange=True)
    entries = system_entries(machine, dated, start, end, seed)
    write_old_log(bundle, "SysEvent.Evt", machine, entries, dirty=True)
    entries = application_entries(machine, dated, start, end)
    write_old_log(bundle, "AppEvent.Evt", machine, entries, dirty=True)
    truth = tell([server], start, end, bundle.files)
    write_truth(bundle, truth)
    return truth
