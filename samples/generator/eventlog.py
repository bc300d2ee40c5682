"""Windows event logs: what facts leave behind in System and Application, and the usual noise."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from samples.generator import facts
from samples.generator.queueing import IIS, IMAP, MTA, NEVER, SMTPSVC, STORE, TRANSPORT

ERROR, WARNING, INFORMATION = 1, 2, 4  # event types of EVT
SCM = "Service Control Manager"
STATE_CHANGE = 0x40001B7C  # 7036
DISPLAY = {
    SMTPSVC: "Simple Mail Transfer Protocol (SMTP)",
    STORE: "Microsoft Exchange Information Store",
    TRANSPORT: "Microsoft Exchange Transport",
    IIS: "IIS Admin Service",
    IMAP: "Microsoft Exchange IMAP4",
    MTA: "Microsoft Exchange MTA Stacks",
}
STATE = {"stopped": 1, "running": 4}
ADMIN_SID = "S-1-5-21-1957994488-1177238915-682003330-500"
SYSTEM_SID = "S-1-5-18"
TIMED_OUT, REFUSED = 0x8007274C, 0x8007274D  # Windows Sockets errors as HRESULTs
DNS_FAILED = 0xC00402E7
WORKER_NOISE = {
    False: ("Windows Installer", "Background Intelligent Transfer Service", "Windows Update"),
    True: (
        "Windows Update",
        "WinHTTP Web Proxy Auto-Discovery Service",
        "Windows Modules Installer",
    ),
}
SERVICE_KEYS = {
    "Windows Update": "wuauserv",
    "WinHTTP Web Proxy Auto-Discovery Service": "WinHttpAutoProxySvc",
    "Windows Modules Installer": "TrustedInstaller",
    **{display: key for key, display in DISPLAY.items()},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event before it has a number: full event id, strings in order, binary data."""

    at: datetime
    provider: str
    event_id: int
    kind: int = INFORMATION
    strings: tuple[str, ...] = ()
    data: bytes = b""
    sid: str = ""
    category: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer that logs; ``modern`` means Server 2008 R2 or later, else Server 2003."""

    computer: str
    booted_at: datetime
    zone: str  # bias and name, as event 6013 has them
    modern: bool = False
    exchange: bool = False
    pack: str = "Service Pack 2"
    nt4: bool = False  # whose service control manager tells of no starts and stops
    windows: tuple[str, str, str] = ("6.03.", "9600", "")  # of a modern one: 2012 R2

    @property
    def noon_utc(self) -> int:
        """The UTC hour of the local noon at which event 6013 is written."""
        return (12 + int(self.zone.split(" ", maxsplit=1)[0]) // 60) % 24


def state_change(machine: Machine, at: datetime, display: str, state: str) -> Entry:
    """Return a 7036; only Vista and later carry the language-neutral state."""
    data = b""
    if machine.modern:
        data = f"{SERVICE_KEYS[display]}/{STATE[state]}\0".encode("utf-16-le")
    return Entry(at, SCM, STATE_CHANGE, INFORMATION, (display, state), data)


def system_entries(
    machine: Machine, happened: Iterable[facts.Fact], start: datetime, end: datetime, seed: int
) -> list[Entry]:
    """Return the System log of the span in time order."""
    happened = list(happened)
    entries = [*_noise(machine, happened, start, end, Random(f"{seed} {machine.computer}"))]
    warned: dict[str, datetime] = {}
    for fact in happened:
        match fact:
            case (
                facts.ServiceStopped()
                | facts.ServiceStarted()
                | facts.HostDown()
                | facts.HostUp()
                | facts.ServiceCrashed()
            ):
                entries += _service(machine, fact)
            case facts.ConnectFailed(at=at, remote=remote) if not (
                machine.modern or machine.exchange
            ):
                if _ripe(warned, remote.domain, at):
                    entries.append(_connect_failed(fact, SMTPSVC))
    return sorted((one for one in entries if start <= one.at < end), key=lambda one: one.at)


def _service(
    machine: Machine,
    fact: facts.ServiceStopped
    | facts.ServiceStarted
    | facts.HostDown
    | facts.HostUp
    | facts.ServiceCrashed,
) -> Iterator[Entry]:
    match fact:
        case facts.ServiceCrashed(at, service, count):
            crash = (DISPLAY[service], str(count), "60000", "1", "Restart the service")
            yield Entry(at + timedelta(seconds=1), SCM, 0xC0001B77, ERROR, crash)
        case facts.HostUp():
            yield from _boot(machine, fact)
        case facts.ServiceStopped() | facts.ServiceStarted() if machine.nt4:
            return
        case facts.ServiceStopped():
            yield from _control(machine, fact.asked_at, fact.service, "stop", fact.by)
            yield state_change(machine, fact.at, DISPLAY[fact.service], "stopped")
        case facts.ServiceStarted():
            if not fact.with_host:
                yield from _control(machine, fact.asked_at, fact.service, "start", fact.by)
            yield state_change(machine, fact.at, DISPLAY[fact.service], "running")
        case facts.HostDown():
            name = f"{machine.computer}\\Administrator"
            reason = "Operating System: Service pack (Planned)"
            strings = (
                "Explorer.EXE", machine.computer, reason, "0x80020010", "restart", "Patches", name,
            )  # fmt: skip
            yield Entry(fact.asked_at, "USER32", 0x80000432, INFORMATION, strings, sid=ADMIN_SID)
            yield Entry(fact.at, "EventLog", 0x80001776)


def _boot(machine: Machine, fact: facts.HostUp) -> Iterator[Entry]:
    """Yield what the event log service writes when Windows comes up."""
    version = (*machine.windows, "Multiprocessor Free")
    if machine.nt4:
        version = ("4.0", "1381", "Service Pack 3", "Uniprocessor Free")
    elif not machine.modern:
        version = ("5.02.", "3790", machine.pack, "Multiprocessor Free")
    if fact.lost_at:
        yield from _cut_off(machine, fact.at, fact.lost_at)
    yield Entry(fact.at, "EventLog", 0x80001779, INFORMATION, version)
    yield Entry(fact.at, "EventLog", 0x80001775)


def _control(
    machine: Machine, at: datetime, service: str, control: str, by: str
) -> Iterator[Entry]:
    """Yield who asked: 7035, which Vista and later no longer write."""
    if not machine.modern:
        sid = SYSTEM_SID if by in {"task", "recovery"} else ADMIN_SID
        yield Entry(at, SCM, 0x40001B7B, INFORMATION, (DISPLAY[service], control), sid=sid)


def _cut_off(machine: Machine, at: datetime, lost: datetime) -> Iterator[Entry]:
    """Yield what a boot after a power loss says: 6008 with the time in its data, and 41."""
    local = lost - timedelta(minutes=int(machine.zone.split(" ", maxsplit=1)[0]))
    data = b"".join(
        struct.pack(
            "<8H", one.year, one.month, one.isoweekday() % 7, one.day, one.hour, one.minute,
            one.second, 0,
        )
        for one in (local, lost)
    )  # fmt: skip
    strings = (f"{local:%I:%M:%S %p}", f"{local:%m/%d/%Y}", "", "", "86400", "", "")
    yield Entry(at, "EventLog", 0x80001778, ERROR, strings, data)
    if machine.modern:
        provider = "Microsoft-Windows-Kernel-Power"
        yield Entry(at + timedelta(seconds=2), provider, 41, ERROR, ("0", "0x0"))


def _ripe(warned: dict[str, datetime], domain: str, at: datetime) -> bool:
    """Return whether to warn; the service does so at most once an hour about one domain."""
    ripe = at - warned.get(domain, NEVER) >= timedelta(hours=1)
    if ripe:
        warned[domain] = at
    return ripe


def _connect_failed(fact: facts.ConnectFailed, provider: str) -> Entry:
    remote = fact.remote
    if fact.reason != "no-answer":
        reason = "Unable to bind to the destination server in DNS."
        code = struct.pack("<I", DNS_FAILED)
        return Entry(fact.at, provider, 0x80000FA0, WARNING, (remote.domain, reason), code)
    if remote.dead:
        reason = "The connection was dropped by the remote host."
        code = struct.pack("<I", TIMED_OUT)
        return Entry(fact.at, provider, 0x80000FA0, WARNING, (remote.domain, reason), code)
    strings = (
        remote.ip,
        remote.domain,
        "The remote server did not respond to a connection attempt.",
    )
    return Entry(fact.at, provider, 0x80000FA6, WARNING, strings, struct.pack("<I", REFUSED))


def application_entries(
    machine: Machine, happened: Iterable[facts.Fact], start: datetime, end: datetime
) -> list[Entry]:
    """Return the Application log of an Exchange 2003 server in time order."""
    entries: list[Entry] = []
    warned: dict[str, datetime] = {}
    stores = [f"{kind} Store ({machine.computer})" for kind in ("Mailbox", "Public Folder")]
    for fact in happened:
        match fact:
            case facts.ConnectFailed(at=at, remote=remote):
                if _ripe(warned, remote.domain, at):
                    entries.append(_connect_failed(fact, TRANSPORT))
            case facts.Bounced(report=report) if report:
                for recipient in fact.recipients:
                    strings = (fact.status, recipient, f"<{fact.message.id}>")
                    entries.append(
                        Entry(fact.at, TRANSPORT, 0x40000BD4, INFORMATION, strings, category=6)
                    )
            case facts.ServiceStopped(service=service) if service == STORE:
                entries += _engine(fact.at - timedelta(seconds=1), (103, 101))
            case facts.ServiceStarted(service=service) if service == STORE:
                entries += _store_up(fact.at, stores)
    day = start.replace(hour=2, minute=15)
    while day < end:  # the nightly defragmentation of both databases
        for name in stores:
            strings = ("Information Store (2344)", "", f"First Storage Group\\{name}")
            entries.append(Entry(day, "ESE", 700, INFORMATION, strings, category=7))
            entries.append(
                Entry(day + timedelta(minutes=22), "ESE", 701, INFORMATION, strings, category=7)
            )
        day += timedelta(days=1)
    return sorted((one for one in entries if start <= one.at < end), key=lambda one: one.at)


def modern_entries(
    happened: Iterable[facts.Fact],
    start: datetime,
    end: datetime,
    *,
    lowest: str = "Low",
    build: str = "15.1.2507.6",
) -> list[Entry]:
    """Return the Application log of an Exchange 2010 or 2016 server in time order.

    ``lowest`` is what the product calls no pressure.
    """
    entries: list[Entry] = []
    for fact in happened:
        match fact:
            case facts.PressureChanged(at, before, after, resource, percent):
                entries += _pressure(at, before, after, f"{resource}={percent}%", lowest)
            case facts.ServiceCrashed(at, service) if service == TRANSPORT:
                entries.append(
                    Entry(
                        at,
                        "Application Error",
                        1000,
                        ERROR,
                        (FAULTING, build, "unknown", build, "0"),
                    )
                )
            case facts.Poisoned(at):
                entries.append(Entry(at, TRANSPORT, 0x80042711, WARNING, ("1", "2")))
    day = start.replace(hour=1, minute=40)
    while day < end:  # the nightly maintenance of the mailbox database
        entries.append(Entry(day, "ESE", 700, INFORMATION, UPKEEP))
        entries.append(Entry(day + timedelta(minutes=31), "ESE", 701, INFORMATION, UPKEEP))
        day += timedelta(days=1)
    return sorted((one for one in entries if start <= one.at < end), key=lambda one: one.at)


LEVELS = ("Low", "Medium", "High")
FAULTING = "EdgeTransport.exe"
UPKEEP = ("Information Store (3120)", "", "DB1")


def _pressure(at: datetime, before: str, after: str, text: str, lowest: str) -> Iterator[Entry]:
    worse = LEVELS.index(after) > LEVELS.index(before)
    event = 0x80043A9C if worse else 0x40043A9D  # 15004, 15005
    kind = WARNING if worse else INFORMATION
    levels = (lowest if level == LEVELS[0] else level for level in (before, after))
    yield Entry(at, TRANSPORT, event, kind, (*levels, text))
    if after == "High":  # 15006 over the disk, 15007 over memory
        event = 0x80043A9F if "PrivateBytes" in text else 0x80043A9E
        yield Entry(at, TRANSPORT, event, WARNING, (text,))


def _engine(at: datetime, events: tuple[int, ...]) -> Iterator[Entry]:
    texts = {100: ("6.05.7638.0001",), 101: (), 102: ("First Storage Group",)}
    for event in events:
        strings = ("Information Store (2344)", "", *texts.get(event, ("First Storage Group",)))
        yield Entry(at, "ESE", event, INFORMATION, strings, category=1)


def _store_up(at: datetime, stores: list[str]) -> Iterator[Entry]:
    yield from _engine(at - timedelta(seconds=2), (100, 102))
    for name in stores:
        strings = (f"First Storage Group\\{name}", f"{at:%H:%M:%S}")
        yield Entry(at, STORE, 0x40002533, INFORMATION, strings, category=6)


def _noise(
    machine: Machine, happened: list[facts.Fact], start: datetime, end: datetime, rng: Random
) -> Iterator[Entry]:
    """Yield what any server writes all week and no mail problem explains."""
    down = _down_spans(happened)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        entries = [*_daily(machine, day, happened, rng)]
        yield from (one for one in entries if not any(a <= one.at < b for a, b in down))
        day += timedelta(days=1)


def _down_spans(happened: list[facts.Fact]) -> list[tuple[datetime, datetime]]:
    stops = sorted(
        [fact.asked_at for fact in happened if isinstance(fact, facts.HostDown)]
        + [f.lost_at for f in happened if isinstance(f, facts.HostUp) and f.lost_at]
    )
    starts = [fact.at for fact in happened if isinstance(fact, facts.HostUp)]
    return list(
        zip(stops, [*starts, stops[-1] + timedelta(days=1) if stops else NEVER], strict=False)
    )


def _daily(
    machine: Machine, day: datetime, happened: list[facts.Fact], rng: Random
) -> Iterator[Entry]:
    def moment(low: float, high: float) -> datetime:
        return day + timedelta(hours=rng.uniform(low, high))

    noon = day + timedelta(hours=machine.noon_utc)
    boots = [fact.at for fact in happened if isinstance(fact, facts.HostUp) and fact.at < noon]
    uptime = int((noon - max([machine.booted_at, *boots])) / timedelta(seconds=1))
    values = ("", "", "", "", str(uptime), "60", machine.zone)
    if not machine.nt4:
        yield Entry(noon, "EventLog", 0x8000177D, INFORMATION, values)
    for _ in range(rng.randrange(1, 4)):
        display = rng.choice(WORKER_NOISE[machine.modern])
        at = moment(0, 23.5)
        if not machine.modern and rng.random() < 0.5:
            yield Entry(at, SCM, 0x40001B7B, INFORMATION, (display, "start"), sid=SYSTEM_SID)
        yield state_change(machine, at + timedelta(seconds=1), display, "running")
        stop = at + timedelta(minutes=rng.uniform(2, 15))
        yield state_change(machine, stop, display, "stopped")
    if day.weekday() in {1, 4}:
        source = "dc1.corp.example (ntp.d|192.0.2.1:123->192.0.2.5:123)"
        provider = "Microsoft-Windows-Time-Service" if machine.modern else "W32Time"
        yield Entry(moment(1, 22), provider, 0x40000023, INFORMATION, (source,))
    if rng.random() < 0.3 and not machine.modern:
        strings = (str(rng.randrange(2, 40)), "Remote Downlevel Document", "admin", "HP4200")
        yield Entry(moment(8, 17), "Print", 0x4000000A, INFORMATION, strings, sid=ADMIN_SID)
    if rng.random() < 0.35:
        server = "{9BA05972-F6A8-11CF-A442-00A0C90A8F39}"
        provider = "Microsoft-Windows-DistributedCOM" if machine.modern else "DCOM"
        yield Entry(moment(0, 23), provider, 0xC000271A, ERROR, (server,), sid=SYSTEM_SID)
    if day.weekday() == 2:
        provider = (
            "Microsoft-Windows-WindowsUpdateClient" if machine.modern else ("Windows Update Agent")
        )
        title = "Definition Update for the mail filter"
        yield Entry(moment(2, 5), provider, 0x13, INFORMATION, (title,))
