"""Mail that waits on a relay and on an Exchange 2003: rows for the tests of the diagnosis."""

from datetime import datetime, timedelta

from tests.diagnosis import END, EVENT, START, Tables, at, csv, services

RESTART = START + timedelta(days=4, hours=6)


def relayed(number: int, accepted: datetime, sent: datetime | None, domain: str) -> list[str]:
    """Rows of a W3C log: a message comes in, and goes out or stays."""
    sender, recipient = f"s{number}@corp.example", f"r{number}@{domain}"
    peer = f"10.0.{number // 250}.{number % 250}"
    rows = [
        f"{accepted},GW1,in,command,{peer},c{number},{verb},{address},{code},{message}"
        for verb, address, code, message in (
            ("MAIL", sender, 250, ""),
            ("RCPT", recipient, 250, ""),
            ("DATA", "", 250, f"m{number}@corp.example"),
        )
    ]  # fmt: skip
    if sent:
        mx = f"192.0.{number // 250}.{number % 250}"
        talk = ("220", "EHLO", "250", "MAIL", "250", "RCPT", "250", "DATA", "354", "250", "QUIT")
        for word in talk:
            address = {"MAIL": sender, "RCPT": recipient}.get(word, "")
            verb, code = ("", word) if word.isdigit() else (word, "")
            kind = "reply" if code else "command"
            rows.append(f"{sent},GW1,out,{kind},{mx},,{verb},{address},{code},")
    return rows


SMTP = "ts,host,direction,kind,peer,peer_name,verb,address,reply_code,message_id"


def relay(*, stuck: int = 4, freed: datetime | None = RESTART, by: str = "smtp") -> Tables:
    """A gateway on which mail goes out at once, but some lies until ``freed``."""
    mail: list[tuple[datetime, list[str]]] = []
    number = 0
    for hour in range(0, int((END - START).total_seconds() // 3600), 3):
        for domain in ("partner.example", "other.example"):
            number += 1
            mail.append((at(0, hour), relayed(number, at(0, hour), at(0, hour + 0.01), domain)))
    for which in range(stuck):
        number += 1
        domain = ("partner.example", "other.example")[which % 2]
        accepted = at(1, 7 + which)
        sent = freed + timedelta(minutes=1 + which) if freed else None
        rows = relayed(number, accepted, sent, domain)
        mail.append((accepted, rows[:3]))
        mail.append((sent or END, rows[3:]))
    lines = [row for _, rows in sorted(mail, key=lambda part: part[0]) for row in rows]
    events = services((START, "print running"), (END, "print stopped"), host="GW1")
    if freed and by:
        events += services(
            (freed - timedelta(minutes=1), f"{by} stopped"), (freed, f"{by} running"), host="GW1"
        )
    return {"smtp_event": csv(SMTP, lines), "windows_event": csv(EVENT, events)}


def tracked(
    number: str, entered: datetime, ended: datetime, domain: str, event: str = "1031"
) -> list[tuple[datetime, str]]:
    """Rows of message tracking: a message is taken in, routed, and ends with ``event``."""
    mail = f"{number}@corp.example,r{number}@{domain},s@corp.example,6.0.3790.3959"
    rows = [(entered + timedelta(seconds=n), e) for n, e in enumerate(("1019", "1034"))]
    return [(ts, f"{ts},EX1,{e},{mail}") for ts, e in [*rows, (ended, event)]]


TRACKING = "ts,host,event,message_id,recipient,sender,version"


def exchange(*, by: str = "store", returned: bool = True, exchange_events: bool = True) -> Tables:
    """An Exchange 2003 on which some mail sticks from the second day on, until a restart."""
    mail: list[tuple[datetime, str]] = []
    for hour in range(0, int((END - START).total_seconds() // 3600), 3):
        for domain in ("partner.example", "other.example"):
            name = f"n{hour}{domain[0]}"
            mail += tracked(name, at(0, hour), at(0, hour + 0.01), domain)
    for which in range(4):
        domain = ("partner.example", "other.example")[which % 2]
        if returned:
            entered = at(1, 7 + which)
            gone = entered + timedelta(hours=48.1)
            mail += tracked(f"b{which}", entered, gone, domain, "1030")
        freed = RESTART + timedelta(minutes=1 + which)
        mail += tracked(f"x{which}", at(3, which), freed, domain)
    restart = (
        [(RESTART - timedelta(minutes=1), f"{by} stopped"), (RESTART, f"{by} running")]
        if by
        else []
    )
    events = services((START, "print running"), (END, "print stopped"), *restart, host="EX1")
    if exchange_events:
        events += [f'{START},EX1,MSExchangeIS,1000,"[]",']
    return {
        "tracking_event": csv(TRACKING, [row for _, row in sorted(mail)]),
        "windows_event": csv(EVENT, events),
    }


def more(tables: Tables, rows: list[str]) -> Tables:
    """The tables with more events."""
    return tables | {"windows_event": "\n".join([tables["windows_event"], *rows])}
