"""Delivery: a night's report by mail, to chat services and webhooks, to each receiver once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from logpipe.config import Config, Hook, Mail, Receiver
from logpipe.deliver.book import Due, book_due, note_failed, note_sent
from logpipe.deliver.bounds import in_time
from logpipe.deliver.hooks import chat, post
from logpipe.deliver.mail import send_mail
from logpipe.deliver.parcel import Parcel, read_parcel, trial_parcel
from logpipe.deliver.secrets import read_secret, stands
from logpipe.errors import DeliveryError
from logpipe.report._words import list_words
from logpipe.report.nights import SEVERITIES
from logpipe.report.text import clean
from logpipe.store import Connection

LONGEST_RUN = 300  # seconds after which no further night is tried: the store is held meanwhile
MOST_FAULTS = 5  # in one line
MAIL, NOTIFY, WEBHOOK = "mail", "notify", "webhook"
Row = dict[str, Any]
# sends a parcel to some receivers; what went wrong, by receiver
Sender = Callable[[Parcel, Sequence[str]], Mapping[str, str]]


class Sent(NamedTuple):
    """What became of one receiver of one report; ``fault`` is None where it has it."""

    night: str
    way: str
    receiver: str
    fault: str | None


def wanted(
    config: Config, rows: Sequence[Row], silent: Sequence[Row] = ()
) -> list[tuple[str, str]]:
    """Return who gets a night's report: the way, and the receiver on it.

    ``rows`` are the incidents of the night, those of table night_incident; ``silent`` its hosts
    without new logs, those of table night_silence: a host that falls silent concerns everybody.
    """
    alarm = any(not one["suppressed"] and not one["lasting"] for one in silent)
    return [
        (way, name)
        for way, name, how in _receivers(config)
        if alarm
        or (how.min_severity is None and not how.only_changes)
        or any(_concerns(row, how) for row in rows)
    ]


def _concerns(row: Row, how: Receiver) -> bool:
    """Return whether an incident of a night is one that a receiver wants to be told of."""
    least = SEVERITIES.index(how.min_severity or "info")
    bad = SEVERITIES.index(row["severity"]) >= least
    return bad and not row["suppressed"] and not (how.only_changes and row["state"] == "continuing")


def _receivers(config: Config) -> Iterator[tuple[str, str, Receiver]]:
    """Yield every receiver of a configuration: its way, its name, and when it wants what."""
    if config.mail:
        for address in dict.fromkeys(config.mail.to):
            yield MAIL, address, config.mail
    for way, hooks in ((NOTIFY, config.notify), (WEBHOOK, config.webhook)):
        for name, hook in {hook.url.name: hook for hook in hooks}.items():
            yield way, name, hook


def deliver_due(con: Connection, config: Config, moment: datetime) -> list[Sent]:
    """Send what was not sent yet, the oldest night first; what fails is due again next time."""
    senders = _senders(config)
    known = [(way, name) for way, name, _ in _receivers(config)]
    outcomes = []
    ends = monotonic() + LONGEST_RUN
    for due in book_due(con, known, moment):
        if monotonic() > ends:
            told = _all_failed(due, f"left to the next run, as delivery took over {LONGEST_RUN} s")
        else:
            told = _send_due(senders, due, config)
        for (way, name), fault in told.items():
            if fault is None:
                note_sent(con, due.night_id, way, name, moment)
            else:
                note_failed(con, due.night_id, way, name, fault)
            outcomes.append(Sent(due.report, way, name, fault))
    return outcomes


def _send_due(
    senders: Mapping[str, Sender], due: Due, config: Config
) -> dict[tuple[str, str], str | None]:
    """Send the report of one night to all who lack it."""
    try:
        parcel = read_parcel(Path(config.reports, due.report), config.reports_url)
    except DeliveryError as error:
        return _all_failed(due, str(error))
    return _send_all(senders, due.receivers, parcel)


def _all_failed(due: Due, fault: str) -> dict[tuple[str, str], str | None]:
    """Return that nobody got the report of a night, and why."""
    return {(way, name): fault for way, names in due.receivers.items() for name in names}


def _send_all(
    senders: Mapping[str, Sender], receivers: Mapping[str, Sequence[str]], parcel: Parcel
) -> dict[tuple[str, str], str | None]:
    """Send a parcel by every way."""
    told: dict[tuple[str, str], str | None] = {}
    for way, names in receivers.items():
        faults = senders[way](parcel, names)
        told |= {(way, name): faults.get(name) for name in names}
    return told


def try_delivery(config: Config, moment: datetime) -> list[Sent]:
    """Send a small message to every receiver, to see whether the configuration works."""
    receivers: dict[str, list[str]] = {}
    for way, name, _ in _receivers(config):
        receivers.setdefault(way, []).append(name)
    told = _send_all(_senders(config), receivers, trial_parcel(moment))
    return [Sent("test", way, name, fault) for (way, name), fault in told.items()]


def _senders(config: Config) -> dict[str, Sender]:
    """Return what sends by each way."""
    mail = config.mail
    notify = {hook.url.name: hook for hook in config.notify}
    webhook = {hook.url.name: hook for hook in config.webhook}
    return {
        MAIL: lambda parcel, names: send_mail(mail, parcel, names) if mail else {},
        NOTIFY: lambda parcel, names: _each(chat, notify, parcel, names),
        WEBHOOK: lambda parcel, names: _each(post, webhook, parcel, names),
    }


def _each(
    send: Callable[[Hook, Parcel], None],
    hooks: Mapping[str, Hook],
    parcel: Parcel,
    names: Sequence[str],
) -> dict[str, str]:
    """Send a parcel to receivers one by one."""
    faults = {}
    for name in names:
        try:
            hook = hooks[name]
            in_time(partial(send, hook, parcel), hook.timeout_s, hook.url.name)
        except DeliveryError as error:
            faults[name] = str(error)
    return faults


def plan_words(config: Config) -> Iterator[str]:
    """Yield who would get a report, and how; whether a secret is there, but not which it is."""
    if not (config.mail or config.notify or config.webhook):
        yield "to nobody, as the configuration has no mail, notify or webhook"
    if config.mail:
        yield from _mail_words(config.mail)
    for way, hooks in ((NOTIFY, config.notify), (WEBHOOK, config.webhook)):
        for hook in hooks:
            yield f"{way} by {hook.url.name} ({stands(hook.url)}){_when(hook)}"


def require_secrets(config: Config) -> None:
    """Raise DeliveryError where a secret is not there, so that a night could not be delivered."""
    secrets = [hook.url for hook in (*config.notify, *config.webhook)]
    secrets += [config.mail.password] if config.mail and config.mail.username else []
    faults = []
    for secret in dict.fromkeys(secrets):
        try:
            read_secret(secret)
        except DeliveryError as error:
            faults.append(str(error))
    if faults:
        raise DeliveryError(f"a night could not be delivered: {'; '.join(faults)}")


def _mail_words(mail: Mail) -> Iterator[str]:
    logon = f", as {mail.username} with {mail.password.name} ({stands(mail.password)})"
    logon = logon if mail.username else ""
    yield (
        f"mail from {mail.sender} by {mail.host}:{mail.at_port} ({mail.security}){logon}"
        f" to {', '.join(mail.to)}{_when(mail)}"
    )


def _when(how: Receiver) -> str:
    parts = [f"{how.min_severity} and above"] if how.min_severity else []
    parts += ["only changes"] if how.only_changes else []
    return f"; {', '.join(parts)}" if parts else ""


def sent_words(sent: Sequence[Sent]) -> Iterator[str]:
    """Yield what became of delivery for the one line of a night; nothing where nobody gets it."""
    failed = [one for one in sent if one.fault is not None]
    if len(sent) > len(failed):
        yield f"delivered {len(sent) - len(failed):,}"
    if failed:
        names: dict[str, list[str]] = {}  # of those that failed for one reason
        for one in failed:
            names.setdefault(str(one.fault), []).append(one.receiver)
        told = [f"{list_words(who)}: {fault}" for fault, who in names.items()]
        left = f"; and {len(told) - MOST_FAULTS:,} more" if len(told) > MOST_FAULTS else ""
        yield clean(f"NOT delivered {len(failed):,}: {'; '.join(told[:MOST_FAULTS])}{left}")


def sent_lines(sent: Sequence[Sent]) -> Iterator[str]:
    """Yield a line for each receiver of each report."""
    for one in sent:
        yield clean(f"{one.night}: {one.way} {one.receiver}: {one.fault or 'delivered'}")
    if not sent:
        yield "Nothing to deliver."


def require_sent(sent: Sequence[Sent], hint: str = "the next run tries again") -> None:
    """Raise DeliveryError where a receiver lacks a report."""
    if failed := sum(1 for one in sent if one.fault is not None):
        raise DeliveryError(f"{failed:,} deliver{'y' if failed == 1 else 'ies'} failed; {hint}")
