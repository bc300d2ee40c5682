"""What really happened, told by the simulation itself and never by the files it wrote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from samples.generator import facts
from samples.generator.mechanism import Server
from samples.generator.queueing import Held
from samples.generator.remotes import reachable_within

LONGEST_RETRY = timedelta(minutes=240)
SLACK = timedelta(minutes=60)
OVERDUE_AFTER = timedelta(hours=4)  # beyond the expiry
RELEASE_WITHIN = timedelta(minutes=30)  # after the restart, greylisting included

Truth = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Idle:
    """One message that waited until a restart freed it."""

    message: facts.Message
    recipients: tuple[str, ...]
    freed_at: datetime
    released_at: datetime
    released_by: str


def stamp(at: datetime) -> str:
    """Return the moment as ISO 8601 in UTC, to the second as the logs have it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def idle_messages(server: Server, end: datetime) -> list[Idle]:
    """Return the messages that waited too long and were then freed by a restart."""
    by_id: dict[str, list[Held]] = {}
    for held in server.held.values():
        ends = [at for at, _ in held.ends]
        if held.freed_at is None or not ends or not held.freed_at <= max(ends) < end:
            continue  # expired in the queue, or still there
        waited = held.freed_at - held.message.accepted_at > LONGEST_RETRY + SLACK
        if waited and max(ends) - held.freed_at <= RELEASE_WITHIN:
            by_id.setdefault(held.message.id, []).append(held)
    idle = []
    for parts in by_id.values():
        last = max(at for part in parts for at, _ in part.ends)
        hows = {how for part in parts for _, how in part.ends}
        recipients = tuple(rcpt for part in parts for rcpt in part.recipients)
        freed = max(part.freed_at for part in parts if part.freed_at)
        by = "ndr" if "ndr" in hows else "delivery"
        idle.append(Idle(parts[0].message, recipients, freed, last, by))
    return sorted(idle, key=lambda one: one.message.accepted_at)


def ndrs(server: Server) -> list[Truth]:
    """Return every recipient a sender got a non-delivery report for."""
    rows = []
    for fact in server.facts:
        if not isinstance(fact, facts.Bounced) or fact.report is None:
            continue
        accepted = fact.message.accepted_at
        expired = fact.status == "4.4.7"
        overdue = expired and fact.at - accepted > server.policy.expiry + OVERDUE_AFTER
        answered = reachable_within(fact.remote, accepted, fact.at)
        for recipient in fact.recipients:
            held = server.was_held[fact.message.id, recipient]
            rows.append(
                {
                    "host": server.name,
                    "message_id": fact.message.id,
                    "recipient": recipient,
                    "status": fact.status,
                    "accepted_at": stamp(accepted),
                    "ndr_at": stamp(fact.at),
                    "overdue": overdue,
                    "ordinary": not (expired and (overdue or (held and answered))),
                }
            )
    return rows


def restarts(server: Server) -> list[Truth]:
    """Return each stop and start, the host's services folded into a reboot of the host."""
    rows = []
    stopped: dict[str, datetime] = {}
    for fact in server.facts:
        match fact:
            case facts.HostDown():
                stopped["host"] = fact.at
            case facts.HostUp(lost_at=None):
                rows.append(_restart(server, "host", stopped.pop("host"), fact.at, "reboot"))
            case facts.ServiceStopped():
                stopped[fact.service] = fact.at
            case facts.ServiceStarted(with_host=False, by="admin" | "task"):
                down = stopped.pop(fact.service)
                rows.append(_restart(server, fact.service, down, fact.at, "planned"))
    return rows


def _restart(server: Server, service: str, stop: datetime, start: datetime, kind: str) -> Truth:
    return {
        "host": server.name,
        "service": service,
        "stop": stamp(stop),
        "start": stamp(start),
        "kind": kind,
    }


def incidents(server: Server, idle: Sequence[Idle]) -> list[Truth]:
    """Return the incidents an analysis of this host should name, in time order."""
    found = [_delayed(server)] if any(not ndr["ordinary"] for ndr in ndrs(server)) else []
    service = server.fault.service if server.fault else ""
    for freed in sorted({one.freed_at for one in idle}):
        group = [one for one in idle if one.freed_at == freed]
        waits = [one.released_at - one.message.accepted_at for one in group]
        found.append(
            {
                "rule": "idle-until-restart",
                "host": server.name,
                "service": service,
                "started_at": stamp(min(one.message.accepted_at for one in group)),
                "ended_at": stamp(max(one.released_at for one in group)),
                "messages": len(group),
                "detail": {
                    "restart": stamp(freed),
                    "longest_wait_h": round(max(waits) / timedelta(hours=1), 1),
                    "delivered": sum(one.released_by == "delivery" for one in group),
                    "ndrs": sum(one.released_by == "ndr" for one in group),
                },
            }
        )
    found += [
        {
            "rule": "service-restart",
            "host": one["host"],
            "service": one["service"],
            "started_at": one["stop"],
            "ended_at": one["start"],
            "messages": 0,
            "detail": {"kind": one["kind"]},
        }
        for one in restarts(server)
    ]
    return sorted(found, key=lambda one: (one["started_at"], one["rule"]))


def _delayed(server: Server) -> Truth:
    late = [ndr for ndr in ndrs(server) if not ndr["ordinary"]]
    overdue = {ndr["message_id"] for ndr in late if ndr["overdue"]}
    everyone = {ndr["message_id"] for ndr in late}
    return {
        "rule": "delayed-ndr",
        "host": server.name,
        "service": server.fault.service if server.fault else "",
        "started_at": min(ndr["accepted_at"] for ndr in late),
        "ended_at": max(ndr["ndr_at"] for ndr in late),
        "messages": len(everyone),
        "detail": {"overdue": len(overdue), "unexplained": len(everyone - overdue)},
    }


def tell(servers: Iterable[Server], start: datetime, end: datetime, files: dict[str, int]) -> Truth:
    """Return a bundle's whole truth."""
    hosts = list(servers)
    idle = {server.name: idle_messages(server, end) for server in hosts}
    mail = {
        server.name: sum(isinstance(fact, facts.Accepted) for fact in server.facts)
        for server in hosts
    }
    return {
        "hosts": [server.name for server in hosts],
        "start": stamp(start),
        "end": stamp(end),
        "messages_total": sum(mail.values()),
        "messages_by_host": mail,
        "incidents": [one for server in hosts for one in incidents(server, idle[server.name])],
        "restarts": [one for server in hosts for one in restarts(server)],
        "idle_messages": [
            {
                "host": host,
                "message_id": one.message.id,
                "sender": one.message.sender,
                "recipients": list(one.recipients),
                "accepted_at": stamp(one.message.accepted_at),
                "released_at": stamp(one.released_at),
                "released_by": one.released_by,
            }
            for host, found in idle.items()
            for one in found
        ],
        "ndrs": [one for server in hosts for one in ndrs(server)],
        "files": dict(sorted(files.items())),
    }
