"""The other side: destination domains, when they answer, and what they say."""

import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

GREY_FOR = timedelta(minutes=5)  # a triplet younger than this is sent away

Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Remote:
    """One destination domain and its mail exchanger; ``local`` means our own mailboxes."""

    domain: str
    host: str
    ip: str
    users: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()  # addresses people write to that do not exist
    down: tuple[Window, ...] = ()
    dead: bool = False
    no_dns: tuple[Window, ...] = ()  # its name servers do not answer
    big_dns: bool = False  # its DNS answer needs TCP, which our firewall blocks
    slow_until: datetime | None = None  # throttles us for some minutes of each hour until then
    slow_minutes: int = 0
    grey_percent: int = 0  # this share of sender and recipient pairs meets a greylist
    full: tuple[tuple[str, Window], ...] = ()  # mailboxes over quota for a while
    size_extension: bool = True
    local: bool = False
    latency: float = 0.4  # seconds per exchange of command and reply
    product: str = "ESMTP"
    first_seen: dict[str, datetime] = field(default_factory=dict, compare=False, repr=False)


def window(start: datetime, hours: float) -> Window:
    """Return the span of so many hours from a moment."""
    return start, start + timedelta(hours=hours)


def reachable(remote: Remote, now: datetime) -> bool:
    """Return whether a connection to the remote comes about now."""
    if remote.dead or remote.big_dns:
        return False
    return not any(start <= now < end for start, end in (*remote.down, *remote.no_dns))


def failure(remote: Remote, now: datetime) -> str:
    """Return what a vain connection attempt meets now: dns, dns-tcp or no-answer."""
    if remote.big_dns:
        return "dns-tcp"
    return "dns" if any(start <= now < end for start, end in remote.no_dns) else "no-answer"


def reachable_within(remote: Remote, start: datetime, end: datetime) -> bool:
    """Return whether there was a moment in the span at which the remote answered."""
    windows = (*remote.down, *remote.no_dns)
    moments = [start, end, *(up for _, up in windows if start <= up <= end)]
    return any(reachable(remote, moment) for moment in moments)


def answer(remote: Remote, now: datetime, sender: str, recipient: str) -> str:
    """Return the reply to RCPT, remembering the pair if a greylist sees it first."""
    if recipient in remote.unknown:
        return f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
    if remote.slow_until and now < remote.slow_until and now.minute < remote.slow_minutes:
        return (
            "450 4.7.230 Connecting Exchange server version is out-of-date; connection to "
            f"Exchange Online throttled for {remote.slow_minutes} mins/hr."
        )
    for mailbox, (start, end) in remote.full:
        if mailbox == recipient and start <= now < end:
            return f"452 4.2.2 <{recipient}>: Mailbox full"
    pair = f"{sender}>{recipient}"
    # crc32, not hash(): the same pair must meet the same fate in every process
    if zlib.crc32(pair.encode()) % 100 < remote.grey_percent:
        seen = remote.first_seen.setdefault(pair, now)
        if now - seen < GREY_FOR:
            return f"451 4.7.1 <{recipient}>: Greylisted, please try again later"
    return "250 2.1.5 Recipient OK"
