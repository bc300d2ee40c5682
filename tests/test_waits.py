"""Why mail waited: every stretch of a long wait gets the cause that the logs show, and no other."""

from pathlib import Path

import pytest

from logpipe.cases import give
from logpipe.derived import rebuild_derived
from logpipe.store import ask, open_store

HEAD = "ts,host,direction,kind,peer,peer_name,verb,argument,address,reply_code,site\n"
TRACKED = "ts,host,event,message_id,recipient,sender,context,status\n"
OTHERS = "".join(  # mail that passes every hour: the log speaks, and tells ends
    f"2007-09-03 {hour:02}:30:00,EX1,1019,n{hour}@x,eve@other.example,alice@corp.example,,\n"
    f"2007-09-03 {hour:02}:30:02,EX1,1031,n{hour}@x,eve@other.example,alice@corp.example,,\n"
    for hour in range(24)
)


def causes(tmp_path: Path, **given: str) -> list[tuple[str, str, str, str]]:
    """Message, from, until and cause of every stretch, in order."""
    with open_store(tmp_path / "x.duckdb") as con:
        for table, rows in given.items():
            give(con, table, rows)
        rebuild_derived(con)
        told = ask(
            con,
            "SELECT message, strftime(from_ts, '%H:%M') AS a, strftime(until_ts, '%H:%M') AS b, "
            "cause FROM wait_stretch ORDER BY message, recipient, from_ts",
        )
        return [(row["message"], row["a"], row["b"], row["cause"]) for row in told]


def taken_in(ts: str, recipient: str) -> str:
    """One message that a relay accepts from a client."""
    lines = [
        ("MAIL", "+FROM:<alice@corp.example>", "alice@corp.example"),
        ("RCPT", f"+TO:<{recipient}>", recipient),
        ("DATA", "-", ""),
    ]
    return "".join(
        f"{ts},GW1,in,command,192.0.2.10,pc1,{verb},{said},{address},250,SMTPSVC1\n"
        for verb, said, address in lines
    )


def tried(ts: str, recipient: str, answer: str) -> str:
    """One attempt, with the answer to RCPT; an empty one ends the connection."""
    said = [
        ("reply", "", "220+mx", "", 220),
        ("command", "EHLO", "gw1", "", 0),
        ("reply", "", "250+ok", "", 250),
        ("command", "MAIL", "FROM:<alice@corp.example>", "alice@corp.example", 0),
        ("reply", "", "250+ok", "", 250),
        ("command", "RCPT", f"TO:<{recipient}>", recipient, 0),
    ]
    if answer:
        said.append(("reply", "", answer.replace(" ", "+"), "", int(answer[:3])))
    if answer.startswith("2"):
        said += [
            ("command", "DATA", "-", "", 0),
            ("reply", "", "354+go", "", 354),
            ("reply", "", "250+ok", "", 250),
        ]
    return "".join(
        f"{ts},GW1,out,{kind},203.0.113.25,,{verb},{argument},{address},{code or ''},SMTPSVC1\n"
        for kind, verb, argument, address, code in said
    )


def test_a_wait_for_the_next_attempt_is_named_by_the_answer(tmp_path: Path) -> None:
    answers = {
        "450 4.2.1 mailbox busy": "remote-4xx",
        "451 4.7.1 come back later": "greylisting",
        "451 try again": "greylisting",
        "451 4.4.0 DNS query failed": "dns",
        "450 4.2.0 Greylisted for 300 seconds": "greylisting",
        "450 4.7.230 Connecting server version is out of date": "throttled",
        "452 4.3.1 Insufficient system resources": "back-pressure",
        "": "no-answer",
    }
    log = HEAD
    for number, answer in enumerate(answers):
        address = f"bob{number}@partner.example"
        log += taken_in(f"2007-09-03 08:{number:02}:00", address)
        log += tried(f"2007-09-03 08:{number:02}:05", address, answer)
    for number in range(len(answers)):
        log += tried(f"2007-09-03 08:{number + 20}:00", f"bob{number}@partner.example", "250 ok")
    found = sorted(causes(tmp_path, smtp_event=log), key=lambda row: row[1])
    assert [row[1:3] for row in found] == [(f"08:{n:02}", f"08:{n + 20}") for n in range(8)]
    assert [row[3] for row in found] == list(answers.values())


def test_mail_that_passes_at_once_has_no_stretch(tmp_path: Path) -> None:
    assert causes(tmp_path, tracking_event=TRACKED + OTHERS) == []


def track(*rows: str) -> str:
    """Rows of one message, as minute, event, and what else, beside the mail of others."""
    lines = []
    for row in rows:
        ts, event, context, status = (*row.split("|"), "", "")[:4]
        name = f"a@x,bob@partner.example,alice@corp.example,{context},{status}"
        lines.append(f"2007-09-03 {ts},EX1,{event},{name}\n")
    return TRACKED + OTHERS + "".join(lines)


def events(*rows: str) -> str:
    """Events as time, provider, id, strings, and binary data."""
    lines = []
    for row in rows:
        ts, provider, number, strings, binary = (*row.split("|"), "")[:5]
        lines.append(f'2007-09-03 {ts},EX1,ex1,{provider},{number},"[{strings}]",{binary}\n')
    return "ts,host,computer,provider,event_id,strings,binary_hex\n" + "".join(lines)


def test_a_queued_message_that_is_tried_within_the_interval_waited_for_its_retry(
    tmp_path: Path,
) -> None:
    log = track("08:00:00|1019", "08:00:01|1034", "08:00:02|1020", "09:00:00|1031")
    assert causes(tmp_path, tracking_event=log) == [("a@x", "08:00", "09:00", "retry-interval")]


def test_before_it_is_sorted_by_recipient_the_categorizer_has_it(tmp_path: Path) -> None:
    log = track("08:00:00|1019", "08:00:01|1024", "08:40:00|1033", "08:40:02|1031")
    assert causes(tmp_path, tracking_event=log) == [("a@x", "08:00", "08:40", "categorizer")]


def test_an_hour_of_dns_failures_in_the_event_log_is_dns(tmp_path: Path) -> None:
    log = track("08:00:00|1019", "08:00:01|1034", "08:50:00|1031")
    told = events("08:10:00|SMTPSVC|4000|partner.example, failed|E70204C0")
    assert causes(tmp_path, tracking_event=log, windows_event=told) == [
        ("a@x", "08:00", "08:50", "dns")
    ]


def test_a_failure_of_another_domain_explains_nothing(tmp_path: Path) -> None:
    log = track("08:00:00|1019", "08:00:01|1034", "08:50:00|1031")
    told = events("08:10:00|SMTPSVC|4000|notpartner.example, failed|E70204C0")
    assert causes(tmp_path, tracking_event=log, windows_event=told) == [
        ("a@x", "08:00", "08:50", "retry-interval")
    ]


@pytest.mark.parametrize(
    ("stop", "cause"), [("08:05:00", "service-down"), ("08:45:00", "retry-interval")]
)
def test_a_service_that_was_down_for_half_of_the_wait_explains_it(
    stop: str, cause: str, tmp_path: Path
) -> None:
    log = track("08:00:00|1019", "08:00:01|1034", "08:50:00|1031")
    name = "Simple Mail Transfer Protocol (SMTP)"
    told = events(
        f"{stop}|Service Control Manager|7036|{name}, stopped",
        f"08:49:00|Service Control Manager|7036|{name}, running",
    )
    assert [row[3] for row in causes(tmp_path, tracking_event=log, windows_event=told)] == [cause]


def test_the_evidence_of_an_outage_is_the_restart_and_not_what_failed_meanwhile(
    tmp_path: Path,
) -> None:
    log = track("08:00:00|1019", "08:00:01|1034", "08:50:00|1031")
    name = "Simple Mail Transfer Protocol (SMTP)"
    told = events(
        f"08:05:00|Service Control Manager|7036|{name}, stopped",
        "08:30:00|SMTPSVC|4000|partner.example, failed|",
        f"08:49:00|Service Control Manager|7036|{name}, running",
    )
    causes(tmp_path, tracking_event=log, windows_event=told)
    with open_store(tmp_path / "x.duckdb") as con:
        (row,) = ask(con, "SELECT cause, text, record FROM wait_stretch")
    assert (row["cause"], row["record"]) == ("service-down", 3)
    assert row["text"].endswith(f"{name} running")


def test_a_host_that_was_off_explains_it(tmp_path: Path) -> None:
    log = track("08:00:00|1019", "08:00:01|1034", "08:50:00|1031")
    told = events("08:02:00|EventLog|6006|", "08:48:00|EventLog|6005|")
    assert [row[3] for row in causes(tmp_path, tracking_event=log, windows_event=told)] == [
        "host-down"
    ]


def test_what_other_mail_overtook_was_idle(tmp_path: Path) -> None:
    others = "".join(
        f"2007-09-03 {hour:02}:40:00,EX1,1019,p{hour}@x,eve@partner.example,alice@corp.example,,\n"
        f"2007-09-03 {hour:02}:40:02,EX1,1031,p{hour}@x,eve@partner.example,alice@corp.example,,\n"
        for hour in range(24)
    )
    log = track("02:00:00|1019", "02:00:01|1034", "20:00:00|1031") + others
    assert causes(tmp_path, tracking_event=log) == [("a@x", "02:00", "20:00", "idle")]


def test_a_long_wait_without_proof_is_unknown(tmp_path: Path) -> None:
    log = track("02:00:00|1019", "02:00:01|1034", "20:00:00|1031")
    assert causes(tmp_path, tracking_event=log) == [("a@x", "02:00", "20:00", "unknown")]


def modern(*rows: str) -> str:
    """The same of a server of 2007 and later."""
    words = {"1019": "RECEIVE", "1031": "SEND"}
    log = track(*rows)
    for number, word in words.items():
        log = log.replace(f",{number},", f",{word},")
    return log


def test_tracking_of_2007_and_later_names_the_reason(tmp_path: Path) -> None:
    rows = {
        "08:00:02|DEFER|waiting for a moderator": "deferred-delivery",
        "08:00:02|DEFER||451 4.4.0 DNS query failed": "dns",
        "08:00:02|DEFER||450 4.2.2 mailbox full": "remote-4xx",
        "08:00:02|THROTTLE|sender": "throttled",
    }
    log = modern()
    for number, row in enumerate(rows):
        one = modern("08:00:00|1019", row, "08:40:00|1031").removeprefix(modern())
        log += one.replace("a@x", f"{number}@x")
    found = causes(tmp_path, tracking_event=log)
    assert [row[3] for row in found] == list(rows.values())


def test_mail_that_waits_under_pressure_waits_for_resources(tmp_path: Path) -> None:
    log = modern("08:00:00|1019", "08:40:00|1031")
    told = events(
        "07:50:00|MSExchangeTransport|15004|Normal, High",
        "08:30:00|MSExchangeTransport|15005|High, Normal",
    )
    assert causes(tmp_path, tracking_event=log, windows_event=told) == [
        ("a@x", "08:00", "08:40", "back-pressure")
    ]


def test_pressure_that_was_over_before_explains_nothing(tmp_path: Path) -> None:
    log = modern("08:00:00|1019", "08:40:00|1031")
    told = events(
        "06:50:00|MSExchangeTransport|15004|Normal, High",
        "07:30:00|MSExchangeTransport|15005|High, Normal",
    )
    assert causes(tmp_path, tracking_event=log, windows_event=told) == [
        ("a@x", "08:00", "08:40", "unknown")
    ]
