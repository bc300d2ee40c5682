"""The domains that every scenario's people write to, with how busy and how fussy they are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from samples.generator.facts import Client
from samples.generator.remotes import Remote, Window
from samples.generator.traffic import Town, people

DEAD = "oldpartner.example"
FULL = "harbour.example"  # where one mailbox is over quota for a while

# domain, mail exchanger, address, weight, greylisted percent, seconds per reply, product
DOMAINS = (
    ("partner.example", "mx.partner.example", "198.51.100.10", 16, 0, 0.2, "ESMTP"),
    ("supplier.example", "mail.supplier.example", "198.51.100.20", 12, 0, 0.5, "ESMTP Postfix"),
    ("harbour.example", "mx1.harbour.example", "198.51.100.30", 9, 0, 0.9, "ESMTP Exim 4.63"),
    ("freight.example", "smtp.freight.example", "198.51.100.40", 8, 40, 0.4, "ESMTP Postfix"),
    ("agency.example", "mail.agency.example", "198.51.100.50", 7, 0, 0.3, "ESMTP Sendmail 8.13.8"),
    ("lab.example", "mx.lab.example", "198.51.100.60", 6, 100, 1.1, "ESMTP Postfix"),
    ("bank.example", "mxa.bank.example", "198.51.100.70", 5, 0, 0.2, "ESMTP"),
    ("school.example", "mail.school.example", "198.51.100.80", 5, 20, 1.6, "ESMTP Exim 4.60"),
    ("city.example", "relay.city.example", "203.0.113.10", 4, 0, 0.6, "Service ready"),
    ("print.example", "mx.print.example", "203.0.113.20", 4, 0, 0.4, "ESMTP"),
    ("travel.example", "mail.travel.example", "203.0.113.30", 4, 0, 0.7, "ESMTP Postfix"),
    ("insurance.example", "mx.insurance.example", "203.0.113.40", 3, 0, 0.3, "ESMTP"),
    ("clinic.example", "mail.clinic.example", "203.0.113.50", 3, 50, 0.8, "ESMTP Postfix"),
    (DEAD, "mail.oldpartner.example", "203.0.113.60", 1, 0, 1.0, "ESMTP"),
)


def build_remotes(rng: Random, down: Mapping[str, Window], full: Window | None) -> list[Remote]:
    """Return the remotes with fresh memories, some of them down for a while."""
    built = []
    for domain, host, ip, _, grey, latency, product in DOMAINS:
        users = people(domain, 24, rng)
        remote = Remote(
            domain,
            host,
            ip,
            users=users[2:],
            unknown=frozenset(users[:2]),
            dead=domain == DEAD,
            grey_percent=grey,
            latency=latency,
            product=product,
            size_extension=product != "Service ready",
        )
        if domain in down:
            remote = replace(remote, down=(down[domain],), first_seen={})
        if domain == FULL and full:
            mailbox = remote.users[0]
            remote = replace(remote, full=((mailbox, full),), first_seen={})
        built.append(remote)
    return built


def weights(busier: Mapping[str, int] | None = None) -> tuple[int, ...]:
    """Return how often each domain is written to, with some domains changed."""
    changed = busier or {}
    return tuple(changed.get(domain, weight) for domain, _, _, weight, *_ in DOMAINS)


def mailbox_town(
    remotes: Sequence[Remote],
    host: Client,
    fqdn: str,
    rng: Random,
    *,
    count: int,
    inside: int,
    outside_share: float,
    busier: Mapping[str, int] | None = None,
) -> Town:
    """Return a town whose mailboxes are on the host that sends its mail.

    Colleagues write to each other too, so our own domain, of weight ``inside``, is a destination.
    """
    users = people("corp.example", count, rng)
    ours = Remote("corp.example", fqdn, host.ip, users=users, local=True)
    return Town(
        ours,
        (*remotes, ours),
        (*weights(busier), inside),
        (host,),
        inside_via="store",
        outside_share=outside_share,
        stranger_share=0,
    )
