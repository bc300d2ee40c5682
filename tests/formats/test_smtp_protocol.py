"""SMTP protocol logs of Exchange 2007 and later: columns, who called, sessions, attempts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logpipe.formats.smtp_protocol import FORMAT
from logpipe.sqlfiles import sql_files
from logpipe.store import Connection, ask, open_store
from tests.formats.exchange import CORPUS, SAMPLES, claims, empty, load, load_lines, rejects, rows

FIELDS = (
    "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,"
    "event,data,context"
)
RECEIVE = ("#Software: Microsoft Exchange Server", "#Log-type: SMTP Receive Protocol Log", FIELDS)
SEND = ("#Software: Microsoft Exchange Server", "#Log-type: SMTP Send Protocol Log", FIELDS)
FOLDER = SAMPLES / "smtp_protocol"
TRACKING = (
    "#Log-type: Message Tracking Log",
    (
        "#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source,event-id,"
        "message-id,recipient-address,sender-address"
    ),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("smtp") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    store.execute("DELETE FROM tracking_event")
    return empty(store)


def row(event: str, data: str, number: int = 1, *, connector: str = r"EX1\Default EX1") -> str:
    ends = "192.0.2.1:25,203.0.113.9:40000"
    return f"2024-05-06T07:00:{number:02}.100Z,{connector},08DC6D01,{number},{ends},{event},{data},"


def derive(con: Connection) -> None:
    """Make the derived tables up to the life of messages."""
    for file in sql_files("derived"):
        if file.name < "100":
            con.execute(file.read_text("utf-8"))


def sessions(con: Connection) -> dict[str, dict[str, Any]]:
    derive(con)
    return {row["session"]: row for row in ask(con, "FROM smtp_session")}


def load_samples(con: Connection) -> None:
    for path in sorted(FOLDER.glob("*/*.LOG")):
        load(con, path)
    con.execute("UPDATE source SET host = 'EX1' WHERE path LIKE '%SEND%'")  # as neighbours would


def test_every_field_is_read(con: Connection, tmp_path: Path) -> None:
    line = r"2024-05-06T07:00:00.123Z,EX1\Frontend,08DC6D01,4,[2001:db8::1%3]:25,203.0.113.9:40000,"
    load_lines(
        con, tmp_path / "r.log", *RECEIVE, line + "<,RCPT TO:<Bob@Corp.example> X=1,told,more"
    )
    (event,) = ask(con, "FROM smtp_event")
    assert event["ts"].isoformat() == "2024-05-06T07:00:00.123000"
    assert (event["host"], event["connector"]) == ("EX1", r"EX1\Frontend")
    assert (event["session"], event["sequence"]) == ("08DC6D01", 4)
    assert (event["direction"], event["kind"], event["verb"]) == ("in", "command", "RCPT")
    assert (event["argument"], event["address"]) == (
        "TO:<Bob@Corp.example> X=1",
        "bob@corp.example",
    )
    assert (event["local_ip"], event["local_port"]) == ("2001:db8::1%3", 25)
    assert (event["peer"], event["peer_port"]) == ("203.0.113.9", 40000)
    assert event["extra"] == {"context": "told", "+1": "more"}


@pytest.mark.parametrize(
    ("event", "data", "kind", "verb", "code", "enhanced"),
    [
        ("+", "", "mark", "CONNECT", None, None),
        ("-", "", "mark", "DISCONNECT", None, None),
        ("*", "SMTPSubmit", "mark", "INFORMATION", None, None),
        ("<", "quit", "command", "QUIT", None, None),
        ("<", "<authentication response>", "mark", None, None, None),
        (">", "334 <authentication response>", "reply", None, 334, None),
        (">", "250-SIZE 10485760", "reply", None, 250, None),
        (">", "452 4.3.1 Insufficient system resources", "reply", None, 452, "4.3.1"),
        (">", "strange", "reply", None, None, None),
    ],
)
def test_an_event_is_a_command_a_reply_or_a_mark(  # noqa: PLR0917 - a table of cases
    event: str,
    data: str,
    kind: str,
    verb: str | None,
    code: int | None,
    enhanced: str | None,
    con: Connection,
    tmp_path: Path,
) -> None:
    load_lines(con, tmp_path / "r.log", *RECEIVE, row(event, data))
    assert rows(con, "smtp_event", "kind, verb, reply_code, enhanced") == [
        (kind, verb, code, enhanced)
    ]


def test_an_event_of_no_known_kind_is_kept(con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "r.log", *RECEIVE, row("?", "x").replace(",1,192", ",one,192"))
    assert rows(con, "smtp_event", "kind, extra['event'], sequence, extra['sequence-number']") == [
        ("mark", "?", None, "one")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "250 2.6.0 <a.b@c> Queued mail for delivery",
        "250 2.6.0 <a.b@c> [InternalId=12] Queued mail for delivery",
        '"250 2.6.0 <a.b@c> [InternalId=1, Hostname=h] 9 bytes in 0.1, 109,173 KB/sec Queued mail"',
        "250 2.0.0 OK <a.b@c> [Hostname=h]",
    ],
)
def test_an_acceptance_names_its_message(text: str, con: Connection, tmp_path: Path) -> None:
    load_lines(con, tmp_path / "r.log", *RECEIVE, row(">", text))
    load_lines(con, tmp_path / "s.log", *SEND, row("<", text, connector="Out"))
    assert rows(con, "smtp_event", "direction, message_id, reply_code") == [
        ("in", "a.b@c", 250),
        ("out", "a.b@c", 250),
    ]


@pytest.mark.parametrize(
    ("lines", "directions"),
    [
        ([row(">", "220 ex1 Microsoft"), row("*", "x")], {"in"}),
        ([row("+", ""), row("<", "220 mx ESMTP"), row(">", "EHLO ex1")], {"out"}),
        ([row("<", "RCPT TO:<a@b>")], {"in"}),
        ([row("+", ""), row("*", "x")], {None}),
        ([row("<", "220 mx ESMTP"), row("*", "x"), row("<", "EHLO x")], {"in", "out", None}),
    ],
)
def test_without_a_header_the_talk_tells_who_called(
    lines: list[str], directions: set[str | None], con: Connection, tmp_path: Path
) -> None:
    load_lines(con, tmp_path / "x.log", *lines)
    assert {direction for (direction,) in rows(con, "smtp_event", "direction")} == directions


def test_the_host_is_the_connectors_and_else_the_banners(con: Connection, tmp_path: Path) -> None:
    banner = row(">", "220 mail.corp.example Microsoft ESMTP MAIL Service ready")
    assert load_lines(con, tmp_path / "a.log", *RECEIVE, banner).host == "EX1"
    bare = banner.replace(r"EX1\Default EX1", "Inbound").replace("07:00", "07:01")
    assert load_lines(con, tmp_path / "b.log", *RECEIVE, bare).host == "MAIL"
    sent = row("<", "220 mx.partner.example Microsoft ESMTP MAIL", connector=r"a\b")
    assert load_lines(con, tmp_path / "c.log", *SEND, sent).host is None


def test_half_rows_and_rows_without_time_are_refused(con: Connection, tmp_path: Path) -> None:
    source = load_lines(
        con, tmp_path / "r.log", *RECEIVE, row("+", "")[:40], "x" + row("+", ""), row("-", "")
    )
    assert (source.rows, source.status) == (1, "partial")
    assert rejects(con) == [(4, "cut short: 2 of 9 fields"), (5, "no readable date and time")]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real logs is not here")
def test_a_real_session_with_twice_written_and_missing_rows(con: Connection) -> None:
    load(con, next((CORPUS / "smtp").glob("*RECV*")))
    (session,) = sessions(con).values()
    assert (session["events"], session["missing"]) == (16, 2)  # 0 and 13; 15 stands three times
    assert (session["tls"], session["auth"], session["ending"]) == (True, "refused", "open")
    assert session["helo"] == "[95.10.20.33]"


def test_sessions_are_rebuilt_by_their_numbers(con: Connection) -> None:
    load_samples(con)
    one = sessions(con)
    taken = one["08DC6D0000000001"]
    assert (taken["host"], taken["direction"], taken["peer"]) == ("EX1", "in", "203.0.113.9")
    assert (taken["tls"], taken["auth"], taken["ending"]) == (True, None, "quit")
    assert (taken["mails"], taken["messages_accepted"], taken["last_reply_code"]) == (1, 1, 221)
    assert (taken["recipients_accepted"], taken["recipients_refused"]) == (1, 1)
    refused = one["08DC6D0000000002"]
    assert (refused["auth"], refused["ending"], refused["missing"]) == ("refused", "disconnect", 1)
    assert (refused["tls"], refused["last_reply_code"]) == (None, 535)
    sent = one["08DC6D0000000100"]
    assert (sent["direction"], sent["helo"], sent["ending"]) == ("out", "EX1.corp.example", "quit")
    assert str(sent["started"]) == "2024-05-06 07:00:10"
    assert one["08CD000000000001"]["last_reply_code"] == 452


def test_what_a_send_log_tried_is_an_attempt_with_its_own_answer(con: Connection) -> None:
    load_samples(con)
    derive(con)
    tried = ask(con, "SELECT * FROM smtp_attempt ORDER BY recipient")
    assert [(t["sender"], t["recipient"], t["outcome"], t["reply_code"]) for t in tried] == [
        ("alice@corp.example", "bob@partner.example", "ok", 250),
        ("<>", "carol@corp.example", "ok", 250),
        ("alice@corp.example", "full@partner.example", "deferred", 452),
    ]


def test_sessions_of_one_peer_that_interleave_keep_their_answers(
    con: Connection, tmp_path: Path
) -> None:
    def said(session: str, talk: list[tuple[str, str]]) -> list[str]:
        lines = (row(event, data, n, connector="Out") for n, (event, data) in enumerate(talk))
        return [line.replace("08DC6D01", session) for line in lines]

    def talk(name: str, code: str) -> list[tuple[str, str]]:
        return [
            ("<", "220 mx"), (">", "EHLO x"), ("<", "250-mx"), ("<", "250 SIZE"),
            (">", "AUTH LOGIN"), ("<", "334 <authentication response>"), ("<", "235 2.7.0 ok"),
            (">", "MAIL FROM:<a@x.example>"), ("<", "250 ok"),
            (">", f"RCPT TO:<{name}@y.example>"), ("<", f"{code} answer"),
            (">", "DATA"), ("<", "354 go on"), ("<", f"{code} done"),
        ]  # fmt: skip

    pairs = zip(
        said("A0000001", talk("one", "250")), said("B0000001", talk("two", "451")), strict=True
    )
    load_lines(con, tmp_path / "s.log", *SEND, *(line for pair in pairs for line in pair))
    con.execute("UPDATE source SET host = 'EX1'")
    derive(con)
    assert con.execute("SELECT recipient, outcome FROM smtp_attempt ORDER BY ALL").fetchall() == [
        ("one@y.example", "ok"),
        ("two@y.example", "deferred"),
    ]


def test_what_tracking_of_the_same_host_covers_is_not_counted_twice(
    con: Connection, tmp_path: Path
) -> None:
    ends = "203.0.113.9,mx.partner.example,192.0.2.1,EX1"
    load_lines(
        con, tmp_path / "t.log", *TRACKING,
        f"2024-05-06T07:00:01.100Z,{ends},SMTP,RECEIVE,<offer-1@partner.example>,"
        "alice@corp.example,eve@partner.example",
        f"2024-05-06T07:00:02.100Z,{ends},STOREDRIVER,DELIVER,<offer-1@partner.example>,"
        "alice@corp.example,eve@partner.example",
    )  # fmt: skip
    load_samples(con)
    derive(con)
    assert con.execute("SELECT log, message, outcome FROM message").fetchall() == [
        ("tracking_2007", "offer-1@partner.example", "delivered")
    ]
    assert con.execute("FROM smtp_acceptance").fetchall() == []


def test_imap4_and_pop3_talk_of_the_same_shape_is_another_formats() -> None:
    talk = "2010-10-01T08:20:00.001Z,,08CD000000000001,0,192.0.2.1:143,192.0.2.70:50001,+,,"
    assert claims(FIELDS, talk) == ["imap_pop"]
    assert claims(talk) == ["imap_pop"]
    assert claims(talk.replace(":143", ":25")) == [FORMAT.name]
    assert claims(FIELDS) == [FORMAT.name]
    assert claims(row("+", "")) == [FORMAT.name]
    assert claims("#Log-type: IMAP4 Log", FIELDS, row("+", "")) == ["imap_pop"]
