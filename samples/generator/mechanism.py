"""A mail server as a discrete-event model: queues, retries, expiry, restarts and two faults.

Nothing here knows a file format. Faults change how the queue works; what then shows in
the logs follows from that.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from string import ascii_letters, digits

from samples.generator import facts
from samples.generator.facts import Client, Fact, Message
from samples.generator.queueing import (
    DEPENDENTS,
    NEVER,
    SMTPSVC,
    Fault,
    Held,
    Item,
    Outage,
    Policy,
    Pressure,
    Queue,
)
from samples.generator.remotes import Remote, answer, failure, reachable
from samples.generator.traffic import Arrival

BATCH = 20  # messages per connection, the product's default


class Server:
    """One host's mail service, run from ``start`` to ``end`` over its arrivals."""

    def __init__(
        self,
        *,
        name: str,
        fqdn: str,
        policy: Policy,
        remotes: Iterable[Remote],
        services: tuple[str, ...],
        up_since: datetime,
        rng: Random,
        fault: Fault | None = None,
        pressure: Pressure | None = None,
        directory: Callable[[str], Remote] | None = None,
    ) -> None:
        """Set the server up with empty queues, its services up since ``up_since``."""
        self.name, self.fqdn, self.policy, self.fault = name, fqdn, policy, fault
        self.pressure, self.directory = pressure, directory
        self.service = services[0]  # the one that schedules the queue
        self.up_since = dict.fromkeys(services, up_since)
        self.up = True
        self.rng = rng
        self.queues = {remote.domain: Queue(remote) for remote in remotes}
        # Weeks of uptime have used up ids; the counter starts again with the service.
        self.counter = rng.randrange(0x800, 0x4000)
        self.facts: list[Fact] = []
        self.held: dict[Item, Held] = {}
        self.was_held: dict[tuple[str, str], bool] = {}
        self._heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = 0
        self._now = up_since
        self._crashes: Counter[str] = Counter()

    def run(self, arrivals: Iterable[Arrival], outages: Iterable[Outage], end: datetime) -> None:
        """Play everything up to ``end``; facts are left in time order."""
        for arrival in arrivals:
            self._at(arrival.at, partial(self._arrive, arrival))
        for outage in outages:
            self._at(outage.at, partial(self._stop, outage))
        before = "Low"
        for level in self.pressure.levels if self.pressure else ():
            self._at(level[0], partial(self._feel, before, level))
            before = level[1]
        while self._heap and self._heap[0][0] < end:
            self._now, _, action = heapq.heappop(self._heap)
            action()
        self.facts = sorted((fact for fact in self.facts if fact.at < end), key=lambda f: f.at)

    # -- time

    def _at(self, when: datetime, action: Callable[[], None]) -> None:
        self._order += 1  # equal times run in the order they were planned
        heapq.heappush(self._heap, (when, self._order, action))

    def _later(self, low: float, high: float) -> datetime:
        return self._now + timedelta(seconds=self.rng.uniform(low, high))

    # -- mail in

    def _arrive(self, arrival: Arrival) -> None:
        if not self.up:  # connection refused; the client comes again on its own schedule
            self._at(self._later(60, 900), partial(self._arrive, arrival))
            return
        if arrival.relay_attempt:
            recipient = arrival.recipients[0]
            refused = facts.Refused(self._now, arrival.client, arrival.sender, recipient)
            self.facts.append(refused)
            return
        if self.pressure and self.pressure.refuses(self._now):
            self.facts.append(
                facts.TurnedAway(self._now, arrival.client, arrival.sender, arrival.recipients)
            )
            self._at(self._later(300, 1800), partial(self._arrive, arrival))
            return
        message = Message(
            id=arrival.message_id or self._new_id(arrival.via),
            sender=arrival.sender,
            recipients=arrival.recipients,
            accepted_at=self._now,
            size=arrival.size,
            subject=arrival.subject,
            client=arrival.client,
            via=arrival.via,
            own_id=not arrival.message_id,
        )
        self.facts.append(facts.Accepted(self._now, message))
        self._enter(message, poison=arrival.poison)

    def _feel(self, before: str, level: tuple[datetime, str, int]) -> None:
        """Note that the watched resource reached another level."""
        if self.pressure:
            _, after, percent = level
            self.facts.append(
                facts.PressureChanged(self._now, before, after, self.pressure.resource, percent)
            )

    def _new_id(self, via: str) -> str:
        if via == "store" or self.service != SMTPSVC:
            return f"{self.rng.getrandbits(128):032x}@{self.fqdn}"
        self.counter += 1
        middle = "".join(self.rng.choices(ascii_letters + digits, k=12))
        return f"{self.name}{middle}{self.counter:08x}@{self.fqdn}"

    def _queue(self, domain: str) -> Queue:
        if domain not in self.queues and self.directory:
            self.queues[domain] = Queue(self.directory(domain))
        return self.queues[domain]

    def _enter(self, message: Message, *, poison: int = 0) -> None:
        by_domain: dict[str, list[str]] = {}
        for recipient in message.recipients:
            by_domain.setdefault(recipient.split("@")[1], []).append(recipient)
        for domain, recipients in by_domain.items():
            queue = self._queue(domain)
            item = Item(message, queue, recipients, next_at=self._later(0.7, 2.5), poison=poison)
            queue.items.append(item)
            routed = self._later(0.15, 0.6)
            self.facts.append(facts.Queued(routed, message, tuple(recipients), queue.remote.local))
            if self._fault_takes(message):
                item.held = True
                self.held[item] = Held(message, tuple(recipients), queue.remote)
            self._at(item.next_at, partial(self._serve, queue))
            delay = message.accepted_at + self.policy.delay + self._slack()
            self._at(delay, partial(self._tell_delay, item))
            expiry = message.accepted_at + self.policy.expiry + self._slack()
            self._at(expiry, partial(self._expire, item))

    def _slack(self) -> timedelta:
        """Timers are looked at by a sweep of the queue about once in two minutes."""
        return timedelta(seconds=self.rng.uniform(0, 120))

    def _fault_takes(self, message: Message) -> bool:
        # Reports enter behind the broken step, so they always pass.
        fault = self.fault
        if fault is None or fault.kind == "stamp" or message.kind != "mail":
            return False
        ripe = self._now - self.up_since[fault.service] >= fault.after
        return ripe and self.rng.random() < fault.share

    # -- mail out

    def _serve(self, queue: Queue) -> None:
        """Attempt everything due in the queue, if the service and the queue's timers allow."""
        now = self._now
        if not self.up or queue.retry_at > now:
            return  # a service start or the retry timer comes back here
        if queue.busy_until > now:
            self._at(queue.busy_until, partial(self._serve, queue))
            return
        due = [item for item in queue.items if not item.held and item.next_at <= now]
        if not due:
            return
        for item in due:
            if item.poison:
                self._die_of(item)
                return
        if queue.remote.local:
            for item in due:
                self._deliver_locally(item)
            return
        if not reachable(queue.remote, now):
            queue.failures += 1
            queue.retry_at = now + self.policy.wait(queue.failures)
            self._at(queue.retry_at, partial(self._serve, queue))
            reason = failure(queue.remote, now)
            self.facts.append(facts.ConnectFailed(now, queue.remote, reason, len(due)))
            return
        queue.failures = 0
        self._converse(queue, due[:BATCH])
        if len(due) > BATCH:
            self._at(queue.busy_until, partial(self._serve, queue))

    def _converse(self, queue: Queue, due: list[Item]) -> None:
        remote, clock = queue.remote, self._now
        latency = remote.latency
        clock += timedelta(seconds=self.rng.uniform(2, 4) * latency)
        done = []
        for item in due:
            started = clock
            clock += timedelta(seconds=self.rng.uniform(1, 2) * latency * (2 + len(item.pending)))
            clock += timedelta(seconds=item.message.size / 400_000)
            sender = item.message.sender
            replies = tuple((rcpt, answer(remote, started, sender, rcpt)) for rcpt in item.pending)
            done.append(facts.Transaction(started, clock, item.message, replies))
            self._settle(item, clock, dict(replies))
        ended = clock + timedelta(seconds=self.rng.uniform(0.5, 1.5) * latency)
        queue.busy_until = ended
        self.facts.append(facts.Session(self._now, ended, remote, tuple(done)))

    def _settle(self, item: Item, at: datetime, replies: dict[str, str]) -> None:
        """Sort an item's recipients by the reply they met: done, refused or to be retried."""
        refused = [rcpt for rcpt, reply in replies.items() if reply.startswith("5")]
        item.pending = [rcpt for rcpt, reply in replies.items() if reply.startswith("4")]
        if "250" in {reply[:3] for reply in replies.values()}:
            self._note_end(item, at, "delivery")
        if refused:
            reply = replies[refused[0]]
            self._at(at, partial(self._bounce, item, tuple(refused), reply[4:9], reply))
        if item.pending:
            self._mistime(item, replies)
            item.failures += 1
            item.next_at = at + self.policy.wait(item.failures)
            self._at(item.next_at, partial(self._serve, item.queue))
        else:
            item.queue.items.remove(item)

    def _mistime(self, item: Item, replies: dict[str, str]) -> None:
        """Hold an item that a greylist sent away, if the fault writes a wrong time into it."""
        fault = self.fault
        if fault is None or fault.kind != "stamp" or item.held:
            return
        grey = any(reply[4:9] == "4.7.1" for reply in replies.values())
        ripe = self._now - self.up_since[fault.service] >= fault.after
        if grey and ripe and self.rng.random() < fault.share:
            item.held = True
            self.held[item] = Held(item.message, tuple(item.pending), item.queue.remote)

    def _die_of(self, item: Item) -> None:
        """Crash over a message; the last time it is put aside when the service is up again."""
        item.poison -= 1
        self._stop(Outage(self.service, self._now, timedelta(seconds=12), "crash"))
        if item.poison == 0:
            recipients = tuple(item.pending)
            item.pending = []
            item.queue.items.remove(item)
            aside = self._now + timedelta(seconds=40)
            self.facts.append(facts.Poisoned(aside, item.message, recipients))

    def _deliver_locally(self, item: Item) -> None:
        recipients = tuple(item.pending)
        item.pending = []
        item.queue.items.remove(item)
        self._note_end(item, self._now, "delivery")
        self.facts.append(facts.DeliveredLocally(self._now, item.message, recipients))

    def _note_end(self, item: Item, at: datetime, how: str) -> None:
        if item in self.held:
            self.held[item].ends.append((at, how))

    # -- giving up

    def _asleep(self, item: Item) -> bool:
        lost = item.held and self.fault is not None and self.fault.kind != "cache"
        return lost or not item.pending or not self.up

    def _expire(self, item: Item) -> None:
        if self._asleep(item):
            return  # done, lost, or the next service start sees to it
        recipients = tuple(item.pending)
        item.pending = []
        item.queue.items.remove(item)
        self._bounce(item, recipients, "4.4.7", "")

    def _bounce(self, item: Item, recipients: tuple[str, ...], status: str, reply: str) -> None:
        message = item.message
        report = self._report(message, "ndr") if message.sender else None
        self._note_end(item, self._now, "ndr")
        for recipient in recipients:
            self.was_held[message.id, recipient] = item in self.held
        self.facts.append(
            facts.Bounced(self._now, message, recipients, status, reply, item.queue.remote, report)
        )
        if report:
            self._enter(report)

    def _tell_delay(self, item: Item) -> None:
        if self._asleep(item) or item.delay_told or not item.message.sender:
            return
        item.delay_told = True
        report = self._report(item.message, "delay")
        self.facts.append(facts.Delayed(self._now, item.message, tuple(item.pending), report))
        self._enter(report)

    def _report(self, message: Message, kind: str) -> Message:
        what = "Failure" if kind == "ndr" else "Delay"
        return Message(
            id=self._new_id("report"),
            sender="",
            recipients=(message.sender,),
            accepted_at=self._now + timedelta(milliseconds=20),
            size=min(message.size, 20_000) + 2_400,
            subject=f"Delivery Status Notification ({what})",
            client=Client("", ""),
            via="report",
            kind=kind,
            parent=message.id,
        )

    # -- stop and start

    def _stop(self, outage: Outage) -> None:
        """Close the doors, let open sessions end, and plan the start."""
        asked = self._now
        if outage.kind != "planned":
            self._break(outage)
            return
        self.up = False
        busy = max(queue.busy_until for queue in self.queues.values())
        stopped = max(busy, asked) + timedelta(seconds=self.rng.uniform(2, 5))
        if outage.service == "host":
            down = stopped + timedelta(seconds=self.rng.uniform(20, 45))
            boot = down + outage.down
            self.facts += [facts.HostDown(down, asked), facts.HostUp(boot)]
            ready = boot + timedelta(seconds=self.rng.uniform(40, 90))
            self._at(ready, partial(self._start, outage, boot))
        else:
            self.facts += [
                facts.ServiceStopped(stopped, asked, service, by)
                for service, by in _together(outage)
            ]
            start_asked = stopped + outage.down
            ready = start_asked + timedelta(seconds=self.rng.uniform(2, 6))
            self._at(ready, partial(self._start, outage, start_asked))

    def _break(self, outage: Outage) -> None:
        """Fall over without a word to anybody, and plan the start."""
        if not self.up:
            return  # there is nothing left to break
        self.up = False
        start_asked = self._now + outage.down
        if outage.kind == "power":
            self.facts.append(facts.HostUp(start_asked, lost_at=self._now))
            ready = start_asked + timedelta(seconds=self.rng.uniform(40, 90))
        else:
            self._crashes[outage.service] += 1
            count = self._crashes[outage.service]
            self.facts.append(facts.ServiceCrashed(self._now, outage.service, count))
            ready = start_asked + timedelta(seconds=self.rng.uniform(2, 6))
        self._at(ready, partial(self._start, outage, start_asked))

    def _start(self, outage: Outage, asked: datetime) -> None:
        with_host = outage.service == "host"
        by = "recovery" if outage.kind == "crash" else outage.by
        together = _together(outage)
        restarted = list(self.up_since) if with_host else [service for service, _ in together]
        reasons = dict(together)
        self.up_since.update(dict.fromkeys(restarted, self._now))
        self.up = True
        scheduler = self.service in restarted
        if scheduler:
            self.counter = 0
        queued = tuple(
            facts.Queued(self._now, item.message, tuple(item.pending), item.queue.remote.local)
            for queue in self.queues.values()
            for item in queue.items
        )
        for service in restarted:
            reason = reasons.get(service, by) if outage.kind == "planned" else by
            self.facts.append(
                facts.ServiceStarted(self._now, asked, service, queued, with_host, reason)
            )
        for queue in self.queues.values():
            self._wake(queue, restarted, scheduler=scheduler)

    def _wake(self, queue: Queue, restarted: list[str], *, scheduler: bool) -> None:
        """Free what the fault held; a start of the scheduler also forgets every retry timer."""
        if scheduler:
            queue.failures, queue.retry_at = 0, NEVER
        for item in list(queue.items):
            freed = item.held and self.fault is not None and bool(self.fault.cures & set(restarted))
            if freed:
                item.held = False
                self.held[item].freed_at = self._now
            if freed or scheduler:
                item.next_at = NEVER
            if self._now >= item.message.accepted_at + self.policy.expiry:
                self._at(self._later(1, 20), partial(self._expire, item))
                item.next_at = self._now + timedelta(minutes=1)  # not tried, given up
            elif self._now >= item.message.accepted_at + self.policy.delay:
                item.delay_told = item.delay_told or freed  # it is on its way at last
        self._at(self._later(1, 15), partial(self._serve, queue))


def _together(outage: Outage) -> list[tuple[str, str]]:
    """Return the services that go down with one, and who asked for each."""
    first = DEPENDENTS.get(outage.service, ())
    lead = (outage.service, "dependency" if first else outage.by)
    return [*((service, outage.by) for service in first), lead]
