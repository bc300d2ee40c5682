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
    grey_percent: int = 0  # this share of sender and recipient pairs meets a greylist
    full: tuple[tuple[str, Window], ...] = ()  # mailboxes over quota for a while
    size_extension: bool = True
    local: bool = False
    latency: float = 0.4  # seconds per exchange of command and reply
    product: str = "ESMTP"
    first_seen: dict[str, datetime] = field(default_factory=dict, compare=False, repr=False)


def reachable(remote: Remote, now: datetime) -> bool:
    """Return whether a connection to the remote comes about now."""
    return not remote.dead and not any(start <= now < end for start, end in remote.down)


def reachable_within(remote: Remote, start: datetime, end: datetime) -> bool:
    """Return whether there was a moment in the span at which the remote answered."""
    moments = [start, end, *(up for _, up in remote.down if start <= up <= end)]
    return any(reachable(remote, moment) for moment in moments)


def answer(remote: Remote, now: datetime, sender: str, recipient: str) -> str:
    """Return the reply to RCPT, remembering the pair if a greylist sees it first."""
    if recipient in remote.unknown:
        return f"550 5.1.1 <{recipient}>: Recipient address rejected: User unknown"
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
