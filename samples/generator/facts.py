"""What happens on a mail server, as facts; no file format knows more than these."""

from dataclasses import dataclass
from datetime import datetime

from samples.generator.remotes import Remote


@dataclass(frozen=True, slots=True)
class Client:
    """A machine that hands mail in: the name it says in EHLO and its address."""

    name: str
    ip: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``via`` is smtp, store or report, ``kind`` is mail, ndr or delay."""

    id: str
    sender: str  # empty for the null sender
    recipients: tuple[str, ...]
    accepted_at: datetime
    size: int
    subject: str
    client: Client
    via: str = "smtp"
    kind: str = "mail"
    parent: str = ""  # a report's original
    own_id: bool = True  # the service made the id; False when the client brought it


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server took responsibility for a message."""

    at: datetime
    message: Message


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused a client's recipient and took nothing."""

    at: datetime
    client: Client
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Queued:
    """Routing put a message's recipients of one domain into that domain's queue."""

    at: datetime
    message: Message
    recipients: tuple[str, ...]
    local: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message offered inside a session: each recipient with the remote's reply."""

    started_at: datetime
    at: datetime
    message: Message
    replies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Session:
    """One outbound SMTP connection that came about, with its transactions in order."""

    at: datetime
    ended_at: datetime
    remote: Remote
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class DeliveredLocally:
    """The store driver put a message into mailboxes."""

    at: datetime
    message: Message
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConnectFailed:
    """A queue's connection attempt got no answer."""

    at: datetime
    remote: Remote
    reason: str = "no-answer"  # or dns, dns-tcp
    waiting: int = 0  # messages in that queue


@dataclass(frozen=True, slots=True)
class Bounced:
    """The server gave recipients up; without a report (null sender) the mail is badmail."""

    at: datetime
    message: Message
    recipients: tuple[str, ...]
    status: str
    reply: str
    remote: Remote
    report: Message | None


@dataclass(frozen=True, slots=True)
class Delayed:
    """The server told a sender that delivery is late."""

    at: datetime
    message: Message
    recipients: tuple[str, ...]
    report: Message


@dataclass(frozen=True, slots=True)
class ServiceStopped:
    """A service went down; ``asked_at`` is when somebody asked for it."""

    at: datetime
    asked_at: datetime
    service: str
    by: str = "admin"


@dataclass(frozen=True, slots=True)
class ServiceStarted:
    """A service came up, and what its queues then held."""

    at: datetime
    asked_at: datetime
    service: str
    queued: tuple[Queued, ...]
    with_host: bool = False
    by: str = "admin"  # who started it: admin, task (a scheduled one) or recovery


@dataclass(frozen=True, slots=True)
class HostDown:
    """The operating system went down on request."""

    at: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class HostUp:
    """The operating system came up; ``lost_at`` is when it had been cut off, if it was."""

    at: datetime
    lost_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceCrashed:
    """A service's process ended by itself; ``count`` is how often it has so far."""

    at: datetime
    service: str
    count: int


@dataclass(frozen=True, slots=True)
class PressureChanged:
    """A watched resource crossed a limit, in words of the product's levels."""

    at: datetime
    before: str
    after: str
    resource: str
    percent: int


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The server was too busy for a client's message, which the client keeps."""

    at: datetime
    client: Client
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A message that was in work at too many crashes was put aside."""

    at: datetime
    message: Message
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientSession:
    """A mail reader's session on a front end; ``refused`` if the back end let it not in."""

    at: datetime
    user: str
    ip: str
    refused: bool


Fact = (
    Accepted
    | Refused
    | Queued
    | Session
    | DeliveredLocally
    | ConnectFailed
    | Bounced
    | Delayed
    | ServiceStopped
    | ServiceStarted
    | HostDown
    | HostUp
    | ServiceCrashed
    | PressureChanged
    | TurnedAway
    | Poisoned
    | ClientSession
)
