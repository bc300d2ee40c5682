"""The incidents that faults, outages and wear leave behind, told by the simulation itself."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from samples.generator import facts
from samples.generator.difficulty import Difficulty
from samples.generator.mechanism import Server
from samples.generator.remotes import Remote
from samples.generator.truth import Truth, stamp

LONG_OUTAGE = timedelta(hours=4)
TELLING_SKEW = timedelta(seconds=90)  # a clock this far off is worth an incident
LOOP, WITHIN = 3, timedelta(hours=1)
TOGETHER = timedelta(minutes=15)  # restarts this close are one to an administrator


def incident(
    rule: str,
    host: str,
    service: str,
    span: tuple[datetime, datetime | None],
    *,
    messages: int | None = None,
    problem: str | None = None,
    verdict: str | None = None,
    optional: bool = False,
) -> Truth:
    """Return one incident; an optional one may be named, but nobody is blamed for missing it."""
    return {
        "rule": rule,
        "known_problem": problem,
        "verdict": verdict,
        "host": host,
        "service": service,
        "started_at": stamp(span[0]),
        "ended_at": stamp(span[1]) if span[1] else None,
        "messages": messages,
        "optional": optional,
    }


def told(server: Server, *, connectivity: bool) -> list[Truth]:
    """Return what the new mechanisms did; without attempts in the logs an outage may go unseen."""
    return [
        *_crashes(server),
        *_losses(server),
        *_outages(server, connectivity=connectivity),
        *_throttled(server),
        *_pressed(server),
        *_poisoned(server),
    ]


def _crashes(server: Server) -> Iterator[Truth]:
    crashes = [fact for fact in server.facts if isinstance(fact, facts.ServiceCrashed)]
    starts = [fact for fact in server.facts if isinstance(fact, facts.ServiceStarted)]
    loops: list[list[facts.ServiceCrashed]] = []
    for crash in crashes:
        if loops and crash.at - loops[-1][-1].at <= WITHIN:
            loops[-1].append(crash)
        else:
            loops.append([crash])
    for loop in loops:
        service = loop[0].service
        up = [one.at for one in starts if one.at > loop[-1].at and one.service == service]
        span = (loop[0].at, up[0] if up else None)
        is_loop = any(b.at - a.at <= WITHIN for a, b in zip(loop, loop[LOOP - 1 :], strict=False))
        if is_loop:
            yield incident("crash-loop", server.name, service, span)
        last: datetime | None = None
        for crash in loop:
            back = [one.at for one in starts if one.at > crash.at and one.service == service]
            ended = back[0] if back else None
            again = crash.at - last <= TOGETHER if last else False
            span = (crash.at, ended)
            yield incident("service-restart", server.name, service, span, optional=is_loop or again)
            last = crash.at


def _losses(server: Server) -> Iterator[Truth]:
    for fact in server.facts:
        if isinstance(fact, facts.HostUp) and fact.lost_at:
            span = (fact.lost_at, fact.at)
            yield incident("unclean-shutdown", server.name, "host", span)
            yield incident("service-restart", server.name, "host", span, optional=True)


def _outages(server: Server, *, connectivity: bool) -> Iterator[Truth]:
    """Yield each run of vain attempts at one domain, from the first to the next success."""
    by_domain: dict[str, list[facts.ConnectFailed | facts.Session]] = {}
    for fact in server.facts:
        if isinstance(fact, (facts.ConnectFailed, facts.Session)):
            by_domain.setdefault(fact.remote.domain, []).append(fact)
    for attempts in by_domain.values():
        run: list[facts.ConnectFailed] = []
        for attempt in [*attempts, None]:
            if isinstance(attempt, facts.ConnectFailed):
                run.append(attempt)
            elif run:
                over = attempt.at if attempt else None
                yield from _outage(server, run, over, connectivity=connectivity)
                run = []


def _outage(
    server: Server, run: list[facts.ConnectFailed], over: datetime | None, *, connectivity: bool
) -> Iterator[Truth]:
    remote, first, last = run[0].remote, run[0].at, run[-1].at
    rule = "remote-outage" if run[0].reason == "no-answer" else "dns-failure"
    waited = _waiting(server, remote, first, over)
    required = (
        connectivity
        and not remote.dead
        and last - first >= LONG_OUTAGE
        and len(run) >= 4
        and waited >= 3
    )
    one = incident(
        rule, server.name, server.service, (first, over), messages=waited, optional=not required
    )
    yield one | {"domain": remote.domain}
    also = incident("queue-growth", server.name, server.service, (first, over), optional=True)
    yield also | {"domain": remote.domain}


def _waiting(server: Server, remote: Remote, first: datetime, over: datetime | None) -> int:
    """Return how many messages came into the domain's queue while it did not answer."""
    mails = {
        fact.message.id
        for fact in server.facts
        if isinstance(fact, facts.Queued)
        and fact.recipients
        and fact.recipients[0].endswith(f"@{remote.domain}")
        and fact.at >= first - timedelta(seconds=5)
        and (over is None or fact.at < over)
    }
    return len(mails)


def _throttled(server: Server) -> Iterator[Truth]:
    met: dict[str, list[facts.Transaction]] = {}
    for fact in server.facts:
        if isinstance(fact, facts.Session):
            met.setdefault(fact.remote.domain, []).extend(
                one
                for one in fact.transactions
                if any("4.7.230" in reply for _, reply in one.replies)
            )
    for domain, slowed in met.items():
        if slowed:
            mails = {one.message.id for one in slowed}
            span = (slowed[0].at, slowed[-1].at)
            yield incident("throttled", server.name, server.service, span, messages=len(mails)) | {
                "domain": domain
            }


def _pressed(server: Server) -> Iterator[Truth]:
    changes = [fact for fact in server.facts if isinstance(fact, facts.PressureChanged)]
    begun: datetime | None = None
    for change in changes:
        if change.after == "High" and begun is None:
            begun = change.at
        elif change.after != "High" and begun:
            yield incident("back-pressure", server.name, server.service, (begun, change.at))
            begun = None
    if begun:
        yield incident("back-pressure", server.name, server.service, (begun, None))


def _poisoned(server: Server) -> Iterator[Truth]:
    for fact in server.facts:
        if isinstance(fact, facts.Poisoned):
            span = (fact.message.accepted_at, fact.at)
            yield incident("poison-message", server.name, server.service, span, messages=1)


def late(server: Server, usual: timedelta) -> Iterator[Truth]:
    """Yield the mail that waited longer than usual for its next attempt, by the interval alone."""
    tries: dict[tuple[str, str], list[datetime]] = {}
    entered: dict[str, datetime] = {}
    for fact in server.facts:
        if isinstance(fact, facts.Session):
            for one in fact.transactions:
                entered[one.message.id] = one.message.accepted_at
                for recipient, _ in one.replies:
                    tries.setdefault((one.message.id, recipient), []).append(one.at)
    waits = {
        message: times[-1]
        for (message, _), times in tries.items()
        if any(b - a > usual for a, b in pairwise(times))
    }
    if waits:
        span = (min(entered[message] for message in waits), max(waits.values()))
        yield incident("retry-lateness", server.name, server.service, span, messages=len(waits))


def scheduled(server: Server, service: str) -> Iterator[Truth]:
    """Yield the habit of restarting a service every night, and its single restarts."""
    tasks = [
        fact
        for fact in server.facts
        if isinstance(fact, facts.ServiceStopped) and fact.by == "task" and fact.service == service
    ]
    if len(tasks) >= 3:
        starts = [f.at for f in server.facts if isinstance(f, facts.ServiceStarted)]
        yield incident("scheduled-restart", server.name, service, (tasks[0].at, starts[-1]))


def clocks(
    difficulty: Difficulty, pairs: Iterable[tuple[str, str]], span: tuple[datetime, datetime]
) -> Iterator[Truth]:
    """Yield the skew of each pair of hosts that hand mail to each other."""
    for one, other in pairs:
        apart = abs(difficulty.skew(one) - difficulty.skew(other))
        if apart >= timedelta(seconds=10):
            yield incident("clock-skew", other, "", span, optional=apart < TELLING_SKEW) | {
                "pair": [one, other],
                "seconds": apart.total_seconds(),
            }


def in_order(found: Iterable[Truth]) -> list[Truth]:
    """Return incidents in time order."""
    return sorted(found, key=lambda one: (one["started_at"], one["rule"], one["host"]))


def nights(start: datetime, count: int, hour: float) -> list[datetime]:
    """Return the same moment of as many nights."""
    return [start + timedelta(days=day, hours=hour) for day in range(count)]
